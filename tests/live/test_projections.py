"""Each audience gets the fields it was allowed, and none besides: the exact keys, so that a new field is a decision."""

from typing import Any

import pytest

from groupvisits.live.projections import ME, MY_TOPIC, project, project_me, project_my_changes

TOPIC = {
    "id": "t", "words": "Cooking for a family", "language": "es", "state": "planned", "rank": 1, "version": 7, "route": "group", "author": "Rosa",
    "author_seat_id": "s", "supports": 3, "shows_name": True, "minutes": 10, "proposed_at": "2026-11-24T23:00:00+00:00", "outcome": "Ask at the co-op",
    "not_heard_yet": True, "carried": False, "provider_id": "", "reason": "", "hidden_because": "", "suggested_words": "", "supports_hidden": False, "held_until": None, "held_for": None, "still_matters": None, "holds": "phone", "outcome_holds": "name",
    "rev": 2, "changed_by": "Tomas", "changed_at": "2026-11-24T23:10:00+00:00",
    "merged_into_id": None, "split_from_id": None, "translations": [{"language": "en", "words": "To cook for a family", "by": "Marcus", "patient_id": "m", "hidden_because": "", "holds": ""}],
}  # fmt: skip
ALONE = TOPIC | {"id": "a", "words": "A private matter", "route": "one_on_one", "provider_id": "osei", "rank": None, "state": "new"}
PHASE = {
    "name": "Topics",
    "minutes": 55,
    "owner": "Tomas",
    "prompt": "Who has found something?",
    "watch": "Who is silent",
    "owner_seat_id": "s",
    "starts_at": "x",
    "ends_at": "y",
}
FACTS: dict[str, Any] = {
    "epoch": "e", "version": 7, "account": {"sent": 2, "accounted_for": 2, "one_on_one": 1, "lost": []},
    "talk": {"here": 3, "heard": 1, "topics": 2, "talked_about": 1, "from_own_hand": 1, "minutes_on_topics": 7, "minutes_open": 40, "counted_at": "x", "quiet": ["Rosa"]},
    "run": {
        "state": "open", "title": "Tuesday evening group", "starts_at": "x", "ends_at": "y", "zone": "America/New_York", "room": "Main room",
        "current_topic_id": None, "topic_started_at": None, "topic_ends_at": None, "phase": 2, "phases": [PHASE], "curtain": False, "closed_at": None, "only_one_on_ones": False, "takes_topics_until": None,
        "purpose": "To learn from each other", "emergency_number": "911", "join_code": "K7RM4X", "join_url": "http://x/join/K7RM4X", "by_hand": False, "supports_hidden": False, "hides_supports": False,
        "gathering_until": None, "poll": {"id": "q", "topic_id": "t", "opened_at": "x", "keep_going": 1, "move_on": 2, "park": 0}, "led_by": {"id": "u", "name": "Tomas"},
        "handed_to": None, "facilitators": [{"id": "u", "name": "Tomas"}], "calls": [{"number": 7, "place": "Room 2"}],
    },
    "topics": [TOPIC, ALONE],
    "slots": [{
        "id": "o", "seat_id": "s", "number": 7, "name": "Rosa", "provider": "Dr Osei", "provider_id": "osei", "place": "Room 2", "planned_at": "x", "minutes": 8,
        "state": "called", "called_at": "x", "answer": "", "started_at": None, "finished_at": None, "patient_id": "p",
    }],
    "people": [{"seat_id": "s", "name": "Rosa", "number": 7, "state": "arrived", "phone_live": True, "heard": False, "in_person": True, "listening": False, "patient_id": "p"}],
    "alarms": [{
        "id": "l", "topic_id": "t", "seat_id": "s", "name": "Rosa", "phrase": "chest pain", "is_for_the_group": True, "raised_at": "x", "taken_by": None, "taken_at": None,
        "told": ["Dr Osei", "Tomas"], "clinicians": ["Dr Osei"], "may_take": [{"id": "u", "name": "Tomas", "is_clinician": False}], "patient_id": "p", "language": "en",
    }],
    "guests": [{"id": "g", "number": 4, "browser_session_id": "secret"}],
}  # fmt: skip
RUN = {
    "state", "title", "starts_at", "ends_at", "zone", "room", "current_topic_id", "topic_started_at", "topic_ends_at", "phase", "phases", "curtain", "closed_at", "only_one_on_ones",
    "gathering_until", "poll",
}  # fmt: skip


def test_the_wall_shows_nothing_personal() -> None:
    shown = project("display", FACTS)
    assert set(shown) == {"epoch", "version", "run", "topics"}
    assert set(shown["run"]) == RUN | {"join_code", "join_url", "calls"}
    assert set(shown["run"]["phases"][0]) == {"name", "minutes", "starts_at", "ends_at"}
    assert [set(topic) for topic in shown["topics"]] == [{"id", "words", "state", "rank", "translations", "is_held"}]
    assert "Rosa" not in str(shown) and "Osei" not in str(shown) and "Tomas" not in str(shown) and "private" not in str(shown)


@pytest.mark.parametrize(
    ("state", "on_the_wall"),
    [("new", None), ("planned", "Cooking for a family"), ("current", "Cooking for a family"), ("talked_about", ""), ("parked", ""), ("taken_back", "")],
)
def test_the_wall_shows_the_words_of_what_is_on_the_agenda_only(state: str, on_the_wall: str | None) -> None:
    topics = project("display", FACTS | {"topics": [TOPIC | {"state": state}]})["topics"]
    assert [topic["words"] for topic in topics] == ([] if on_the_wall is None else [on_the_wall])


def test_a_patient_sees_the_groups_topics_and_nobodys_one_on_one() -> None:
    shown = project("patient", FACTS)
    assert set(shown) == {"epoch", "version", "run", "topics"}
    assert set(shown["run"]) == RUN | {"takes_topics_until", "purpose", "emergency_number", "supports_hidden"}
    assert set(shown["run"]["phases"][0]) == {"name", "minutes", "owner", "starts_at", "ends_at"}
    assert [set(topic) for topic in shown["topics"]] == [
        {"id", "words", "language", "state", "rank", "version", "supports", "author", "is_hidden", "merged_into_id", "translations"}
    ]
    assert "private" not in str(shown)


@pytest.mark.parametrize(
    ("change", "author", "words"),
    [
        ({}, "Rosa", "Cooking for a family"),
        ({"shows_name": False}, None, "Cooking for a family"),
        ({"state": "taken_back"}, None, ""),
    ],
)
def test_a_name_stands_beside_a_topic_only_if_its_author_chose_that(change: dict[str, Any], author: str | None, words: str) -> None:
    (topic,) = project("patient", FACTS | {"topics": [TOPIC | change]})["topics"]
    assert (topic["author"], topic["words"]) == (author, words)


def test_only_the_facilitator_knows_who_wrote_a_translation() -> None:
    for audience in ("patient", "clinician", "display"):
        assert [set(each) for each in project(audience, FACTS)["topics"][0]["translations"]] == [{"language", "words"}]
    assert project("facilitator", FACTS)["topics"][0]["translations"] == [
        {"language": "en", "words": "To cook for a family", "by": "Marcus", "hidden_because": "", "holds": ""}
    ]


def test_where_no_words_are_shown_no_translation_is_either() -> None:
    for audience in ("patient", "facilitator", "clinician", "display"):
        (topic,) = project(audience, FACTS | {"topics": [TOPIC | {"state": "taken_back"}]})["topics"]
        assert (topic["words"], topic["translations"]) == ("", [])


def test_the_facilitator_knows_of_a_one_on_one_topic_and_reads_no_word_of_it() -> None:
    shown = project("facilitator", FACTS)
    assert set(shown) == {"epoch", "version", "run", "account", "talk", "topics", "slots", "people", "guests", "alarms"}
    assert set(shown["account"]) == {"sent", "accounted_for", "one_on_one"}
    assert set(shown["talk"]) == {"here", "heard", "talked_about", "from_own_hand", "minutes_on_topics", "minutes_open", "counted_at"}
    assert set(shown["run"]) == RUN | {
        "takes_topics_until",
        "join_code",
        "join_url",
        "by_hand",
        "supports_hidden",
        "hides_supports",
        "led_by",
        "handed_to",
        "facilitators",
    }
    group, alone = shown["topics"]
    assert set(group) == {
        "id", "words", "language", "state", "rank", "version", "route", "author", "author_seat_id", "supports", "minutes", "proposed_at", "outcome",
        "not_heard_yet", "carried", "reason", "hidden_because", "suggested_words", "held_until", "held_for", "still_matters", "rev", "changed_by", "changed_at", "merged_into_id", "split_from_id", "translations", "holds", "outcome_holds",
    }  # fmt: skip
    assert set(alone) == {"id", "route", "state", "version", "author", "author_seat_id", "proposed_at"}
    assert set(shown["people"][0]) == {"seat_id", "name", "number", "state", "phone_live", "heard", "in_person", "listening"}
    assert set(shown["guests"][0]) == {"id", "number"}
    assert "private" not in str(shown)


@pytest.mark.parametrize("because", ["alarm", "asked", "personal"])
@pytest.mark.parametrize("state", ["new", "planned"])
def test_what_is_hidden_is_read_on_no_phone_no_board_and_no_wall(because: str, state: str) -> None:
    facts = FACTS | {"topics": [TOPIC | {"hidden_because": because, "state": state}]}
    for audience in ("patient", "clinician", "display"):
        (topic,) = project(audience, facts)["topics"]
        assert topic["words"] == "" and "Rosa" not in str(topic), audience
    (topic,) = project("patient", facts)["topics"]
    assert (topic["is_hidden"], topic["supports"]) == (True, None)
    assert project("facilitator", facts)["topics"][0]["words"] == "Cooking for a family"


def test_a_clinician_reads_the_one_on_one_topics_of_their_own_patients() -> None:
    own, others = project("clinician", FACTS, provider_id="osei"), project("clinician", FACTS, provider_id="farrow")
    assert set(own) == {"epoch", "version", "run", "topics", "slots", "alarms"}
    assert set(own["run"]) == RUN
    assert [topic["words"] for topic in own["topics"]] == ["Cooking for a family", "A private matter"]
    assert [set(topic) for topic in own["topics"]] == [
        {"id", "words", "language", "state", "rank", "version", "translations", "route"},
        {"id", "words", "language", "state", "rank", "version", "translations", "route", "author", "author_seat_id", "proposed_at"},
    ]
    assert set(own["slots"][0]) == {
        "id", "seat_id", "number", "name", "provider", "provider_id", "place", "planned_at", "minutes", "state", "called_at", "answer", "started_at", "finished_at",
    }  # fmt: skip
    assert "private" not in str(others) and "private" not in str(project("clinician", FACTS))


def test_only_whoever_leads_learns_how_the_room_answered() -> None:
    for audience in ("patient", "clinician", "display"):
        assert project(audience, FACTS)["run"]["poll"] == {"id": "q", "topic_id": "t", "opened_at": "x"}
    assert project("facilitator", FACTS)["run"]["poll"]["move_on"] == 2


def test_how_the_talk_is_shared_is_told_to_whoever_leads_and_to_nobody_else() -> None:
    for audience in ("patient", "clinician", "display"):
        assert "talk" not in project(audience, FACTS)
    assert project("facilitator", FACTS)["talk"]["minutes_on_topics"] == 7


def test_an_alarm_is_for_the_team_alone_and_says_the_phrase_to_who_may_read_such_words() -> None:
    fields = {"id", "topic_id", "seat_id", "name", "phrase", "raised_at", "taken_by", "taken_at", "told", "may_take"}
    (seen,), (heard,) = project("clinician", FACTS)["alarms"], project("facilitator", FACTS)["alarms"]
    assert set(seen) == set(heard) == fields and set(seen["may_take"][0]) == {"id", "name"}
    assert (seen["phrase"], seen["told"]) == ("chest pain", ["Dr Osei", "Tomas"])
    assert (heard["phrase"], heard["told"]) == ("chest pain", ["Dr Osei"])
    alone = FACTS | {"alarms": [FACTS["alarms"][0] | {"is_for_the_group": False}]}
    assert [project(audience, alone)["alarms"][0]["phrase"] for audience in ("clinician", "facilitator")] == ["chest pain", None]
    for audience in ("patient", "display"):
        assert "alarms" not in project(audience, FACTS) and "chest pain" not in str(project(audience, FACTS))


@pytest.mark.parametrize("because", ["alarm", "personal"])
def test_words_in_another_language_that_wait_for_a_look_are_the_facilitators_alone(because: str) -> None:
    waiting = TOPIC | {"translations": [TOPIC["translations"][0] | {"hidden_because": because}]}
    for audience in ("patient", "clinician", "display"):
        assert project(audience, FACTS | {"topics": [waiting]})["topics"][0]["translations"] == []
    assert project("facilitator", FACTS | {"topics": [waiting]})["topics"][0]["translations"][0]["hidden_because"] == because


def test_a_delta_holds_only_what_changed() -> None:
    assert project("facilitator", {"epoch": "e", "version": 8, "topics": []}) == {"epoch": "e", "version": 8, "topics": []}
    assert project("display", {"epoch": "e", "version": 8, "people": FACTS["people"], "slots": FACTS["slots"]}) == {"epoch": "e", "version": 8}


def test_a_patients_own_part_has_these_fields() -> None:
    me = {
        "seat_id": "s", "display_name": "Rosa", "number": 7, "supported": ["t"], "feedback_url": None, "next_visit": None, "patient_id": "p", "supports_left": None, "leads": [], "poll_answer": None, "in_person": False, "listening": True,
        "translated": [{"topic_id": "t", "language": "es", "words": "w", "is_checked": False, "patient_id": "p"}],
        "topics": [{"id": "t", "words": "w", "route": "group", "state": "new", "outcome": "", "planned_at": None, "entered_by": "x", "reason": "", "is_asked": False, "is_checked": False, "can_reword": True, "suggested_words": "", "split_from_id": None, "carried": False, "still_matters": None, "pre_visit": False, "sent_at": "x",
                    "joined_to": {"id": "h", "words": "w", "author": None, "state": "new", "patient_id": "q"}, "joined": [{"id": "j", "words": "w", "author": None, "patient_id": "q"}]}],
        "slot": {"id": "o", "state": "called", "place": "Room 2", "provider": "Dr Osei", "planned_at": "x", "minutes": 8, "before_you": 0, "expected_at": None, "called_at": "x", "answer": "",
                 "provider_id": "osei"},
        "plan": {"what": "Walk", "when_how_often": "daily", "confidence": 8, "note_id": "n"},
    }  # fmt: skip
    shown = project_me(me)
    assert set(shown) == set(ME)
    assert set(shown["topics"][0]) == set(MY_TOPIC)
    assert not any(kept in str(shown) for kept in ("patient_id", "entered_by", "provider_id"))
    assert (set(shown["topics"][0]["joined_to"]), set(shown["topics"][0]["joined"][0])) == ({"id", "words", "author", "state"}, {"id", "words", "author"})
    assert set(shown["slot"]) == {"id", "state", "place", "provider", "planned_at", "minutes", "before_you", "expected_at", "called_at", "answer"}
    assert set(shown["plan"]) == {"what", "when_how_often", "confidence"}
    assert [set(each) for each in shown["translated"]] == [{"topic_id", "language", "words", "is_checked"}]
    assert project_me(me | {"slot": None, "plan": None})["slot"] is None


def test_changes_of_a_patients_own_part_hold_the_same_fields_of_a_topic() -> None:
    topic = dict.fromkeys(MY_TOPIC) | {"entered_by": "x", "joined": [{"id": "j", "words": "w", "author": None, "patient_id": "p"}]}
    shown = project_my_changes({"topics": [topic], "supported": [{"id": "t", "on": True, "at": "x"}], "supports_left": 2, "translated": [{"topic_id": "t", "language": "es", "words": "w", "is_checked": True, "patient_id": "p"}], "plan": {"what": "x"}})  # fmt: skip
    assert set(shown) == {"topics", "supported", "supports_left", "translated"}
    assert shown["translated"] == [{"topic_id": "t", "language": "es", "words": "w", "is_checked": True}]
    assert set(shown["topics"][0]) == set(MY_TOPIC) and shown["topics"][0]["joined"] == [{"id": "j", "words": "w", "author": None}]
    assert shown["supported"] == [{"id": "t", "on": True}]

"""What each audience is shown: an allow-list of fields, the same for the snapshot and for every delta. What is not named is not sent.

`facts` is what live.queries gathered: {"epoch", "version", and any of "run", "account", "talk", "topics", "slots", "people", "guests", "alarms"}.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Facts = Mapping[str, Any]

RUN = (
    "state", "title", "starts_at", "ends_at", "zone", "room", "current_topic_id", "topic_started_at", "topic_ends_at",
    "phase", "phases", "curtain", "closed_at", "only_one_on_ones", "gathering_until", "poll",
)  # fmt: skip
RUN_OF = {
    "patient": (*RUN, "takes_topics_until", "purpose", "emergency_number", "supports_hidden"),
    "facilitator": (*RUN, "takes_topics_until", "join_code", "join_url", "by_hand", "supports_hidden", "hides_supports", "led_by", "handed_to", "facilitators"),
    "clinician": RUN,
    "display": (*RUN, "join_code", "join_url", "calls"),
}
PHASE = ("name", "minutes", "starts_at", "ends_at", "owner")
PHASE_OF = {
    "patient": PHASE,
    "facilitator": (*PHASE, "prompt", "watch", "owner_seat_id"),
    "clinician": PHASE,
    "display": ("name", "minutes", "starts_at", "ends_at"),
}

POLL = ("id", "topic_id", "opened_at")
POLL_OF = {"facilitator": (*POLL, "keep_going", "move_on", "park")}

TOPIC = ("id", "words", "language", "state", "rank", "version", "translations")
PATIENT_TOPIC = (*TOPIC, "supports", "merged_into_id")
FACILITATOR_TOPIC = (
    *TOPIC, "route", "author", "author_seat_id", "supports", "minutes", "proposed_at", "outcome", "not_heard_yet", "carried", "reason",
    "hidden_because", "suggested_words", "held_until", "held_for", "still_matters", "rev", "changed_by", "changed_at", "merged_into_id", "split_from_id",
    "holds", "outcome_holds",
)  # fmt: skip
ONE_ON_ONE_WITHOUT_WORDS = ("id", "route", "state", "version", "author", "author_seat_id", "proposed_at")
OWN_PATIENTS_ONE_ON_ONE = (*TOPIC, "route", "author", "author_seat_id", "proposed_at")
SLOT = (
    "id", "seat_id", "number", "name", "provider", "provider_id", "place", "planned_at", "minutes", "state", "called_at", "answer",
    "started_at", "finished_at",
)  # fmt: skip
PERSON = ("seat_id", "name", "number", "state", "phone_live", "heard", "in_person", "listening")
GUEST = ("id", "number")
ACCOUNT = ("sent", "accounted_for", "one_on_one")
TALK = ("here", "heard", "talked_about", "from_own_hand", "minutes_on_topics", "minutes_open", "counted_at")
ME = (
    "seat_id", "display_name", "number", "topics", "supported", "slot", "feedback_url", "next_visit", "plan", "supports_left", "leads", "poll_answer",
    "in_person", "listening", "translated",
)  # fmt: skip
MY_TOPIC = (
    "id", "words", "route", "state", "outcome", "planned_at", "reason", "is_asked", "is_checked", "can_reword", "suggested_words", "joined_to", "joined",
    "split_from_id", "carried", "still_matters", "pre_visit", "sent_at",
)  # fmt: skip
MY_CHANGES = ("topics", "supported", "supports_left", "translated")
MY_SUPPORT = ("id", "on")
MY_TRANSLATION = ("topic_id", "language", "words", "is_checked")
ALARM = ("id", "topic_id", "seat_id", "name", "phrase", "raised_at", "taken_by", "taken_at", "told", "may_take")
MAY_TAKE = ("id", "name")
JOINED_TO = ("id", "words", "author", "state")  # the topic that it was joined to, in a patient's own part
JOINED = ("id", "words", "author")  # each topic that was joined to it, there
TRANSLATION = ("language", "words")
TRANSLATION_OF = {"patient": TRANSLATION, "facilitator": (*TRANSLATION, "by", "hidden_because", "holds"), "clinician": TRANSLATION, "display": TRANSLATION}
MY_PLAN = ("what", "when_how_often", "confidence")
MY_SLOT = ("id", "state", "place", "provider", "planned_at", "minutes", "before_you", "expected_at", "called_at", "answer")


def project(audience: str, facts: Facts, *, provider_id: str = "") -> dict[str, Any]:
    """The facts as `audience` may see them. `provider_id` names the clinician who looks: only they read their patients' own topics."""
    shown: dict[str, Any] = {"epoch": facts["epoch"], "version": facts["version"]}
    if "run" in facts:
        shown["run"] = _run(audience, facts["run"])
    if "account" in facts and audience == "facilitator":
        shown["account"] = _pick(facts["account"], ACCOUNT)
    if "talk" in facts and audience == "facilitator":
        shown["talk"] = _pick(facts["talk"], TALK)
    if "topics" in facts:
        topics = (TOPICS[audience](topic, provider_id) for topic in facts["topics"])
        shown["topics"] = [topic for topic in topics if topic is not None]
    for name, fields, audiences in LISTS:
        if name in facts and audience in audiences:
            shown[name] = [_pick(item, fields) for item in facts[name]]
    if "alarms" in facts and audience in ("facilitator", "clinician"):
        shown["alarms"] = [_alarm(audience, alarm) for alarm in facts["alarms"]]
    return shown


LISTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("slots", SLOT, ("facilitator", "clinician")),
    ("people", PERSON, ("facilitator",)),
    ("guests", GUEST, ("facilitator",)),
)


def project_me(me: Mapping[str, Any]) -> dict[str, Any]:
    """One patient's own part, for that patient alone."""
    shown = _pick(me, ME)
    shown["topics"] = [_my_topic(topic) for topic in me["topics"]]
    shown["translated"] = [_pick(each, MY_TRANSLATION) for each in me["translated"]]
    shown["slot"] = _pick(me["slot"], MY_SLOT) if me["slot"] else None
    shown["plan"] = _pick(me["plan"], MY_PLAN) if me["plan"] else None
    return shown


def project_my_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What changed in one patient's own part, for that patient alone."""
    shown = _pick(changes, MY_CHANGES)
    shown["topics"] = [_my_topic(topic) for topic in changes["topics"]]
    shown["supported"] = [_pick(each, MY_SUPPORT) for each in changes["supported"]]
    shown["translated"] = [_pick(each, MY_TRANSLATION) for each in changes["translated"]]
    return shown


def _my_topic(topic: Mapping[str, Any]) -> dict[str, Any]:
    shown = _pick(topic, MY_TOPIC)
    shown["joined_to"] = _pick(topic["joined_to"], JOINED_TO) if topic["joined_to"] else None
    shown["joined"] = [_pick(joined, JOINED) for joined in topic["joined"]]
    return shown


def _run(audience: str, run: Mapping[str, Any]) -> dict[str, Any]:
    shown = _pick(run, RUN_OF[audience])
    if shown["poll"] is not None:  # silent: only whoever leads learns the answers, and of nobody whose they are
        shown["poll"] = _pick(shown["poll"], POLL_OF.get(audience, POLL))
    shown["phases"] = [_pick(phase, PHASE_OF[audience]) for phase in run["phases"]]
    return shown


def _alarm(audience: str, alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Who and when, for whoever may have to run; the phrase only for who may read such words. Nobody reads that they themselves were told."""
    shown = _pick(alarm, ALARM)
    shown["may_take"] = [_pick(each, MAY_TAKE) for each in alarm["may_take"]]
    if audience == "facilitator":
        shown["told"] = alarm["clinicians"]
        shown["phrase"] = alarm["phrase"] if alarm["is_for_the_group"] else None
    return shown


def _for_patients(topic: Mapping[str, Any], _provider_id: str) -> dict[str, Any] | None:
    if topic["route"] != "group":
        return None
    hidden = bool(topic["hidden_because"])
    shown = _pick(topic, PATIENT_TOPIC)
    shown["is_hidden"] = hidden  # what was shown and is not any more; its words are gone with it
    shown["supports"] = None if hidden or topic["supports_hidden"] else topic["supports"]
    shown["author"] = topic["author"] if topic["shows_name"] and topic["state"] != "taken_back" and not hidden else None
    return _readable("patient", shown, not hidden and topic["state"] != "taken_back")


def _for_facilitator(topic: Mapping[str, Any], _provider_id: str) -> dict[str, Any]:
    if topic["route"] != "group":
        return _pick(topic, ONE_ON_ONE_WITHOUT_WORDS)
    return _readable("facilitator", _pick(topic, FACILITATOR_TOPIC), topic["state"] != "taken_back")


def _for_clinician(topic: Mapping[str, Any], provider_id: str) -> dict[str, Any] | None:
    if topic["route"] == "group":
        return _readable("clinician", _pick(topic, (*TOPIC, "route")), topic["state"] != "taken_back" and not topic["hidden_because"])
    if not provider_id or topic["provider_id"] != provider_id:
        return None
    return _readable("clinician", _pick(topic, OWN_PATIENTS_ONE_ON_ONE), topic["state"] != "taken_back")


def _for_display(topic: Mapping[str, Any], _provider_id: str) -> dict[str, Any] | None:
    """The wall shows what the facilitator put on the agenda; what was planned and is no longer only changes its state."""
    hidden = bool(topic["hidden_because"])
    if topic["route"] != "group" or (topic["state"] == "new" and not hidden):
        return None
    shown = _pick(topic, ("id", "words", "state", "rank", "translations")) | {"is_held": topic["held_until"] is not None}
    return _readable("display", shown, not hidden and topic["state"] in ("planned", "current"))


TOPICS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any] | None]] = {
    "patient": _for_patients, "facilitator": _for_facilitator, "clinician": _for_clinician, "display": _for_display,
}  # fmt: skip


def _readable(audience: str, shown: dict[str, Any], may_read: bool) -> dict[str, Any]:
    """With its words in every language, or with none."""
    shown["words"] = shown["words"] if may_read else ""
    readable = [each for each in shown["translations"] if audience == "facilitator" or not each["hidden_because"]] if may_read else []
    shown["translations"] = [_pick(each, TRANSLATION_OF[audience]) for each in readable]
    return shown


def _pick(item: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {field: item[field] for field in fields}

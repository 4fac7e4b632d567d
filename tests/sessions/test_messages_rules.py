"""Which channel, which moment, which message still fits, and what a text means. Tables, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.rules.messages import Reach, Standing

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("reach", "channel"),
    [
        (Reach("email", email="a@example.org", phone="+1"), "email"),
        (Reach("text", email="a@example.org", phone="+1", agreed_to_texts=True), "text"),
        (Reach("text", email="a@example.org", phone="+1"), "email"),  # never without consent
        (Reach("text", email="a@example.org", phone="+1", agreed_to_texts=True, stopped_texts=True), "email"),
        (Reach("text", phone="+1", agreed_to_texts=True, stopped_texts=True), "call"),
        (Reach("text", email="a@example.org", agreed_to_texts=True), "email"),  # no number
        (Reach("call", email="a@example.org", phone="+1", agreed_to_texts=True), "call"),
        (Reach("email", phone="+1", agreed_to_texts=True), "text"),
        (Reach("", email="a@example.org", phone="+1", agreed_to_texts=True), "email"),
        (Reach("", phone="+1", agreed_to_texts=True), "text"),
        (Reach("", phone="+1"), "call"),
        (Reach(), "call"),
    ],
)
def test_the_channel_is_the_chosen_one_where_it_works(reach: Reach, channel: str) -> None:
    assert rules.channel_for(reach) == channel


@pytest.mark.parametrize(
    ("starts_at", "days", "before"),
    [
        # The clocks change on 2027-03-14: two days before 5:30pm is 5:30pm, 47 hours earlier.
        (datetime(2027, 3, 15, 21, 30, tzinfo=UTC), 2, datetime(2027, 3, 13, 22, 30, tzinfo=UTC)),
        (datetime(2027, 11, 8, 22, 30, tzinfo=UTC), 2, datetime(2027, 11, 6, 21, 30, tzinfo=UTC)),
        (datetime(2026, 12, 8, 22, 30, tzinfo=UTC), 7, datetime(2026, 12, 1, 22, 30, tzinfo=UTC)),
    ],
)
def test_days_before_keeps_the_time_on_the_wall(starts_at: datetime, days: int, before: datetime) -> None:
    assert rules.days_before(starts_at, NEW_YORK, days) == before


@pytest.mark.parametrize(
    ("now", "starts_at", "sent"),
    [
        (datetime(2026, 11, 20, 15, tzinfo=UTC), datetime(2026, 12, 8, 22, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)),
        (datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 12, 8, 22, tzinfo=UTC), datetime(2026, 11, 20, 13, tzinfo=UTC)),  # 10pm: at 8 the next day
        (datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 12, 8, 22, tzinfo=UTC), datetime(2026, 11, 20, 13, tzinfo=UTC)),  # 5am: at 8
        (datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC)),  # 9am the same morning
    ],
)
def test_texts_keep_the_night_quiet(now: datetime, starts_at: datetime, sent: datetime) -> None:
    assert rules.hour_for_text(now, NEW_YORK, starts_at) == sent


USUAL = Standing("planned", NOW + timedelta(days=10), NOW, True, "invited", False, was_told=False, told_at=None)
TOLD = replace(USUAL, was_told=True, told_at=NOW - timedelta(days=5))


@pytest.mark.parametrize(
    ("kind", "standing", "facts", "told"),
    [
        ("invitation", USUAL, {}, "invitation"),
        ("invitation", replace(USUAL, seat_state="confirmed"), {}, "confirmation"),
        ("invitation", replace(TOLD, seat_state="confirmed"), {}, ""),
        ("invitation", replace(USUAL, seat_state="declined"), {}, ""),
        ("one_on_one", replace(TOLD, seat_state="confirmed", only_one_on_ones=True), {}, "one_on_one"),
        ("one_on_one", replace(TOLD, seat_state="confirmed"), {}, ""),  # the group meets after all
        ("one_on_one", replace(TOLD, seat_state="declined", only_one_on_ones=True), {}, ""),
        ("reminder", replace(TOLD, seat_state="confirmed", only_one_on_ones=True), {}, "one_on_one"),
        ("confirmation", replace(TOLD, seat_state="confirmed", only_one_on_ones=True), {}, "one_on_one"),
        ("reminder", replace(TOLD, seat_state="invited", only_one_on_ones=False), {}, "reminder"),
        ("form_opens", replace(TOLD, seat_state="confirmed", only_one_on_ones=True), {}, ""),
        ("seat_cancelled", replace(TOLD, seat_state="cancelled", only_one_on_ones=True), {}, "seat_cancelled"),
        ("invitation", replace(USUAL, only_one_on_ones=True), {}, ""),
        ("group_meets", replace(TOLD, seat_state="confirmed"), {}, "group_meets"),
        ("group_meets", replace(TOLD, seat_state="confirmed", only_one_on_ones=True), {}, ""),
        ("invitation", replace(USUAL, seat_state=""), {}, ""),
        ("invitation", replace(USUAL, session_state="cancelled"), {}, ""),
        ("invitation", replace(USUAL, is_active=False), {}, ""),
        ("invitation", replace(USUAL, starts_at=NOW - timedelta(minutes=1)), {}, ""),
        ("update", TOLD, {"was": "2026-11-24T12:00:00+00:00"}, "update"),
        ("update", replace(TOLD, seat_state="confirmed", asked_again=True), {"was": "2026-11-24T12:00:00+00:00"}, "update"),
        ("update", USUAL, {"was": "2026-11-24T12:00:00+00:00"}, ""),  # the invitation will say the new time
        ("update", TOLD, {"was": TOLD.starts_at.isoformat()}, ""),  # moved back meanwhile
        ("update", TOLD, {"was": TOLD.starts_at.isoformat(), "was_room": "Room 1"}, "update"),
        ("update", replace(TOLD, seat_state="declined"), {"was": "2026-11-24T12:00:00+00:00"}, ""),
        ("update", replace(TOLD, session_state="cancelled"), {"was": "2026-11-24T12:00:00+00:00"}, ""),
        ("date_cancelled", replace(TOLD, session_state="cancelled"), {}, "date_cancelled"),
        ("date_cancelled", replace(USUAL, session_state="cancelled"), {}, ""),  # never heard of the date
        ("date_cancelled", replace(TOLD, session_state="cancelled", seat_state="declined"), {}, ""),
        ("date_cancelled", TOLD, {}, ""),
        ("seat_cancelled", replace(TOLD, seat_state="declined"), {}, "seat_cancelled"),
        ("seat_cancelled", replace(TOLD, seat_state="confirmed"), {}, ""),
        ("seat_cancelled", replace(USUAL, seat_state="cancelled"), {}, ""),
        ("reminder", TOLD, {}, "reminder"),
        ("reminder", replace(TOLD, seat_state="confirmed"), {}, "reminder"),
        ("reminder", replace(TOLD, seat_state="declined"), {}, ""),
        ("reminder", replace(TOLD, told_at=NOW - timedelta(hours=3)), {}, ""),
        ("offer", replace(TOLD, seat_state="offered"), {}, "offer"),
        ("offer", replace(TOLD, seat_state="confirmed"), {}, ""),
        ("offer_over", replace(TOLD, seat_state="cancelled"), {}, "offer_over"),
        ("offer_over", replace(TOLD, seat_state="confirmed"), {}, ""),
        ("confirmation", replace(TOLD, seat_state="confirmed"), {}, "confirmation"),
        ("confirmation", replace(TOLD, seat_state="declined"), {}, ""),
        ("form_opens", replace(TOLD, seat_state="confirmed"), {}, "form_opens"),
        ("form_opens", replace(TOLD, seat_state="confirmed", asked_again=True), {}, ""),
        ("missed_you", replace(TOLD, session_state="closed", seat_state="no_show", starts_at=NOW - timedelta(days=1)), {}, "missed_you"),
        ("missed_you", replace(TOLD, session_state="closed", seat_state="attended", starts_at=NOW - timedelta(days=1)), {}, ""),
    ],
)
def test_what_was_planned_is_told_only_if_it_still_fits(kind: str, standing: Standing, facts: dict[str, str], told: str) -> None:
    assert rules.kind_to_tell(kind, facts, standing) == told


@pytest.mark.parametrize(
    ("kind", "late", "worth"),
    [
        ("invitation", timedelta(days=20), True),
        ("form_opens", timedelta(days=3), True),
        ("reminder", timedelta(hours=1), True),
        ("reminder", timedelta(hours=30), False),
        ("reminder", -timedelta(hours=1), False),
    ],
)
def test_a_reminder_belongs_to_its_day(kind: str, late: timedelta, worth: bool) -> None:
    assert rules.is_worth_planning(kind, NOW - late, NOW) is worth


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("YES", "yes"), (" yes! ", "yes"), ("Sí", "yes"), ("SIM", "yes"), ("Wi", "yes"), ("wi, mèsi", "yes"), ("Yes please.", "yes"), ("👍 yes", "yes"),
        ("no", "no"), ("NÃO", "no"), ("Non", "no"), ("No, gracias", "no"),
        ("STOP", "stop"), ("Stop.", "stop"), ("parar", "stop"), ("KANPE", "stop"), ("unsubscribe", "stop"),
        ("start", "start"), ("Komanse", "start"), ("começar", "start"),
        ("help", "help"), ("AYUDA", "help"), ("èd", "help"),
        ("yes but my sister comes too", ""), ("I cannot come, no", ""), ("cancel", ""), ("ok", ""), ("", ""), ("👍", ""), ("No sé", ""), ("x" * 2000, ""),
        ("stop calling me at work", ""),
    ],
)  # fmt: skip
def test_only_a_whole_clear_word_is_an_answer(words: str, meaning: str) -> None:
    assert rules.understood(words) == meaning


def test_no_word_means_two_things() -> None:
    words = [word for known in rules.WORDS.values() for word in known]
    assert len(words) == len(set(words))

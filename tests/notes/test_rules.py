"""Drafts, what stands in the way of a signature, and the bytes that are signed."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.core.errors import DomainError
from groupvisits.notes import models, rules

NOW = datetime(2026, 11, 10, 23, 30, tzinfo=UTC)
MARCUS = rules.Person(("Marcus",), ("Bell",))
DAY = rules.Person(("José",), ("Day",))


def draft(**fields: str) -> rules.Draft:
    return rules.draft_of(fields)


def find(
    written: rules.Draft, others: tuple[rules.Person, ...] = (MARCUS,), other_drafts: tuple[rules.Draft, ...] = (), slot_state: str = "finished"
) -> rules.Findings:
    return rules.find(
        written, own_names=["Rosa", "Delgado"], others=others, other_drafts=[(d, ["Marcus", "Bell"]) for d in other_drafts], slot_state=slot_state
    )


def test_the_blocks_are_those_of_the_table() -> None:
    assert models.BLOCKS == rules.BLOCKS
    assert models.PRESENCES == ("whole_time", "key_part", "discussed", "read_after")


def test_a_draft_and_its_fields_are_the_same_thing() -> None:
    fields = {name: f"words of {name}" for name in rules.WORDS} | {"plan_what": "Walk", "plan_when": "Mondays", "plan_confidence": "8"}
    assert rules.fields_of(rules.draft_of(fields)) == fields
    assert set(rules.fields_of({}).values()) == {""}


def test_line_ends_of_forms_and_scripts_are_the_same() -> None:
    assert draft(co_assess_patient="a\r\nb ") == draft(co_assess_patient=" a\nb")


@pytest.mark.parametrize(
    ("what", "confidence", "has_plan"),
    [("Walk", "0", True), ("Walk", "8", True), ("Walk", "", False), ("", "8", False), ("", "", False)],
)
def test_a_plan_counts_once_it_says_what_and_how_sure(what: str, confidence: str, has_plan: bool) -> None:
    assert rules.has_plan(draft(plan_what=what, plan_confidence=confidence)) == has_plan


LONG, SHORT = draft(co_assess_clinician="Fasting 150 to 180 on 5 of 7 days."), draft(co_assess_clinician="Fasting")


@pytest.mark.parametrize(
    ("last", "before", "after", "explicit", "kept"),
    [
        (None, draft(), LONG, False, False),  # nothing was written before
        (None, LONG, LONG, False, True),
        (NOW - timedelta(seconds=59), LONG, LONG, False, False),
        (NOW - timedelta(seconds=60), LONG, LONG, False, True),
        (NOW, LONG, LONG, True, True),
        (NOW, LONG, SHORT, False, True),  # much is taken away
    ],
)
def test_which_earlier_texts_are_kept(last: datetime | None, before: rules.Draft, after: rules.Draft, explicit: bool, kept: bool) -> None:
    assert rules.keeps_version(last, NOW, before, after, explicit=explicit) == kept


def test_two_versions_are_chosen_between_part_by_part() -> None:
    saved, mine = rules.fields_of(draft(co_assess_patient="A", co_decide_patient="B")), {"co_assess_patient": "mine", "co_decide_patient": "also mine"}
    assert rules.differing(saved, mine) == ["co_assess_patient", "co_decide_patient"]
    with pytest.raises(rules.ChoiceMissing) as missing:
        rules.chosen(saved, mine, {"co_assess_patient": "mine", "co_decide_patient": None})
    assert missing.value.field == "choice_co_decide_patient"
    chosen = rules.chosen(saved, mine, {"co_assess_patient": "mine", "co_decide_patient": "saved"})
    assert (chosen["co_assess_patient"], chosen["co_decide_patient"]) == ("mine", "B")


def test_the_patients_words_alone_are_not_the_clinicians_note() -> None:
    assert find(draft(co_assess_patient="Mornings are high.")).is_empty
    assert not find(draft(co_deliver_clinician="Team: strips.")).is_empty


@pytest.mark.parametrize(
    ("mine", "theirs", "copied"),
    [
        ("Walks after dinner.", "Walks after dinner.", True),
        ("Rosa walks after  dinner", "Marcus walks\nafter dinner.", True),  # another name filled in makes no other note
        ("Walks after dinner.", "Walks after lunch.", False),
    ],
)
def test_a_note_is_like_no_other_patients(mine: str, theirs: str, copied: bool) -> None:
    assert find(draft(co_assess_clinician=mine), other_drafts=(draft(co_decide_clinician=theirs),)).is_copied == copied


def test_two_empty_notes_are_empty_not_copied() -> None:
    assert not find(draft(), other_drafts=(draft(),)).is_copied


@pytest.mark.parametrize(
    ("text", "others", "named"),
    [
        ("Heard from Marcus that walking helped.", (MARCUS,), ("Marcus",)),
        ("marcus said so", (MARCUS,), ("Marcus",)),
        ("Mr Bell said so", (MARCUS,), ("Bell",)),
        ("rang the bell", (MARCUS,), ()),
        ("Marcuson is a town", (MARCUS,), ()),
        ("Every day", (DAY,), ()),
        ("Jose walks, JOSÉ too", (DAY,), ("José",)),
        ("Rosa walks", (rules.Person(("Rosa",), ("Lima",)),), ()),  # her own name
    ],
)
def test_names_of_others_in_the_group_are_found(text: str, others: tuple[rules.Person, ...], named: tuple[str, ...]) -> None:
    assert find(draft(co_decide_clinician=text), others).named == named
    assert find(draft(co_decide_patient=text), others).named == named
    assert find(draft(plan_what=text), others).named == named


def test_where_a_name_stands_is_marked_without_losing_a_letter() -> None:
    pieces = rules.marked("Said José, and jose again.", ["José"])
    assert pieces == [("Said ", False), ("José", True), (", and ", False), ("jose", True), (" again.", False)]
    assert rules.marked("Nothing", []) == [("Nothing", False)]


FINE = draft(co_assess_clinician="Fasting 150.")


@pytest.mark.parametrize(
    ("findings", "someone_else", "refusal"),
    [
        (find(FINE), (), None),
        (find(draft()), (), rules.NoteEmpty),
        (find(FINE, other_drafts=(FINE,)), (), rules.NoteCopied),
        (find(draft(co_assess_clinician="Marcus helped")), (), rules.NamesAnother),
        (find(draft(co_assess_clinician="Marcus helped")), ("Marcus",), None),
        (find(draft(co_assess_clinician="Marcus Bell helped")), ("Marcus",), rules.NamesAnother),
        (find(draft(co_assess_clinician="x", plan_what="Walk")), (), rules.PlanIncomplete),
        (find(draft(co_assess_clinician="x", plan_what="Walk", plan_confidence="3")), (), None),
        (find(FINE, slot_state="started"), (), rules.OneOnOneRuns),
        (find(FINE, slot_state="missed"), (), None),
    ],
)
def test_what_stands_in_the_way_of_a_signature(findings: rules.Findings, someone_else: tuple[str, ...], refusal: type[DomainError] | None) -> None:
    if refusal is None:
        rules.check_can_be_signed(findings, someone_else)
    else:
        with pytest.raises(refusal):
            rules.check_can_be_signed(findings, someone_else)


@pytest.mark.parametrize(("confidence", "low"), [("6", True), ("7", False), ("", False)])
def test_below_seven_is_said(confidence: str, low: bool) -> None:
    assert find(draft(plan_what="Walk", plan_confidence=confidence)).low_confidence == low


@pytest.mark.parametrize(
    ("check", "allowed"),
    [
        (rules.check_can_write, {"draft", "returned"}),
        (rules.check_waits_for_cosignature, {"signed"}),
        (rules.check_has_signature, {"signed", "cosigned"}),
    ],
)
def test_which_act_fits_which_state(check, allowed: set[str]) -> None:  # type: ignore[no-untyped-def]
    for state in models.NOTE_STATES:
        if state in allowed:
            check(state)
        else:
            with pytest.raises(DomainError):
                check(state)


@pytest.mark.parametrize(
    ("presence", "words", "refusal"),
    [
        ("whole_time", "", None),
        ("key_part", "The plan.", None),
        ("key_part", " ", rules.KeyPartMissing),
        ("", "", rules.PresenceMissing),
        (None, "I was there", rules.PresenceMissing),
        ("elsewhere", "", rules.PresenceMissing),
    ],
)
def test_an_attestation_is_chosen(presence: str | None, words: str, refusal: type[DomainError] | None) -> None:
    if refusal is None:
        rules.check_attestation(presence, words)
    else:
        with pytest.raises(refusal):
            rules.check_attestation(presence, words)


def test_the_same_content_is_always_the_same_bytes() -> None:
    one = rules.canonical({"b": "e\u0301", "a": 1})
    assert one == rules.canonical({"a": 1, "b": "\u00e9"}) == '{"a":1,"b":"é"}'.encode()
    assert rules.digest(one) == rules.digest('{"a":1,"b":"é"}'.encode())

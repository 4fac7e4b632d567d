"""The way into a group: noted in one press a step, attendance counted from seats, and no small number that points at somebody."""

import csv
import io
import itertools

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids, transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.spreadsheets import as_csv, harmless
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.patients.models import Patient, RosterImport
from groupvisits.programmes import recruiting
from groupvisits.programmes import rules as programme_rules
from groupvisits.programmes.models import Group, Membership, Recruit
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.queries.recruitment import recruitment_for
from groupvisits.sessions.rules import recruitment as rules
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted, noted, past_date

NOW = clock.now()


def way(*came_to: str, asked: tuple[str, ...] = (), contacted: bool = False, agreed: bool = False, declined: bool = False, member: bool = False) -> rules.Way:
    return rules.Way(NOW if contacted else None, NOW if agreed else None, NOW if declined else None, member, frozenset(came_to), frozenset(asked or came_to))


@pytest.mark.parametrize(
    ("known", "reached", "never"),
    [
        (way(), "eligible", False),
        (way(contacted=True), "contacted", False),
        (way(declined=True), "contacted", False),
        (way(contacted=True, agreed=True), "agreed", False),
        (way(member=True), "agreed", False),
        (way(member=True, asked=("5", "4")), "agreed", True),
        (way("1", member=True, asked=("1", "2")), "attended", False),
        (way("1"), "attended", False),  # came as a guest
        (way("5", "4", "2", member=True), "regular", False),
        (way("1", "4", "5", member=True), "attended", False),  # only two of the last four
    ],
)
def test_a_later_step_implies_those_before_it(known: rules.Way, reached: str, never: bool) -> None:
    dates = ["5", "4", "3", "2", "1"]
    steps = rules.steps_of(known, dates)
    assert steps == rules.STEPS[: rules.STEPS.index(reached) + 1]
    assert rules.never_came(known) == never


# --- what may be shown by language


def possible_tables(shown: dict[str, list[rules.Cell]], sums: list[int]) -> list[list[tuple[int, ...]]]:
    """Every column of counts that somebody who reads the table could think of, each column by itself."""
    found = []
    for index, total in enumerate(sums):
        column = [cells[index] for cells in shown.values()]
        some_are_told = any(cell != rules.NOT_SHOWN for cell in column)
        choices = [
            [cell] if isinstance(cell, int) else range(rules.SMALL) if cell == rules.FEWER else range(rules.SMALL if some_are_told else 0, total + 1)
            for cell in column
        ]
        found.append([values for values in itertools.product(*choices) if sum(values) == total])
    return found


TABLES = [
    {"en": [20, 18, 12, 9, 6], "es": [7, 6, 3, 2, 1], "pt": [6, 5, 5, 1, 0]},
    {"en": [20, 18, 12, 9, 6], "es": [1, 1, 1, 1, 1]},
    {"en": [5, 5, 5, 5, 5], "es": [0, 0, 0, 0, 0]},
    {"en": [30, 20, 20, 10, 10], "es": [9, 9, 8, 8, 4], "pt": [12, 5, 5, 5, 5], "ht": [4, 4, 0, 0, 0]},
    {"en": [4, 4, 4, 4, 4], "es": [4, 4, 4, 4, 4], "pt": [9, 9, 9, 9, 9]},
    {"en": [0, 0, 0, 0, 0], "es": [0, 0, 0, 0, 0], "pt": [40, 30, 20, 10, 5]},
    {"en": [8, 6, 5, 5, 5], "es": [8, 6, 5, 5, 5]},
]


@pytest.mark.parametrize("table", TABLES)
def test_no_small_number_is_shown_or_can_be_worked_out(table: dict[str, list[int]]) -> None:
    shown = rules.shown(table)
    sums = [sum(column) for column in zip(*table.values(), strict=True)]
    for key, cells in shown.items():
        for index, cell in enumerate(cells):
            assert cell == table[key][index] or isinstance(cell, str)
            assert not isinstance(cell, int) or cell >= rules.SMALL
    for index, columns in enumerate(possible_tables(shown, sums)):
        for row, key in enumerate(shown):
            if table[key][index] < rules.SMALL:
                assert len({values[row] for values in columns}) > 1, (key, index, shown)


def test_numbers_that_point_at_nobody_are_shown() -> None:
    assert rules.shown({"en": [8, 6, 5, 5, 5], "es": [9, 6, 5, 5, 5]}) == {"en": [8, 6, 5, 5, 5], "es": [9, 6, 5, 5, 5]}


# --- the verbs


def state(cast: Cast, patient_id: str) -> tuple[bool, bool, bool]:
    """(contacted, agreed, stands in the group)"""
    db.session.rollback()
    recruit = db.session.scalars(select(Recruit).where(Recruit.patient_id == patient_id)).one()
    member = db.session.scalar(select(Membership).where(Membership.patient_id == patient_id, Membership.group_id == cast.group_id, Membership.until.is_(None)))
    return recruit.contacted_at is not None, recruit.agreed_at is not None, member is not None


def test_who_agreed_is_a_member_and_asked_to_the_dates_to_come(context: None, cast: Cast) -> None:
    added = run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id])
    assert added == {"added": 1, "already": 0}
    assert run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id]) == {"added": 0, "already": 1}
    for _twice in range(2):
        run(recruiting.note_step, cast.joanne, cast.group_id, cast.walter.id, step="contacted")
        run(recruiting.note_step, cast.joanne, cast.group_id, cast.walter.id, step="agreed")
    assert state(cast, cast.walter.id) == (True, True, True)
    assert db.session.scalars(select(Seat.state).where(Seat.patient_id == cast.walter.id)).all() == ["invited"]
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("programmes:")).order_by(AuditEntry.number)).all()
    assert acts == ["programmes:note_eligible", "programmes:note_step", "programmes:note_step", "programmes:add_member"]


def test_a_step_is_taken_back_with_what_it_did(context: None, cast: Cast) -> None:
    run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id])
    run(recruiting.note_step, cast.joanne, cast.group_id, cast.walter.id, step="agreed")
    with pytest.raises(programme_rules.LaterStep):
        run(recruiting.take_back_step, cast.joanne, cast.group_id, cast.walter.id, step="contacted")
    for _twice in range(2):
        run(recruiting.take_back_step, cast.joanne, cast.group_id, cast.walter.id, step="agreed")
    assert state(cast, cast.walter.id) == (True, False, False)
    assert db.session.scalars(select(Seat.state).where(Seat.patient_id == cast.walter.id)).all() == ["cancelled"]
    run(recruiting.take_back_step, cast.joanne, cast.group_id, cast.walter.id, step="contacted")
    for _twice in range(2):
        run(recruiting.take_back_step, cast.joanne, cast.group_id, cast.walter.id, step="eligible")
    assert db.session.scalar(select(Recruit.id)) is None


def test_a_yes_of_longer_ago_is_not_taken_back_by_a_press(context: None, cast: Cast) -> None:
    run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.rosa.id])
    run(recruiting.note_step, cast.joanne, cast.group_id, cast.rosa.id, step="agreed")
    with pytest.raises(programme_rules.MemberSince):
        run(recruiting.take_back_step, cast.joanne, cast.group_id, cast.rosa.id, step="agreed")
    with pytest.raises(programme_rules.IsMember):
        run(recruiting.note_step, cast.joanne, cast.group_id, cast.rosa.id, step="declined")


def test_a_no_can_become_a_yes(context: None, cast: Cast) -> None:
    run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id])
    run(recruiting.note_step, cast.joanne, cast.group_id, cast.walter.id, step="declined")
    assert state(cast, cast.walter.id) == (True, False, False)
    run(recruiting.note_step, cast.joanne, cast.group_id, cast.walter.id, step="agreed")
    assert state(cast, cast.walter.id) == (True, True, True)


def test_record_numbers_come_in_all_or_none_and_the_wrong_ones_are_named(context: None, cast: Cast) -> None:
    with pytest.raises(programme_rules.UnknownNumbers) as refused:
        run(recruiting.note_eligible, cast.joanne, cast.group_id, numbers=["MR0001", "MR0008", " nobody ", "MR0007"])  # MR0008 is Harbor's Sunny
    assert refused.value.params == {"numbers": "MR0008, nobody"}
    assert db.session.scalar(select(Recruit.id)) is None
    assert run(recruiting.note_eligible, cast.joanne, cast.group_id, numbers=["MR0001", "MR0007", "MR0007", ""])["added"] == 2
    with pytest.raises(programme_rules.TooManyNumbers):
        run(recruiting.note_eligible, cast.joanne, cast.group_id, numbers=[str(n) for n in range(2000)])


def test_everybody_new_of_a_roster_comes_in_at_once(context: None, cast: Cast) -> None:
    with transaction.write() as tx:
        at = clock.now()
        tx.get_one(Patient, cast.walter.id).created_at = at
        roster = RosterImport(id=ids.new_id(), clinic_id=cast.clinic_id, uploaded_by=cast.joanne.id, file_name="list.csv", content="", columns=[], mapping={},
                              reading={"brought_in_at": at.isoformat()}, state="confirmed", imported_count=1, created_at=at)  # fmt: skip
        tx.add(roster)
    assert run(recruiting.note_eligible, cast.joanne, cast.group_id, import_id=roster.id)["added"] == 1
    assert state(cast, cast.walter.id) == (False, False, False)
    with pytest.raises(NotFound):
        run(recruiting.note_eligible, cast.joanne, cast.group_id, import_id="unknown")


@pytest.mark.parametrize(("who", "refusal"), [("tomas", NotAllowed), ("nia", NotFound), ("rosa", NotFound), ("sol", NotFound)])
def test_others_recruit_nobody(context: None, cast: Cast, who: str, refusal: type[Exception]) -> None:
    actor = getattr(cast, who)
    run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id])
    for act in (
        lambda: run(recruiting.note_eligible, actor, cast.group_id, patient_ids=[cast.marcus.id]),
        *(lambda step=step: run(recruiting.note_step, actor, cast.group_id, cast.walter.id, step=step) for step in recruiting.STEPS),
        lambda: run(recruiting.take_back_step, actor, cast.group_id, cast.walter.id, step="eligible"),
        lambda: recruitment_for(db.session(), actor, cast.group_id),
    ):
        with pytest.raises(refusal):
            act()
    assert state(cast, cast.walter.id) == (False, False, False)


def test_a_patient_of_another_clinic_joins_no_list(context: None, cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(recruiting.note_eligible, cast.joanne, cast.group_id, patient_ids=[cast.walter.id, cast.sunny.id])
    assert db.session.scalar(select(Recruit.id)) is None


# --- the page


@pytest.fixture
def year(cast: Cast, app: Flask) -> Cast:
    """Twelve dates that are over, of fifteen members: Rosa comes each time, Marcus to every second one, Gladys never."""
    with app.app_context(), transaction.write() as tx:
        people = [cast.rosa.id, cast.marcus.id, cast.gladys.id]
        for n in range(12):
            patient = Patient(id=ids.new_id(), clinic_id=cast.clinic_id, record_number=f"X{n}", given_name=f"Given{n}", family_name="Long", display_name="G",
                              language="es" if n < 3 else "en", created_at=clock.now())  # fmt: skip
            tx.add(patient)
            tx.flush()
            tx.add(Membership(id=ids.new_id(), group_id=cast.group_id, patient_id=patient.id, since=clock.now().date().replace(year=2024)))
            people.append(patient.id)
        for n in range(1, 13):
            group_session = past_date(tx, cast, cast.group_id, days=30 * n)
            for index, patient_id in enumerate(people):
                came = index == 0 or (index == 1 and n % 2 == 0) or index > 2
                noted(tx, group_session.id, patient_id, "left_early" if index == 3 else "attended" if came else "no_show", companions=1 if index == 0 else 0)
    return cast


def test_attendance_is_counted_from_seats_make_ups_among_them(app: Flask, year: Cast) -> None:
    with app.app_context():
        told = recruitment_for(db.session(), year.joanne, year.group_id)
        at = {person.patient_id: person.step for person in told.people}
        assert (at[year.rosa.id], at[year.marcus.id], at[year.gladys.id], at[year.frank.id]) == ("regular", "attended", "agreed", "agreed")
        assert [person.patient_id for person in told.at("never")] == [year.gladys.id]
        first = told.dates[0]
        assert (first.planned, first.came, first.counted["left_early"], first.counted["no_show"], first.companions) == (15, 13, 1, 2, 1)
        with transaction.write() as tx:
            replaced = tx.scalars(select(GroupSession).where(GroupSession.state == "closed").order_by(GroupSession.starts_at.desc())).first()
            assert replaced is not None
            sister = past_date(tx, year, _sister(tx, year), days=12)
            noted(tx, sister.id, year.gladys.id, "attended", makes_up_for_id=replaced.id)
        told = recruitment_for(db.session(), year.joanne, year.group_id)
        assert next(person for person in told.people if person.patient_id == year.gladys.id).step == "attended"


def _sister(tx: transaction.Transaction, cast: Cast) -> str:
    from tests.sessions.arrange import sister_group

    return sister_group(tx, cast)[0]


def page_of(cast: Cast) -> str:
    return f"/groups/{cast.group_id}/recruitment"


def test_the_page_speaks_in_sentences_and_hides_small_numbers_by_language(app: Flask, year: Cast) -> None:
    page = signed_in(app, year.joanne).get(page_of(year)).text
    assert "18 people could join." in page
    assert "1 agreed and never came." in page
    assert "Fewer than 5" in page and "Not shown" in page
    assert "Given0 Long" in signed_in(app, year.joanne).get(page_of(year) + "?list=regular").text


def test_one_press_a_step_and_its_way_back_on_the_page(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    found = client.post(f"/groups/{cast.group_id}/recruit-searches", data={"words": "moss"}).text
    assert "Add Walter Moss" in found
    assert client.post(f"/groups/{cast.group_id}/recruits", data={"patient_id": cast.walter.id}).status_code == 303
    for step, button in (("contacted", "Agreed: Walter Moss"), ("agreed", "Take back: agreed: Walter Moss")):
        answer = client.post(f"/groups/{cast.group_id}/recruit-steps", data={"patient_id": cast.walter.id, "step": step})
        assert answer.status_code == 303
        assert button in client.get(page_of(cast) + f"?list={step}").text
    client.post(f"/groups/{cast.group_id}/recruit-steps", data={"patient_id": cast.walter.id, "step": "agreed", "take_back": "1"})
    assert "Agreed: Walter Moss" in client.get(page_of(cast) + "?list=contacted").text


@pytest.mark.parametrize(
    ("address", "sent", "status"),
    [
        ("recruits", {}, 400), ("recruits", {"numbers": "x" * 50_000}, 400), ("recruits", {"numbers": "nobody\nMR0001"}, 422), ("recruits", {"import_id": "unknown"}, 400),
        ("recruits", {"numbers": "\n".join(str(n) for n in range(2000))}, 422), ("recruits", {"numbers": "<script>\x00"}, 422), ("recruits", {"numbers": " , ;\n"}, 400),
        ("recruit-searches", {"words": "x"}, 400), ("recruit-searches", {"words": "x" * 81}, 400),
        ("recruit-steps", {}, 400), ("recruit-steps", {"patient_id": "x" * 40, "step": "agreed"}, 400),
        ("recruit-steps", {"patient_id": "unknown", "step": "agreed"}, 404), ("recruit-steps", {"patient_id": "unknown", "step": "regular"}, 400),
        ("recruit-steps", {"patient_id": "unknown", "step": "eligible"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_was_typed_and_nobody_is_added(app: Flask, cast: Cast, address: str, sent: dict[str, str], status: int) -> None:
    answer = signed_in(app, cast.joanne).post(f"/groups/{cast.group_id}/{address}", data=sent)
    assert answer.status_code == status
    if "nobody" in sent.get("numbers", ""):
        assert "Nobody active has these record numbers: nobody." in answer.text and "nobody\nMR0001" in answer.text.replace("\r", "")
    assert "<script>\x00" not in answer.text
    with app.app_context():
        assert db.session.scalar(select(Recruit.id)) is None


@pytest.mark.parametrize(("who", "status"), [("joanne", 200), ("tomas", 403), ("nia", 403), ("sol", 404), ("rosa", 403)])
def test_the_page_and_its_files_are_for_coordinators(app: Flask, cast: Cast, who: str, status: int) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get(page_of(cast)).status_code == status
    for kind in ("recruitment", "attendance"):
        assert client.post(f"/groups/{cast.group_id}/exports/{kind}").status_code == status


def test_twelve_dates_of_fifteen_people_ask_no_more_questions_than_one(app: Flask, year: Cast) -> None:
    client = signed_in(app, year.joanne)
    client.get(page_of(year))
    with counted(app) as many:
        client.get(page_of(year))
    assert len(many) <= 18, many
    with app.app_context(), transaction.write() as tx:
        tx.execute(Seat.__table__.delete())
    with counted(app) as few:
        client.get(page_of(year))
    assert len(few) == len(many)


# --- files


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"), ("  =x", "'  =x"), ("\n=x", "'\n=x"), ("＝x", "'＝x"),
     ("Rosa", "Rosa"), ("", ""), (None, ""), (0, "0"), (-3, "'-3"), ("a=b", "a=b"), ("\x00=x", "'=x")],
)  # fmt: skip
def test_no_cell_begins_a_formula(cell: object, expected: str) -> None:
    assert harmless(cell) == expected


def test_a_file_is_read_back_as_it_was_written() -> None:
    rows = [["a,b", 'say "x"', "line\nbreak", "Ângela"], ["=cmd|' /C calc'!A0", "", 1, None]]
    read = list(csv.reader(io.StringIO(as_csv(["one", "two", "three", "four"], rows).decode("utf-8-sig"), newline="")))
    assert read == [["one", "two", "three", "four"], ["a,b", 'say "x"', "line\nbreak", "Ângela"], ["'=cmd|' /C calc'!A0", "", "1", ""]]


def test_files_of_hostile_names_run_nothing_and_their_taking_is_on_record(app: Flask, year: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        rosa = tx.get_one(Patient, year.rosa.id)
        rosa.given_name, rosa.record_number = '=HYPERLINK("http://example.org","x")', "@SUM(A1)"
        tx.get_one(Group, year.group_id).name = "-2+3 group"
    client = signed_in(app, year.joanne)
    for kind, rows in (("recruitment", 18), ("attendance", 12)):
        answer = client.post(f"/groups/{year.group_id}/exports/{kind}")
        assert answer.mimetype == "text/csv" and answer.headers["Cache-Control"] == "no-store"
        read = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert len(read) == rows + 1
        assert not [cell for row in read for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert client.post(f"/groups/{year.group_id}/exports/secrets").status_code == 404
    assert client.get(f"/groups/{year.group_id}/exports/recruitment").status_code == 405
    with app.app_context():
        files = [
            entry.details["file"] for entry in db.session.scalars(select(AuditEntry).where(AuditEntry.action == "interop:export").order_by(AuditEntry.number))
        ]
        assert files == ["recruitment", "attendance"]

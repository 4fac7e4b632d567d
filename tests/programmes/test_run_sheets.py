"""The clinic's own run sheets: kept from a programme, begun with, removed; and design partners from the first draft."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.programmes import queries, rules, service
from groupvisits.programmes.models import RunSheetTemplate
from tests.cast import RUN_SHEET, Cast, signed_in

CLINICIANS, OTHERS = {"name": "One-on-ones", "minutes": 40, "owner": "Clinicians"}, {"name": "Topics", "minutes": 50, "owner": "Facilitator"}


@pytest.mark.parametrize(
    ("run_sheet", "layout"),
    [([OTHERS], "parallel"), ([CLINICIANS, OTHERS], "before"), ([OTHERS, CLINICIANS], "after"), ([CLINICIANS], "parallel"), ([], "parallel")],
)
def test_a_run_sheet_says_when_its_one_on_ones_are(run_sheet: list[dict], layout: str) -> None:
    assert rules.layout_of(run_sheet) == layout


@pytest.mark.parametrize("key", rules.PRESETS)
def test_the_presets_say_the_same_of_themselves(key: str) -> None:
    assert rules.layout_of(rules.preset_run_sheet(key)) == rules.PRESETS[key][1]


@pytest.mark.parametrize("key", rules.PRESETS)
def test_every_phase_of_a_preset_says_what_to_say_and_what_to_watch(key: str) -> None:
    preset = rules.preset_run_sheet(key)
    assert all(phase["prompt"] and phase["watch"] for phase in preset)
    assert rules.check_run_sheet(preset) == preset  # none is cut, none is lost


def test_a_run_sheet_from_before_there_was_something_to_watch_is_kept_and_lines_stay_one() -> None:
    (old,) = rules.check_run_sheet([{"name": "Topics", "minutes": 50, "owner": "Facilitator", "prompt": "Who?"}])
    assert old == {"name": "Topics", "minutes": 50, "owner": "Facilitator", "prompt": "Who?", "watch": ""}
    (typed,) = rules.check_run_sheet([{**OTHERS, "prompt": " Who  found\r\nsomething? ", "watch": "x" * 301}])
    assert (typed["prompt"], len(typed["watch"])) == ("Who found something?", 300)


@pytest.mark.usefixtures("context")
def test_a_kept_run_sheet_stays_as_it_was_when_the_programme_changes(cast: Cast) -> None:
    kept = run(service.keep_run_sheet, cast.joanne, cast.programme_id, name="Our evening")["template_id"]
    run(service.change_programme, cast.joanne, cast.programme_id, name="x", purpose="y", design_partners="", run_sheet=[OTHERS])
    (found,) = queries.run_sheet_templates_for(db.session(), cast.joanne)
    assert (found.id, found.name, found.layout, found.phases) == (kept, "Our evening", "parallel", RUN_SHEET)
    assert [entry.action for entry in db.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == kept))] == ["programmes:keep_run_sheet"]


@pytest.mark.usefixtures("context")
def test_a_name_is_taken_once_in_a_clinic_but_not_elsewhere(cast: Cast) -> None:
    kept = run(service.keep_run_sheet, cast.joanne, cast.programme_id, name="Ours")
    assert run(service.keep_run_sheet, cast.joanne, cast.programme_id, name="Ours") == {**kept, "already": True}
    other = run(service.design_programme, cast.joanne, name="p", purpose="q", design_partners="", run_sheet=[OTHERS])["programme_id"]
    with pytest.raises(rules.TemplateNameTaken) as refusal:
        run(service.keep_run_sheet, cast.joanne, other, name="Ours")
    assert refusal.value.field == "template_name"
    theirs = run(service.design_programme, cast.sol, name="p", purpose="q", design_partners="", run_sheet=[OTHERS])["programme_id"]
    assert run(service.keep_run_sheet, cast.sol, theirs, name="Ours")


@pytest.mark.usefixtures("context")
def test_dropping_twice_is_the_same_as_once(cast: Cast) -> None:
    kept = run(service.keep_run_sheet, cast.joanne, cast.programme_id, name="Ours")["template_id"]
    run(service.drop_run_sheet, cast.joanne, kept)
    run(service.drop_run_sheet, cast.joanne, kept)
    assert not queries.run_sheet_templates_for(db.session(), cast.joanne)


@pytest.mark.usefixtures("context")
def test_refuses_a_stranger_and_the_wrong_role(cast: Cast) -> None:
    kept = run(service.keep_run_sheet, cast.joanne, cast.programme_id, name="Ours")["template_id"]
    for who, refusal in ((cast.sol, NotFound), (cast.tomas, NotAllowed), (cast.rosa, NotAllowed)):
        with pytest.raises(refusal):
            run(service.keep_run_sheet, who, cast.programme_id, name="Theirs")
        with pytest.raises(refusal):
            run(service.drop_run_sheet, who, kept)
        with pytest.raises(refusal):
            queries.run_sheet_template_for(db.session(), who, kept)
    assert queries.run_sheet_templates_for(db.session(), cast.sol) == []
    assert db.session.get(RunSheetTemplate, kept) is not None


def test_a_programme_begins_with_a_kept_run_sheet(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    page = joanne.get(f"/programmes/{cast.programme_id}").text
    assert "Keep as a template" in page
    assert joanne.post(f"/programmes/{cast.programme_id}/run-sheet-templates", data={"template_name": "Our <evening>"}).status_code == 303
    choices = joanne.get("/programmes/new").text
    assert "Our &lt;evening&gt;" in choices
    start = re.search(r'href="(/programmes/new\?start=own-\w+)"', choices)
    assert start is not None
    draft = joanne.get(start[1], follow_redirects=True).text
    assert "Arrive and eat" in draft
    assert "Who takes part from this first draft?" in draft
    assert signed_in(app, cast.sol).get(start[1]).status_code == 404


@pytest.mark.parametrize(("name", "said"), [("", "Enter a name."), ("x" * 121, "Field cannot be longer than 120 characters.")])
def test_an_impossible_name_is_refused_beside_its_field_and_kept(app: Flask, cast: Cast, name: str, said: str) -> None:
    answer = signed_in(app, cast.joanne).post(f"/programmes/{cast.programme_id}/run-sheet-templates", data={"template_name": name})
    assert answer.status_code == 400
    assert said in answer.text
    assert name in answer.text
    with app.app_context():
        assert db.session.scalar(select(RunSheetTemplate.id)) is None


def test_nothing_is_gated_on_design_partners_but_a_programme_without_one_says_so(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    data = {
        "name": "Sleep well",
        "purpose": "To rest.",
        "design_partners": "",
        "phases-0-name": "Topics",
        "phases-0-minutes": "50",
        "phases-0-owner": "Facilitator",
    }
    assert joanne.post("/programmes", data=data).status_code == 303
    assert "No design partner yet" in joanne.get("/programmes").text

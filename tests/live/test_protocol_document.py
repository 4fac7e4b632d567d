"""docs/protocol.md names everything another client needs."""

import re
from pathlib import Path

import pytest
from flask import Flask

from groupvisits.agenda.permissions import TAKING_PART
from groupvisits.core.errors import DomainError
from groupvisits.live import projections
from groupvisits.sessions.models import SEAT_STATES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "protocol.md").read_text()
NAMED = set(re.findall(r"`([a-z_:]+)`", TEXT))


def test_every_command_and_event_is_described(app: Flask) -> None:
    undescribed = set(app.extensions["socket_door"].actions) - NAMED
    assert not undescribed, f"Describe in docs/protocol.md: {undescribed}"


@pytest.mark.parametrize("name", [name for name in vars(projections) if name.isupper() and isinstance(getattr(projections, name), tuple) and name != "LISTS"])
def test_every_field_is_described(name: str) -> None:
    undescribed = set(getattr(projections, name)) - NAMED
    assert not undescribed, f"Describe in docs/protocol.md: {undescribed}"


def test_what_the_facilitator_and_the_display_get_besides_is_described() -> None:
    for fields in (*projections.RUN_OF.values(), *projections.PHASE_OF.values()):
        assert set(fields) <= NAMED


def test_every_state_of_a_seat_is_described_with_who_may_come_in() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|[^|]*\| (yes|no) \|$", TEXT, re.MULTILINE)
    described = {state: answer == "yes" for states, answer in rows for state in re.findall(r"`(\w+)`", states)}
    assert described == {state: state in TAKING_PART for state in SEAT_STATES}


def test_every_http_code_of_a_refusal_is_described(app: Flask) -> None:
    described = {code for row in re.findall(r"^\| ([0-9, ]+) \|", TEXT, re.MULTILINE) for code in re.findall(r"[0-9]+", row)}

    def refusals(kind: type[DomainError]) -> set[type[DomainError]]:
        return {kind}.union(*(refusals(each) for each in kind.__subclasses__()))

    assert {str(each.status) for each in refusals(DomainError)} <= described


def test_every_address_leads_somewhere(app: Flask) -> None:
    """Written as `GET /join/<join code>`, or without a method where it is a page."""
    addresses = app.url_map.bind("localhost")
    written = re.findall(r"`(?:(GET|POST) )?(/[a-z][^`\s]*(?:<[^`]*>[^`\s]*)?)`", TEXT)
    assert len(written) > 15
    for method, path in written:
        if path.startswith("/socket.io"):
            continue
        addresses.match(re.sub(r"<[^>]*>", "x", path.replace("<name>", "agenda:propose")).split("?")[0], method or "GET")  # raises where nothing is


def test_every_way_in_is_described(app: Flask) -> None:
    ways = {
        rule.rule.split("/")[1]
        for rule in app.url_map.iter_rules()
        if rule.endpoint in ("accounts.sign_in", "accounts.sign_out", "accounts.display", "accounts.link")
    }
    ways |= {rule.rule.split("/")[1] for rule in app.url_map.iter_rules() if rule.endpoint.startswith("live.") and not rule.rule.startswith("/sessions/")}
    assert {way for way in ways if f"/{way}" not in TEXT} == set()

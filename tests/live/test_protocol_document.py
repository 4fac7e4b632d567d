"""docs/protocol.md names everything another client needs."""

import re
from pathlib import Path

import pytest
from flask import Flask

from groupvisits.live import projections

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

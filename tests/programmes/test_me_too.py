"""How a programme counts "me too": how many each person has, and whether the counts are hidden at first."""

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.extensions import db
from groupvisits.programmes.models import Programme
from tests.cast import Cast, signed_in

FIELDS = {
    "name": "Diabetes together",
    "purpose": "To learn",
    "design_partners": "Dee",
    "phases-0-name": "Topics",
    "phases-0-minutes": "60",
    "phases-0-owner": "Facilitator",
    "phases-0-prompt": "",
}


def programme(app: Flask, cast: Cast) -> Programme:
    with app.app_context():
        return db.session.scalars(select(Programme).where(Programme.clinic_id == cast.tomas.clinic_id)).first()  # type: ignore[return-value]


def test_the_budget_and_the_hiding_are_kept_and_shown_again(app: Flask, cast: Cast) -> None:
    client, address = signed_in(app, cast.joanne), f"/programmes/{programme(app, cast).id}"
    assert client.post(address, data=FIELDS | {"support_budget": "3", "hides_supports": "y"}).status_code == 303
    assert (programme(app, cast).support_budget, programme(app, cast).hides_supports) == (3, True)
    page = client.get(address).text
    assert 'value="3"' in page and "checked" in page
    assert client.post(address, data=FIELDS | {"support_budget": ""}).status_code == 303
    assert (programme(app, cast).support_budget, programme(app, cast).hides_supports) == (None, False)


@pytest.mark.parametrize("typed", ["0", "21", "-1", "three", "9" * 30])
def test_an_impossible_budget_is_said_beside_the_field_and_kept_there(app: Flask, cast: Cast, typed: str) -> None:
    client, address = signed_in(app, cast.joanne), f"/programmes/{programme(app, cast).id}"
    refused = client.post(address, data=FIELDS | {"support_budget": typed})
    assert refused.status_code == 400 and "Enter a" in refused.text and f'value="{typed}"' in refused.text
    assert programme(app, cast).support_budget is None

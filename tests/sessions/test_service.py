"""Seats, the door, opening and closing."""

import pytest

from groupvisits.audit import service as audit
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.sessions import service
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def test_checking_in_gives_a_number_and_a_code(cast: Cast) -> None:
    code = run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    seat = db.session.get_one(Seat, cast.seats["rosa"])
    assert (seat.state, seat.slip_number, len(code)) == ("arrived", 1, 6)
    assert list(audit.verify(db.session())) == []


def test_a_stranger_does_not_find_the_session(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.open_session, cast.sol, cast.session_id)


def test_a_resident_may_not_close(cast: Cast) -> None:
    run(service.open_session, cast.tomas, cast.session_id)
    with pytest.raises(NotAllowed):
        run(service.close_session, cast.osei, cast.session_id)


def test_opening_twice_is_the_same_as_once(cast: Cast) -> None:
    run(service.open_session, cast.tomas, cast.session_id)
    version = db.session.get_one(GroupSession, cast.session_id).version
    run(service.open_session, cast.tomas, cast.session_id)
    assert db.session.get_one(GroupSession, cast.session_id).version == version

"""What the start pages read stays in the reader's clinic."""

from datetime import timedelta

import pytest

from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed
from groupvisits.core.transaction import write
from groupvisits.extensions import db
from groupvisits.home import queries
from groupvisits.outbox.models import OutboxMessage
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def test_a_stranger_reads_nothing_of_another_clinic(cast: Cast) -> None:
    with write() as tx:
        model = tx.get_one(Group, cast.group_id)
        tx.add(
            Group(
                id=ids.new_id(),
                clinic_id=cast.clinic_id,
                programme_id=cast.programme_id,
                name="Without dates",
                week=1,
                weekday=1,
                starts=model.starts,
                created_at=clock.now(),
            )
        )
        tx.add(OutboxMessage(id=ids.new_id(), clinic_id=cast.clinic_id, kind="patient_link", patient_id=cast.gladys.id, address="g@example.org", subject="s", text="t",
                             due_at=clock.now(), state="failed"))  # fmt: skip
    mine, theirs = queries.day_for(db.session(), cast.joanne), queries.day_for(db.session(), cast.sol)
    assert ({thing.facts["name"] for thing in mine.things if thing.facts}, len(mine.next_lines)) == ({"Without dates", "Gladys Nunn"}, 1)
    assert (theirs.things, theirs.next_lines, theirs.next_after) == ([], [], None)
    assert queries.steps_for(db.session(), cast.sol).patients == 1


def test_start_pages_are_for_their_roles(cast: Cast) -> None:
    for who in (cast.tomas, cast.ada, cast.rosa):
        with pytest.raises(NotAllowed):
            queries.day_for(db.session(), who)
        with pytest.raises(NotAllowed):
            queries.steps_for(db.session(), who)
    with pytest.raises(NotAllowed):
        queries.my_dates(db.session(), cast.quinn)


def test_a_cancelled_date_is_not_among_mine(cast: Cast) -> None:
    assert len(queries.my_dates(db.session(), cast.osei)) == 1
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "cancelled"
    assert queries.my_dates(db.session(), cast.osei) == []


def test_a_visit_of_yesterday_is_no_longer_mine_today(cast: Cast) -> None:
    with write() as tx:
        group_session = tx.get_one(GroupSession, cast.session_id)
        group_session.starts_at = clock.now() - timedelta(hours=20)
    assert queries.my_dates(db.session(), cast.osei) == []

"""Looking after an alarm: who goes, and what became of it. Nothing ends one but a person."""

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda import rules as agenda_rules
from groupvisits.agenda.models import Alarm
from groupvisits.agenda.service import accepted, let_out
from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.live.queries import who_may_go
from groupvisits.live.service.acts import Result, place_in
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession
from groupvisits.sessions.service import next_version


def take_alarm(tx: Transaction, actor: Actor, session_id: str, *, alarm_id: str, staff_member_id: str = "") -> Result:
    """The actor goes to this person, or whoever of the team they name does ("Dr Adler has this"); a nurse may, too. Refuses when somebody else has taken it."""
    group_session, alarm = _alarm(tx, actor, session_id, alarm_id, "live:take_alarm")
    taker = staff_member_id or actor.id
    if alarm.ended_at is not None:
        raise agenda_rules.AlarmHasEnded
    agenda_rules.check_can_take(alarm.taken_by, taker, _name_of(tx, alarm.taken_by))
    if alarm.taken_by == taker:
        return {"version": group_session.version, "alarm_id": alarm.id}
    if taker not in {each["id"] for each in who_may_go(tx, session_id)}:
        raise NotFound
    alarm.taken_by, alarm.taken_at = taker, clock.now()
    tx.flush()
    return _changed(tx, actor, "live:take_alarm", group_session, alarm, by=taker)


def end_alarm(tx: Transaction, actor: Actor, session_id: str, *, alarm_id: str, reason: str, show: bool = False) -> Result:
    """Somebody has looked, and says why it was none or what was done. With `show` the group may read the topic again, else it is for the one-on-one.

    Whoever ends an alarm that nobody has taken has taken it. Refuses without a reason, and when it has ended otherwise.
    """
    group_session, alarm = _alarm(tx, actor, session_id, alarm_id, "live:end_alarm")
    reason = agenda_rules.check_outcome(reason)
    if alarm.ended_at is not None:
        if (alarm.ended_by, alarm.ended_because) == (actor.id, reason):
            return {"version": group_session.version, "alarm_id": alarm.id}
        raise agenda_rules.AlarmHasEnded
    now = clock.now()
    alarm.taken_by, alarm.taken_at = alarm.taken_by or actor.id, alarm.taken_at or now
    alarm.ended_by, alarm.ended_because, alarm.ended_at = actor.id, reason, now
    topics = let_out(tx, alarm, show=show)
    tx.flush()
    if not topics:
        return _changed(tx, actor, "live:end_alarm", group_session, alarm, show=show)
    moved = topics[0].route == "one_on_one"
    done = accepted(tx, actor, "live:end_alarm", topics[0], patients=(alarm.patient_id,), everything=moved, alarms=True, alarm=alarm.id, show=show)
    return {"version": done["version"], "alarm_id": alarm.id}


def _alarm(tx: Transaction, actor: Actor, session_id: str, alarm_id: str, action: str) -> tuple[GroupSession, Alarm]:
    place = place_in(tx, actor, session_id, action)
    alarm = tx.get(Alarm, alarm_id)
    if alarm is None or alarm.session_id != session_id:
        raise NotFound
    return place.group_session, alarm


def _name_of(tx: Transaction, staff_member_id: str | None) -> str:
    return tx.get_one(StaffMember, staff_member_id).name if staff_member_id else ""


def _changed(tx: Transaction, actor: Actor, action: str, group_session: GroupSession, alarm: Alarm, **details: object) -> Result:
    version = next_version(tx, group_session.id)
    audit.record(tx, actor, action, alarm, session_id=group_session.id, patient=alarm.patient_id, **details)
    tx.announce(SessionChanged(group_session.id, version, alarms=True))
    return {"version": version, "alarm_id": alarm.id}

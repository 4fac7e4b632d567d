"""What whoever leads does with the room: its parts, the curtain, gathering topics, sharing the time, and handing the lead over."""

from sqlalchemy import select

from groupvisits.agenda.models import Topic
from groupvisits.agenda.service import check_seen
from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.live import queries, rules
from groupvisits.live.service.acts import Result, place_in, run_changed
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules import check_is_not_over, check_is_open
from groupvisits.sessions.service import next_version


def go_to_phase(tx: Transaction, actor: Actor, session_id: str, *, phase: int) -> Result:
    """The visit is in this part of its run sheet from now on. Refuses a part it does not have, and while it is not open."""
    group_session = _open_room(tx, actor, session_id, "live:phase")
    rules.check_phase(phase, len(group_session.phases))
    if group_session.phase == phase:
        return _unchanged(group_session)
    group_session.phase, group_session.phase_started_at = phase, clock.now()
    return run_changed(tx, actor, "live:phase", group_session, group_session, phase=phase)


def draw_curtain(tx: Transaction, actor: Actor, session_id: str, *, on: bool = False) -> Result:
    """The wall shows a short pause, or the visit again. Set, never toggled."""
    group_session = _open_room(tx, actor, session_id, "live:curtain")
    if group_session.curtain == on:
        return _unchanged(group_session)
    group_session.curtain = on
    return run_changed(tx, actor, "live:curtain", group_session, group_session, on=on)


def gather_topics(tx: Transaction, actor: Actor, session_id: str, *, minutes: int) -> Result:
    """Wall and phones ask for topics until this many minutes from now; 0 ends it. Topics are taken before and after it just the same."""
    group_session = _open_room(tx, actor, session_id, "live:gather")
    if minutes == 0 and group_session.gathering_until is None:
        return _unchanged(group_session)
    group_session.gathering_until = rules.gathering_end(clock.now(), minutes)
    return run_changed(tx, actor, "live:gather", group_session, group_session, minutes=minutes)


def say_prompt(tx: Transaction, actor: Actor, session_id: str, *, phase: int, prompt: str, watch: str = "", base_version: int | None = None) -> Result:
    """This visit's part has this to say and this to watch; the programme keeps its own. Also while the visit is prepared."""
    group_session = place_in(tx, actor, session_id, "live:prompt").group_session
    check_is_not_over(group_session.state)
    rules.check_phase(phase, len(group_session.phases))
    said = {"prompt": rules.check_prompt(prompt, "prompt"), "watch": rules.check_prompt(watch, "watch")}
    return _phase_changed(tx, actor, "live:prompt", group_session, phase, said, base_version)


def give_phase(tx: Transaction, actor: Actor, session_id: str, *, phase: int, owner: str = "", seat_id: str = "", base_version: int | None = None) -> Result:
    """This part is led by this role, or by the patient of this seat, who reads so on their phone. Refuses seats of other visits."""
    group_session = place_in(tx, actor, session_id, "live:phase_owner").group_session
    check_is_not_over(group_session.state)
    rules.check_phase(phase, len(group_session.phases))
    if seat_id:
        seat = tx.get(Seat, seat_id)
        if seat is None or seat.session_id != session_id or seat.state in ("cancelled", "declined"):
            raise NotFound
    given = {"owner": rules.check_owner(owner) if not seat_id else "Patients", "owner_seat_id": seat_id}
    return _phase_changed(tx, actor, "live:phase_owner", group_session, phase, given, base_version)


def share_time(tx: Transaction, actor: Actor, session_id: str) -> Result:
    """Every planned topic has the same minutes, so that all fit into what is left of the conversation; returns them as "minutes".

    Refuses when nothing is planned, and when there is less than a minute for each.
    """
    group_session = _open_room(tx, actor, session_id, "live:share_time")
    planned = tx.scalars(select(Topic).where(Topic.session_id == session_id, Topic.state == "planned")).all()
    minutes = rules.fair_minutes(clock.now(), group_session.topic_ends_at, queries.talk_ends(group_session), len(planned))
    if all(topic.minutes == minutes for topic in planned):
        return _unchanged(group_session) | {"minutes": minutes}
    version = next_version(tx, session_id)
    for topic in planned:
        topic.minutes, topic.version = minutes, version
    audit.record(tx, actor, "live:share_time", group_session, session_id=session_id, minutes=minutes, topics=len(planned))
    told = tuple({topic.patient_id for topic in planned})
    tx.announce(SessionChanged(session_id, version, topics=tuple(topic.id for topic in planned), patients=told))
    return {"version": version, "minutes": minutes}


def hand_over(tx: Transaction, actor: Actor, session_id: str, *, staff_member_id: str = "") -> Result:
    """This facilitator of the visit is asked to take the lead; with nobody named the question is taken back. Refuses others and oneself."""
    group_session = _open_room(tx, actor, session_id, "live:hand_over")
    if staff_member_id:
        rules.check_can_hand_to(staff_member_id, actor.id, queries.facilitators_of(tx, session_id))
    if group_session.handed_to_id == (staff_member_id or None):
        return _unchanged(group_session)
    group_session.handed_to_id = staff_member_id or None
    return run_changed(tx, actor, "live:hand_over", group_session, group_session, to=staff_member_id)


def take_over(tx: Transaction, actor: Actor, session_id: str) -> Result:
    """The actor leads from now on; the other facilitators help. Any of them may take over at any time: a lead can fall ill."""
    group_session = _open_room(tx, actor, session_id, "live:take_over")
    if group_session.led_by_id == actor.id and group_session.handed_to_id is None:
        return _unchanged(group_session)
    group_session.led_by_id, group_session.handed_to_id = actor.id, None
    return run_changed(tx, actor, "live:take_over", group_session, group_session)


def _phase_changed(
    tx: Transaction, actor: Actor, action: str, group_session: GroupSession, phase: int, values: dict[str, str], base_version: int | None
) -> Result:
    phases = [dict(each) for each in group_session.phases]
    before = phases[phase]
    phases[phase] = before | values
    if phases[phase] == before:
        return _unchanged(group_session)
    check_seen(tx, actor, group_session.id, action, base_version, phase=phase)
    group_session.run_sheet = phases
    told = tuple(patient_id for patient_id in (_holder_of(tx, part.get("owner_seat_id")) for part in (before, phases[phase])) if patient_id)
    return run_changed(tx, actor, action, group_session, group_session, patients=told, phase=phase, seat=values.get("owner_seat_id", ""))


def _holder_of(tx: Transaction, seat_id: str | None) -> str | None:
    seat = tx.get(Seat, seat_id) if seat_id else None
    return seat.patient_id if seat else None


def _open_room(tx: Transaction, actor: Actor, session_id: str, action: str) -> GroupSession:
    group_session = place_in(tx, actor, session_id, action).group_session
    check_is_open(group_session.state)
    return group_session


def _unchanged(group_session: GroupSession) -> Result:
    return {"version": group_session.version}

"""Reads of feedback. A form is found by its token, which is the authority; results by reviewers of the clinic, and only what is released."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.feedback import items, rules, tokens
from groupvisits.feedback.items import Item
from groupvisits.feedback.models import FeedbackForm, FeedbackHandout, FeedbackResponse, FeedbackToken
from groupvisits.feedback.permissions import POLICY
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules.states import HERE

VISITS_AT_FIRST = 3


@dataclass(frozen=True)
class OpenForm:
    """What the holder of a token sees: which questions, and how to reach help. `problem` says why no answers are taken now."""

    items: list[Item]
    clinic: Clinic
    problem: rules.Refused | None = None


def form_by_token(db: Session, token: str) -> OpenForm | None:
    """The form this unused token opens; None if it was used; NotFound if it was never ours."""
    form = db.scalar(select(FeedbackForm).join(FeedbackToken).where(FeedbackToken.id == ids.fingerprint(token)))
    if form is None:
        if tokens.is_ours(token):
            return None
        raise NotFound
    return OpenForm(items.asked(form.items), db.get_one(Clinic, form.clinic_id), _problem(db, form))


def handout_waits(db: Session, seat: Seat) -> bool:
    """Whether a "Give feedback" button makes sense on this patient's phone: they came, the form is open, and none was handed to them yet."""
    form = db.get(FeedbackForm, seat.session_id)
    if form is None or seat.state not in HERE or _problem(db, form):
        return False
    return db.get(FeedbackHandout, seat.id) is None


def _problem(db: Session, form: FeedbackForm) -> rules.Refused | None:
    group_session = db.get_one(GroupSession, form.session_id)
    try:
        rules.check_takes_answers(group_session.state, form.state, form.closes_at, clock.now())
    except rules.Refused as problem:
        return problem
    return None


@dataclass(frozen=True)
class ItemResult:
    item: Item
    count: rules.Count | None


@dataclass(frozen=True)
class Shares:
    """How the talk of a visit was shared: people whose own topic was talked about, topics sent by their own hand, minutes on patients' topics of all."""

    heard: rules.Count
    own_hand: rules.Count | None
    minutes: int
    minutes_open: int


@dataclass(frozen=True)
class VisitResult:
    """One visit as reviewers see it: how many answered, and of the released answers what may be told."""

    session_id: str
    starts_at: datetime
    zone: str
    is_open: bool
    answered: int
    released: int
    items: list[ItemResult] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    talk: Shares | None = None

    @property
    def unreleased(self) -> int:
        return self.answered - self.released


@dataclass(frozen=True)
class GroupResult:
    group_id: str
    name: str
    visits: list[VisitResult]
    all_visits: int


def results_for(db: Session, viewer: Actor, *, group_id: str | None = None) -> list[GroupResult]:
    """The released feedback of the viewer's clinic by group, newest visit first: the last three visits, or all of one group's.

    NotFound for a group that has no form in this clinic.
    """
    POLICY.require(viewer, "feedback:read_results")
    query = select(FeedbackForm, GroupSession).join(GroupSession, GroupSession.id == FeedbackForm.session_id)
    query = query.where(FeedbackForm.clinic_id == viewer.clinic_id, GroupSession.state == "closed")
    if group_id:
        query = query.where(GroupSession.group_id == group_id)
    by_group: dict[str, list[tuple[FeedbackForm, GroupSession]]] = defaultdict(list)
    for form, group_session in db.execute(query.order_by(GroupSession.starts_at.desc())).unique():
        by_group[group_session.group_id].append((form, group_session))
    if group_id and not by_group:
        raise NotFound
    shown = {key: found if group_id else found[:VISITS_AT_FIRST] for key, found in by_group.items()}
    session_ids = [form.session_id for found in shown.values() for form, _ in found]
    answered, talks = _answered(db, session_ids), _talks(db, session_ids)
    groups = [
        GroupResult(key, found[0][1].group.name, [_visit(db, *pair, answered, talks) for pair in found], len(by_group[key])) for key, found in shown.items()
    ]
    return sorted(groups, key=lambda group: group.name)


def _answered(db: Session, session_ids: Sequence[str]) -> dict[str, int]:
    query = select(FeedbackResponse.session_id, func.count()).where(FeedbackResponse.session_id.in_(session_ids)).group_by(FeedbackResponse.session_id)
    return {row[0]: row[1] for row in db.execute(query)}


def _talks(db: Session, session_ids: Sequence[str]) -> dict[str, Mapping[str, int]]:
    figures_of = current_app.extensions["talk_figures"]
    return figures_of(db, session_ids) if figures_of else {}


def _shares(figures: Mapping[str, int] | None) -> Shares | None:
    """Told as coarsely as answers are: who was heard is no secret in the room, but readers of results were not there. None under five people."""
    heard = rules.tellable([(figures["heard"], figures["here"])]) if figures else None
    if not figures or not heard:
        return None
    return Shares(heard, rules.tellable([(figures["from_own_hand"], figures["talked_about"])]), figures["minutes_on_topics"], figures["minutes_open"])


def _visit(db: Session, form: FeedbackForm, group_session: GroupSession, answered: dict[str, int], talks: Mapping[str, Mapping[str, int]]) -> VisitResult:
    released = db.scalars(
        select(FeedbackResponse).where(FeedbackResponse.session_id == form.session_id, FeedbackResponse.batch > 0).order_by(FeedbackResponse.id)
    ).all()
    asked = items.asked(form.items)
    return VisitResult(
        form.session_id, group_session.starts_at, group_session.zone, form.state == "open", answered.get(form.session_id, 0), len(released),
        [ItemResult(item, rules.tellable(_batches(item, released))) for item in asked if item.kind == "words"] if released else [],
        [response.answers[item.key] for item in asked if item.kind == "text" for response in released if response.answers.get(item.key)],
        _shares(talks.get(form.session_id)),
    )  # fmt: skip


def _batches(item: Item, released: Iterable[FeedbackResponse]) -> list[tuple[int, int]]:
    said: dict[int, list[bool]] = defaultdict(list)
    for response in released:
        is_yes = item.says_yes(response.answers.get(item.key))
        if is_yes is not None:
            said[response.batch].append(is_yes)
    return [(sum(said[batch]), len(said[batch])) for batch in sorted(said)]

"""Topics and who supports them. A topic is never deleted: it ends in a state that says what became of it."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

ROUTES = ("group", "one_on_one")
# new -> planned -> current -> talked_about; or parked, taken_back; a one-on-one topic is answered there
TOPIC_STATES = ("new", "planned", "current", "talked_about", "answered_one_on_one", "parked", "taken_back")
ENDED = ("talked_about", "answered_one_on_one", "parked", "taken_back")


class Topic(db.Model):
    __tablename__ = "topics"
    __table_args__ = (
        CheckConstraint(f"route IN {ROUTES}", name="route"),
        CheckConstraint(f"state IN {TOPIC_STATES}", name="state"),
        Index("ix_topics_session_id_route_state", "session_id", "route", "state"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)  # the proposer
    words: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8), default="en")
    route: Mapped[str] = mapped_column(String(10))
    shows_name: Mapped[bool] = mapped_column(Boolean, default=False)  # only if its author chose that
    entered_by: Mapped[str | None] = mapped_column(String(32))  # staff who typed it for somebody without a phone
    state: Mapped[str] = mapped_column(String(20), default="new")
    position: Mapped[int | None] = mapped_column(Integer)  # order by hand; None = by support
    minutes: Mapped[int] = mapped_column(Integer, default=10)
    spoken_seconds: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str] = mapped_column(Text, default="")  # one line of what the group took from it
    carried_from_id: Mapped[str | None] = mapped_column(ForeignKey("topics.id"))
    carried_to_id: Mapped[str | None] = mapped_column(String(32))
    pre_visit: Mapped[bool] = mapped_column(Boolean, default=False)  # written before the visit
    after_close: Mapped[bool] = mapped_column(Boolean, default=False)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=0)  # the session's version at the last change


class Support(db.Model):
    """Somebody's "me too" on a topic: a row or none; counts are counted."""

    __tablename__ = "supports"
    topic_id: Mapped[str] = mapped_column(ForeignKey("topics.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PreVisitForm(db.Model):
    """What a patient wrote before one visit. Their concerns are topics of the visit from the start; here stands what is for the team."""

    __tablename__ = "pre_visit_forms"
    __table_args__ = (UniqueConstraint("session_id", "patient_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    matters: Mapped[str] = mapped_column(Text, default="")  # "What matters to you?"
    goal: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""Topics and who supports them. A topic is never deleted: it ends in a state that says what became of it."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

ROUTES = ("group", "one_on_one")
# new -> planned -> current -> talked_about; or parked, taken_back, declined; a one-on-one topic is answered there.
# merged: its fate is that of the topic it was joined to. split: its parts carry on.
TOPIC_STATES = ("new", "planned", "current", "talked_about", "answered_one_on_one", "parked", "taken_back", "merged", "split", "declined")
ENDED = ("talked_about", "answered_one_on_one", "parked", "taken_back", "merged", "split", "declined")
HIDDEN_BECAUSE = ("", "alarm", "asked", "personal")


class Topic(db.Model):
    __tablename__ = "topics"
    __table_args__ = (
        CheckConstraint(f"route IN {ROUTES}", name="route"),
        CheckConstraint(f"state IN {TOPIC_STATES}", name="state"),
        CheckConstraint(f"hidden_because IN {HIDDEN_BECAUSE}", name="hidden_because"),
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
    still_matters: Mapped[bool | None] = mapped_column(Boolean)  # its proposer's answer, for a topic that was carried over
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("topics.id"), index=True)
    came_with_id: Mapped[str | None] = mapped_column(String(32))  # the topic it was joined to when that one was joined to this head
    split_from_id: Mapped[str | None] = mapped_column(ForeignKey("topics.id"))
    state_before: Mapped[str] = mapped_column(String(20), default="")  # before it was joined to another, to come back to
    reason: Mapped[str] = mapped_column(String(200), default="")  # why it was parked or declined; its proposer reads it
    hidden_because: Mapped[str] = mapped_column(String(8), default="")  # while set, nobody reads its words but its author and whoever may clear it
    suggested_words: Mapped[str] = mapped_column(Text, default="")  # the facilitator's, until its author agrees
    pre_visit: Mapped[bool] = mapped_column(Boolean, default=False)  # written before the visit
    after_close: Mapped[bool] = mapped_column(Boolean, default=False)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=0)  # the session's version at the last change
    rev: Mapped[int] = mapped_column(Integer, default=0)  # counts the acts by which it says or stands for something else; support and order are none
    changed_by: Mapped[str | None] = mapped_column(String(32))  # the staff member of the last of these
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Support(db.Model):
    """Somebody's "me too" on a topic: a row or none; counts are counted."""

    __tablename__ = "supports"
    topic_id: Mapped[str] = mapped_column(ForeignKey("topics.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TopicTranslation(db.Model):
    """A topic in another language, by somebody in the room. It stands under the topic's own words, never instead of them."""

    __tablename__ = "topic_translations"
    __table_args__ = (CheckConstraint(f"hidden_because IN {HIDDEN_BECAUSE}", name="hidden_because"),)
    topic_id: Mapped[str] = mapped_column(ForeignKey("topics.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    hidden_because: Mapped[str] = mapped_column(String(8), default="")  # alarm or personal: only whoever leads reads it


class Alarm(db.Model):
    """A phrase of the clinic's list stood in what a patient wrote: a person is to look now. A word match, no medical opinion."""

    __tablename__ = "alarms"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    topic_id: Mapped[str | None] = mapped_column(ForeignKey("topics.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    phrase: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(8))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("staff_members.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("staff_members.id"))
    ended_because: Mapped[str] = mapped_column(String(200), default="")  # why it was none, or what was done
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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

"""What the room keeps of its own: questions put to it, and what a visit's talk was made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

POLL_ANSWERS = ("keep_going", "move_on", "park")


class Poll(db.Model):
    """The room is asked, without a word said, whether to go on with the current topic. One question at a time."""

    __tablename__ = "polls"
    __table_args__ = (
        Index("uq_polls_one_open", "session_id", unique=True, sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"))
    topic_id: Mapped[str] = mapped_column(ForeignKey("topics.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PollAnswer(db.Model):
    """One person's answer; a new one replaces it."""

    __tablename__ = "poll_answers"
    __table_args__ = (CheckConstraint(f"answer IN {POLL_ANSWERS}", name="answer"),)
    poll_id: Mapped[str] = mapped_column(ForeignKey("polls.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    answer: Mapped[str] = mapped_column(String(10))


class TalkAccount(db.Model):
    """How a visit's talk was shared, counted once at its close: how many were heard, and what part of topics and minutes was the patients'."""

    __tablename__ = "talk_accounts"
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

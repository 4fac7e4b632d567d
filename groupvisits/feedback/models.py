"""Anonymous feedback. Anonymity is in the tables: a response has no token, no time, no language and no order.

The tables that hold answers and tokens have random keys and, on SQLite, no row id, so that not even the order of arrival is kept.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db


class FeedbackForm(db.Model):
    """The form of one session; answers are taken from its closing until `closes_at`. Results wait for five responses."""

    __tablename__ = "feedback_forms"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="state"),)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    items: Mapped[list[str]] = mapped_column(JSON)  # the keys of the items asked, in order
    state: Mapped[str] = mapped_column(String(6), default="open")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    released_count: Mapped[int] = mapped_column(Integer, default=0)  # responses shown so far; grows in steps


class FeedbackToken(db.Model):
    """The fingerprint of a single-use token that was made and not used yet; using it deletes the row. Nobody is recorded as its holder."""

    __tablename__ = "feedback_tokens"
    __table_args__ = {"sqlite_with_rowid": False}
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("feedback_forms.session_id"), index=True)


class FeedbackHandout(db.Model):
    """That a seat was handed a token on its phone (so that it gets one), never which."""

    __tablename__ = "feedback_handouts"
    __table_args__ = {"sqlite_with_rowid": False}
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"), primary_key=True)


class FeedbackResponse(db.Model):
    """One person's answers, {item: value}, skipped items left out."""

    __tablename__ = "feedback_responses"
    __table_args__ = (CheckConstraint("batch >= 0", name="batch"), {"sqlite_with_rowid": False})
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("feedback_forms.session_id"), index=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    batch: Mapped[int] = mapped_column(Integer, default=0)  # 0 waits; 1, 2: shown with the first, second release

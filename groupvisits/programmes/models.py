"""Programmes, their run sheets, the standing groups of a programme, and who belongs to a group."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Text, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

TEAM_ROLES = ("facilitator", "resident", "attending", "nurse", "interpreter")
LAYOUTS = ("before", "parallel", "after")


class Programme(db.Model):
    """A kind of group visit with a purpose and a run sheet template, e.g. "Diabetes together"."""

    __tablename__ = "programmes"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(Text, default="")  # what patients read under "Why we meet"
    design_partners: Mapped[str] = mapped_column(Text, default="")
    # [{"name": "Topics", "minutes": 55, "owner": "facilitator", "prompt": "..."}], in order
    run_sheet: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Group(db.Model):
    """A standing cohort of a programme: members, a monthly rule, a team, a room."""

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("minimum >= 1 AND minimum <= target AND target <= maximum AND maximum <= 60", name="census"),
        CheckConstraint("week BETWEEN 1 AND 5 AND weekday BETWEEN 0 AND 6", name="rule"),
        CheckConstraint(f"layout IN {LAYOUTS}", name="layout"),
        CheckConstraint("minutes BETWEEN 15 AND 480 AND slot_minutes BETWEEN 2 AND 60", name="minutes"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    room: Mapped[str] = mapped_column(String(120), default="")
    week: Mapped[int] = mapped_column(Integer)  # 1-4, 5 = the last of the month
    weekday: Mapped[int] = mapped_column(Integer)  # 0 = Monday
    starts: Mapped[time] = mapped_column(Time)  # on the wall of the clinic's zone
    minutes: Mapped[int] = mapped_column(Integer, default=120)
    minimum: Mapped[int] = mapped_column(Integer, default=8)
    target: Mapped[int] = mapped_column(Integer, default=10)
    maximum: Mapped[int] = mapped_column(Integer, default=15)
    slot_minutes: Mapped[int] = mapped_column(Integer, default=8)
    layout: Mapped[str] = mapped_column(String(8), default="parallel")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)


class GroupTeamMember(db.Model):
    """A staff member who stands in a group's team, in one role."""

    __tablename__ = "group_team_members"
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    staff_member_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class Membership(db.Model):
    """A patient standing in a group: lasts over months, apart from what they answer for one date."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("group_id", "patient_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)

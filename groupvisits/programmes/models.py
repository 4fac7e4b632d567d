"""Programmes, their run sheets, the standing groups of a programme, and who belongs to a group."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Text, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

TEAM_ROLES = ("facilitator", "resident", "attending", "nurse", "interpreter")
LAYOUTS = ("before", "parallel", "after")
RULES = ("monthly", "weekly", "dates")
HOLIDAY_POLICIES = ("skip", "move", "keep")


class Programme(db.Model):
    """A kind of group visit with a purpose and a run sheet template, e.g. "Diabetes together"."""

    __tablename__ = "programmes"
    __table_args__ = (CheckConstraint("support_budget IS NULL OR support_budget BETWEEN 1 AND 20", name="support_budget"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(Text, default="")  # what patients read under "Why we meet"
    design_partners: Mapped[str] = mapped_column(Text, default="")
    # [{"name": "Topics", "minutes": 55, "owner": "facilitator", "prompt": "...", "watch": "..."}], in order
    run_sheet: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    support_budget: Mapped[int | None] = mapped_column(Integer)  # how many "me too" each person has in one visit; None: as many as they like
    hides_supports: Mapped[bool] = mapped_column(default=False)  # nobody sees counts until the facilitator shows them
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Group(db.Model):
    """A standing cohort of a programme: members, a monthly rule, a team, a room."""

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("minimum >= 1 AND minimum <= target AND target <= maximum AND maximum <= 60", name="census"),
        CheckConstraint("week BETWEEN 1 AND 5 AND weekday BETWEEN 0 AND 6", name="rule"),
        CheckConstraint(f"layout IN {LAYOUTS}", name="layout"),
        CheckConstraint(f"rule IN {RULES} AND every_weeks BETWEEN 1 AND 52", name="repeats"),
        CheckConstraint(f"holiday_policy IN {HOLIDAY_POLICIES}", name="holiday_policy"),
        CheckConstraint("providers BETWEEN 0 AND 20 AND go_no_go_days BETWEEN 0 AND 60 AND invite_days BETWEEN 1 AND 180", name="days"),
        CheckConstraint("minutes BETWEEN 15 AND 480 AND slot_minutes BETWEEN 2 AND 60", name="minutes"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    room: Mapped[str] = mapped_column(String(120), default="")
    meeting_link: Mapped[str] = mapped_column(String(300), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")  # IANA; empty: the clinic's
    rule: Mapped[str] = mapped_column(String(8), default="monthly")  # what repeats the visits: week and weekday, every n weeks, or chosen dates
    every_weeks: Mapped[int] = mapped_column(Integer, default=4)
    first_day: Mapped[date | None] = mapped_column(Date)  # from which every n weeks are counted
    chosen_days: Mapped[list[str]] = mapped_column(JSON, default=list)  # "2026-12-08", for the rule "dates"
    holiday_policy: Mapped[str] = mapped_column(String(8), default="skip")
    providers: Mapped[int] = mapped_column(Integer, default=1)  # clinicians that one-on-ones are planned with until a team is chosen
    over_inviting: Mapped[bool] = mapped_column(default=False)
    go_no_go_days: Mapped[int] = mapped_column(Integer, default=7)
    invite_days: Mapped[int] = mapped_column(Integer, default=28)  # how long before a date its invitation is sent
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


class RunSheetTemplate(db.Model):
    """A run sheet of the clinic's own to begin programmes with, beside the presets."""

    __tablename__ = "run_sheet_templates"
    __table_args__ = (UniqueConstraint("clinic_id", "name"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    name: Mapped[str] = mapped_column(String(120))
    layout: Mapped[str] = mapped_column(String(8), default="parallel")
    phases: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recruit(db.Model):
    """How far somebody is on the way into a group. Attendance is never written here: it is counted from seats."""

    __tablename__ = "recruits"
    __table_args__ = (UniqueConstraint("group_id", "patient_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    eligible_at: Mapped[datetime] = mapped_column(UtcDateTime)
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

"""Clinics, staff members with their roles, browser sessions, patients' links and room displays."""

from datetime import datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupvisits.core.actor import STAFF_ROLES
from groupvisits.core.database import UtcDateTime
from groupvisits.core.language import LANGUAGES
from groupvisits.extensions import db


class Clinic(db.Model):
    """The tenant: nobody sees across clinics."""

    __tablename__ = "clinics"
    __table_args__ = (CheckConstraint("paper IN ('letter', 'a4')", name="paper"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(64))  # IANA, e.g. "America/New_York"
    country: Mapped[str] = mapped_column(String(2), default="US")
    phone: Mapped[str] = mapped_column(String(32), default="")
    emergency_number: Mapped[str] = mapped_column(String(16), default="911")
    paper: Mapped[str] = mapped_column(String(6), default="letter")
    languages: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["en"])  # offered to patients; those without review only in a demo
    two_factor_required: Mapped[bool] = mapped_column(Boolean, default=True)
    subdivision: Mapped[str] = mapped_column(String(8), default="")  # whose public holidays count, e.g. "MA"
    too_many_percent: Mapped[int] = mapped_column(Integer, default=10)  # the chance of more than the maximum that over-inviting may take
    offer_hours: Mapped[int] = mapped_column(Integer, default=24)  # how long an offered place is kept
    alarm_phrases: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))  # by language; None: the lists that come with the product
    wall_calls: Mapped[bool] = mapped_column(Boolean, default=False)  # the wall may say "Number 7, please come to Room 2"
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def language_for(self, wanted: str) -> str:
        """The language somebody who reads `wanted` is written to in: their own where the clinic offers it, else English.

        A language is offered outside of the practice clinic only after its human review.
        """
        return wanted if wanted in LANGUAGES and wanted in self.languages else "en"


class StaffRole(db.Model, RoleMixin):
    """One role of one staff member, in their clinic."""

    __tablename__ = "staff_roles"
    __table_args__ = (CheckConstraint(f"name IN {STAFF_ROLES}", name="name"),)
    staff_member_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)


class StaffMember(db.Model, UserMixin):
    """Somebody who works in one clinic. The columns from `active` on are those Flask-Security keeps."""

    __tablename__ = "staff_members"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_step: Mapped[int] = mapped_column(Integer, default=0)  # a code works once
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    create_datetime: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roles: Mapped[list[StaffRole]] = relationship(cascade="all, delete-orphan", lazy="selectin", order_by=StaffRole.name)


class SignInAttempt(db.Model):
    """Failed sign-ins by address, so that guessing is slowed down on every process alike."""

    __tablename__ = "sign_in_attempts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True)  # fingerprint of the e-mail address or the network address
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class BrowserSession(db.Model):
    """What one browser is signed in as. The cookie holds a secret, the row its fingerprint; deleting the row ends every copy."""

    __tablename__ = "browser_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_member_id: Mapped[str | None] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[str | None] = mapped_column(String(32), index=True)  # patients.id; no foreign key upwards
    display_id: Mapped[str | None] = mapped_column(ForeignKey("room_displays.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # coarse: written at most once a minute
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PatientLink(db.Model):
    """A single-use link to a patient's pages: only its fingerprint is stored, and only a POST uses it."""

    __tablename__ = "patient_links"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # fingerprint of the token
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    patient_id: Mapped[str] = mapped_column(String(32), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # "No, it is not for me"


class RoomDisplay(db.Model):
    """A screen on a wall, bound to one session by a code."""

    __tablename__ = "room_displays"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    session_id: Mapped[str] = mapped_column(String(32), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)  # fingerprint of the secret in its address
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffInvitation(db.Model):
    """A single-use link with which a new staff member chooses a password, or somebody who cannot sign in chooses a new one."""

    __tablename__ = "staff_invitations"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_member_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Installation(db.Model):
    """One row: what this database is. Made with it; `demo` writes only into a database that was made as a demo."""

    __tablename__ = "installation"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, default=1)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    setup_code: Mapped[str] = mapped_column(Text, default="")  # fingerprint of the one-time code of the first visitor
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""Who is told, in which words. Neutral: no diagnosis, no other person."""

from flask_babel import gettext as _

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core.transaction import Transaction
from groupvisits.outbox import service as outbox


def invite(tx: Transaction, clinic: Clinic, member: StaffMember, address: str) -> None:
    outbox.queue(
        tx, kind="staff_invitation", clinic_id=clinic.id, address=member.email, subject=_("Your account at %(clinic)s", clinic=clinic.name),
        text=_(
            "Hello %(name)s,\n\nyou can now use groupvisits at %(clinic)s. Choose your password here within 7 days:\n\n%(address)s\n\n"
            "The link works once. If you did not expect this, tell an administrator of your clinic.\n",
            name=member.name, clinic=clinic.name, address=address,
        ),
    )  # fmt: skip


def new_password(tx: Transaction, clinic: Clinic, member: StaffMember, address: str) -> None:
    outbox.queue(
        tx, kind="staff_password", clinic_id=clinic.id, address=member.email, subject=_("Choose a new password"),
        text=_(
            "Hello %(name)s,\n\nsomebody, probably you, asked for a new password at %(clinic)s. Choose it here within 7 days:\n\n%(address)s\n\n"
            "The link works once. If it was not you, do nothing: your password stays as it is.\n",
            name=member.name, clinic=clinic.name, address=address,
        ),
    )  # fmt: skip


def link_was_not_theirs(tx: Transaction, clinic: Clinic, coordinator: StaffMember, address: str) -> None:
    """No name: mail is read on many screens. The page behind the address asks for a sign-in."""
    outbox.queue(
        tx, kind="link_not_theirs", clinic_id=clinic.id, address=coordinator.email, subject=_("A link reached the wrong person"),
        text=_(
            "Hello %(name)s,\n\nsomebody opened a link meant for a patient and said it is not for them. The link no longer works and nothing was shown.\n\n"
            "Please check the patient's phone number and e-mail address, then send a new link:\n\n%(address)s\n",
            name=coordinator.name, address=address,
        ),
    )  # fmt: skip

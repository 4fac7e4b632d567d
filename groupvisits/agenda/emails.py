"""Who is told, in which words. Neutral: no name, no word of what was written."""

from flask_babel import gettext as _

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core.transaction import Transaction
from groupvisits.outbox import service as outbox


def tell_of_alarm(tx: Transaction, clinic: Clinic, member: StaffMember, address: str) -> None:
    """The page behind the address asks for a sign-in."""
    outbox.queue(
        tx, kind="alarm", clinic_id=clinic.id, address=member.email, subject=_("Please look at a visit now, %(clinic)s", clinic=clinic.name),
        text=_(
            "Hello %(name)s,\n\na word in what somebody wrote to %(clinic)s needs a look by a person, now. It was found by a list of words; nobody has judged it.\n\n"
            "Read it and say that you have taken it here:\n\n%(address)s\n",
            name=member.name, clinic=clinic.name, address=address,
        ),
    )  # fmt: skip

"""Who acts: a value handed to every verb and read, so that no rule depends on a request or a socket."""

from dataclasses import dataclass, field

STAFF_ROLES = ("admin", "coordinator", "facilitator", "resident", "attending", "nurse", "interpreter", "reviewer")


@dataclass(frozen=True)
class Actor:
    """A person, a room display or the system itself, as the door recognised it.

    `roles` holds staff roles, or exactly one of "patient", "display", "system", "anyone". `id` is the staff member's,
    the patient's or the display's. `browser_session` is the fingerprint of the sign-in it came with.
    """

    kind: str
    id: str = ""
    clinic_id: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    name: str = ""
    session_id: str = ""  # a display's one session
    browser_session: str = ""

    @property
    def is_known(self) -> bool:
        return self.kind != "anyone"

    @property
    def key(self) -> str:
        """Tells this person or display from every other one; open pages and kept commands belong to it."""
        return f"{self.kind}:{self.id}"

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


def staff(id: str, clinic_id: str, roles: frozenset[str] | set[str], name: str = "", browser_session: str = "") -> Actor:
    return Actor("staff", id, clinic_id, frozenset(roles), name, browser_session=browser_session)


def patient(id: str, clinic_id: str, name: str = "", browser_session: str = "") -> Actor:
    return Actor("patient", id, clinic_id, frozenset({"patient"}), name, browser_session=browser_session)


def display(id: str, clinic_id: str, session_id: str, browser_session: str = "") -> Actor:
    return Actor("display", id, clinic_id, frozenset({"display"}), "", session_id, browser_session)


def system(clinic_id: str = "") -> Actor:
    return Actor("system", "system", clinic_id, frozenset({"system"}), "groupvisits")


ANYONE = Actor("anyone", roles=frozenset({"anyone"}))

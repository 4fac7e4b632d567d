"""Who comes together, and who comes along."""

from groupvisits.core.errors import Conflict, Refused, mark

MAX_RELATION = 40
MOST_CARE_PARTNERS = 8


class SamePerson(Refused):
    message = mark("This is the same person. Choose whom they come together with.")


class AlreadyPaired(Conflict):
    message = mark("%(name)s already comes together with %(other)s. End that first.")


class TooManyCarePartners(Refused):
    message = mark("There are %(most)s people on this list already. End one who does not come any more.")


def check_two(patient_id: str, other_id: str) -> None:
    if patient_id == other_id:
        raise SamePerson(field="other_id")


def check_unpaired(name: str, other: str) -> None:
    """`other`: with whom this person comes together now, "" for nobody."""
    if other:
        raise AlreadyPaired(field="other_id", name=name, other=other)


def check_one_more(care_partners: int) -> None:
    if care_partners >= MOST_CARE_PARTNERS:
        raise TooManyCarePartners(field="name", most=MOST_CARE_PARTNERS)

"""What narrows a list of dates. Read from the address: a list can be kept and sent."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import HiddenField, SelectField
from wtforms.validators import Optional

from groupvisits.core.forms import BaseForm
from groupvisits.core.language import lazy as _l
from groupvisits.programmes.forms import DayField, choices_of

STATES = {"": _l("All"), "planned": _l("Planned"), "open": _l("Open now"), "closed": _l("Over"), "cancelled": _l("Cancelled")}


class DatesForm(BaseForm):
    """`chosen` gives a value only where it could be read; what could not is said beside its field and narrows nothing."""

    group = SelectField(_l("Group"), default="")
    state = SelectField(_l("State"), choices=choices_of(STATES), default="")
    since = DayField(_l("From"), name="from", validators=[Optional()])
    view = HiddenField()
    month = HiddenField()

    def offer_groups(self, groups: Iterable[tuple[str, str]]) -> None:
        self.group.choices = choices_of({"": _l("All groups"), **dict(groups)})

    def chosen(self, name: str) -> Any:
        field = self._fields[name]
        return None if field.errors else field.data

    def narrowed(self) -> dict[str, str]:
        return {"group_id": self.chosen("group") or "", "state": self.chosen("state") or ""}


def first_of_month(text: str | None, today: date) -> date:
    """The first day of a month as written in the address ("2026-12"); this month where that is no month of ours."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text or "", re.ASCII)
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)

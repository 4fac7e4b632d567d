"""The shape of what a coordinator enters about programmes and groups."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from wtforms import FieldList, Form, FormField, IntegerField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from groupvisits.core.forms import BaseForm, CommandForm, SelectChoice
from groupvisits.core.language import lazy as _l
from groupvisits.programmes import rules

WEEKS = {1: _l("First"), 2: _l("Second"), 3: _l("Third"), 4: _l("Fourth"), 5: _l("Last")}
WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
LAYOUTS = {
    "parallel": _l("While the group talks"),
    "before": _l("Before the group part"),
    "after": _l("After the group part"),
}
ROLES = {
    "facilitator": _l("Facilitator"),
    "resident": _l("Resident"),
    "attending": _l("Attending"),
    "nurse": _l("Nurse or medical assistant"),
    "interpreter": _l("Interpreter"),
}
OWNERS = {
    "Everybody": _l("Everybody"),
    "Facilitator": _l("Facilitator"),
    "Clinicians": _l("Clinicians"),
    "Nurse": _l("Nurse"),
    "Patients": _l("Patients"),
}


def _tidy(value: Any) -> Any:
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def choices_of(names: Mapping[Any, Any]) -> list[Any]:
    return [SelectChoice(value, label) for value, label in names.items()]


class WholeNumber(IntegerField):
    """Says in kind words what it could not read, and keeps it in the box."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as unreadable:
            raise ValueError(gettext("Enter a whole number, for example 10.")) from unreadable


class OwnerField(SelectField):
    """Who leads a phase. A word of the clinic's own, from elsewhere, stays choosable."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, choices=choices_of(OWNERS), validate_choice=False, **kwargs)

    def iter_choices(self) -> Any:
        if self.data and self.data not in OWNERS:
            self.choices = [*choices_of(OWNERS), SelectChoice(self.data, self.data)]
        return super().iter_choices()


class PhaseForm(Form):
    name = StringField(_l("Phase"), filters=[_tidy], validators=[InputRequired(_l("Give this phase a name, or remove it.")), Length(max=60)])
    minutes = WholeNumber(
        _l("Minutes"), validators=[InputRequired(_l("Enter the minutes of this phase.")), NumberRange(1, 240, _l("Enter between 1 and 240 minutes."))]
    )
    owner = OwnerField(_l("Who leads"), filters=[_tidy], validators=[Length(max=60)])
    prompt = StringField(_l("What to say or ask"), filters=[_tidy], validators=[Optional(), Length(max=300)])


class ProgrammeForm(CommandForm):
    name = StringField(_l("Name"), validators=[InputRequired(_l("Enter a name.")), Length(max=120)])
    purpose = TextAreaField(_l("Why we meet"), validators=[InputRequired(_l("Say why you meet. Patients read this first.")), Length(max=1000)])
    design_partners = TextAreaField(_l("Design partners"), validators=[Optional(), Length(max=500)])
    phases = FieldList(FormField(PhaseForm), max_entries=rules.MAX_PHASES)

    def arranged(self) -> dict[str, Any]:
        """The keyword arguments of the verbs."""
        keys = ("name", "minutes", "owner", "prompt")
        return {
            "name": self.name.data, "purpose": self.purpose.data, "design_partners": self.design_partners.data or "",
            "run_sheet": [{key: row[key] for key in keys} for row in self.phases.data],
        }  # fmt: skip

    def rearrange(self, act: str) -> None:
        """Add, remove or move a row ("add", "remove-2", "up-2", "down-2"), keeping everything typed; nothing is checked or saved."""
        typed = [{name: getattr(field, "_value", lambda field=field: field.data)() for name, field in entry.form._fields.items()} for entry in self.phases]
        verb, _, number = act.partition("-")
        index = int(number) if number.isdigit() else -1
        if verb == "add" and len(typed) < rules.MAX_PHASES:
            typed.append({"name": "", "minutes": "", "owner": "Facilitator", "prompt": ""})
        elif verb == "remove" and 0 <= index < len(typed):
            del typed[index]
        elif verb in ("up", "down") and 0 <= index < len(typed):
            to = index + (1 if verb == "down" else -1)
            if 0 <= to < len(typed):
                typed[index], typed[to] = typed[to], typed[index]
        while self.phases.entries:
            self.phases.pop_entry()
        for row in typed:
            entry = self.phases.append_entry({**row, "minutes": None})
            entry.form.minutes.raw_data = [row["minutes"]]
        for field in self:
            field.errors = []


class GroupForm(CommandForm):
    programme_id = SelectField(_l("Programme"), validators=[InputRequired(_l("Choose a programme."))])
    name = StringField(_l("Name of the group"), validators=[InputRequired(_l("Enter a name.")), Length(max=120)])
    room = StringField(_l("Room"), validators=[Optional(), Length(max=120)])
    week = SelectField(_l("Which week of the month"), coerce=int, choices=choices_of(WEEKS), default=2)
    weekday = SelectField(_l("Day"), coerce=int, choices=choices_of(dict(enumerate(WEEKDAYS))), default=1)
    starts = TimeField(_l("Start"), validators=[InputRequired(_l("Enter the time it starts, for example 17:30."))])
    minutes = WholeNumber(
        _l("How long, in minutes"),
        default=120,
        validators=[InputRequired(_l("Enter the minutes.")), NumberRange(15, 480, _l("Enter between 15 and 480 minutes."))],
    )
    minimum = WholeNumber(_l("At least"), default=8, validators=[InputRequired(_l("Enter a number.")), NumberRange(1, 60, _l("Enter between 1 and 60."))])
    target = WholeNumber(_l("Best"), default=10, validators=[InputRequired(_l("Enter a number.")), NumberRange(1, 60, _l("Enter between 1 and 60."))])
    maximum = WholeNumber(_l("At most"), default=15, validators=[InputRequired(_l("Enter a number.")), NumberRange(1, 60, _l("Enter between 1 and 60."))])
    slot_minutes = WholeNumber(
        _l("Minutes of each one-on-one"),
        default=8,
        validators=[InputRequired(_l("Enter the minutes.")), NumberRange(2, 60, _l("Enter between 2 and 60 minutes."))],
    )
    layout = RadioField(_l("When the one-on-ones are"), choices=choices_of(LAYOUTS), default="parallel")

    def arranged(self) -> dict[str, Any]:
        """The keyword arguments of the verbs."""
        return {name: value if value is not None else "" for name, value in self.body().items()}


class MemberForm(BaseForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])


class SearchForm(BaseForm):
    """By POST, so that no name stands in an address."""

    words = StringField(
        _l("Find a patient by name"),
        validators=[InputRequired(_l("Enter at least two letters of the name.")), Length(min=2, max=80, message=_l("Enter at least two letters of the name."))],
    )


def staff_choices(staff: Iterable[Any]) -> list[Any]:
    """Everybody who may stand in a team, with the role they would stand there in."""
    return [SelectChoice("", gettext("Choose…")), *(SelectChoice(f"{line.staff_member_id} {line.role}", f"{line.name}, {ROLES[line.role]}") for line in staff)]


class TeamForm(BaseForm):
    """`person` is "<staff member's id> <role>": one list of who may stand in a team, once for each role they have."""

    person = SelectField(_l("Add somebody to the team"), validators=[InputRequired(_l("Choose somebody."))])

    def chosen(self) -> dict[str, str]:
        staff_member_id, _, role = (self.person.data or "").partition(" ")
        return {"staff_member_id": staff_member_id, "role": role}

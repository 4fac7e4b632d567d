"""The shape of what a coordinator enters about programmes and groups."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext, ngettext
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

from groupvisits.accounts.forms import CheckboxesField, zone_names
from groupvisits.core.forms import BaseForm, CommandForm, MakingForm, SelectChoice, tidy
from groupvisits.core.language import lazy as _l
from groupvisits.patients.rules import dates
from groupvisits.programmes import rules

WEEKS = {1: _l("First"), 2: _l("Second"), 3: _l("Third"), 4: _l("Fourth"), 5: _l("Last")}
WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
LAYOUTS = {
    "parallel": _l("While the group talks"),
    "before": _l("Before the group part"),
    "after": _l("After the group part"),
}
RULES = {
    "monthly": _l("On a day of the month, such as the second Tuesday"),
    "weekly": _l("Every few weeks, counted from a first day"),
    "dates": _l("On days that you choose"),
}
HOLIDAY_POLICIES = {
    "skip": _l("Leave that date out"),
    "move": _l("Move it to the next working day on which the clinic is open"),
    "keep": _l("Hold it all the same"),
}
MOST_DAYS = 60
SLASHES = re.compile(r"\s*\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.].*|\d+")  # 4/3/2027 is two days, and we do not guess
ROLES = {
    "facilitator": _l("Facilitator"),
    "resident": _l("Resident"),
    "attending": _l("Attending"),
    "nurse": _l("Nurse or medical assistant"),
    "interpreter": _l("Interpreter"),
}
OWNERS = {owner: _l(owner) for owner in rules.OWNERS}


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
    name = StringField(_l("Phase"), filters=[tidy], validators=[InputRequired(_l("Give this phase a name, or remove it.")), Length(max=60)])
    minutes = WholeNumber(
        _l("Minutes"), validators=[InputRequired(_l("Enter the minutes of this phase.")), NumberRange(1, 240, _l("Enter between 1 and 240 minutes."))]
    )
    owner = OwnerField(_l("Who leads"), filters=[tidy], validators=[Length(max=60)])
    prompt = TextAreaField(_l("What to say or ask"), filters=[tidy], validators=[Optional(), Length(max=300)])
    watch = TextAreaField(_l("What to watch for"), filters=[tidy], validators=[Optional(), Length(max=300)])


class ProgrammeForm(MakingForm):
    name = StringField(_l("Name"), validators=[InputRequired(_l("Enter a name.")), Length(max=120)])
    purpose = TextAreaField(_l("Why we meet"), validators=[InputRequired(_l("Say why you meet. Patients read this first.")), Length(max=1000)])
    design_partners = TextAreaField(_l("Who takes part from this first draft?"), validators=[Optional(), Length(max=500)])
    phases = FieldList(FormField(PhaseForm), max_entries=rules.MAX_PHASES)
    support_budget = WholeNumber(
        _l("How many “me too” each person has in a visit"), validators=[Optional(), NumberRange(1, 20, _l("Enter a number from 1 to 20, or leave it empty."))]
    )
    hides_supports = BooleanField(_l("Hide how many said “me too” until the facilitator shows it"))

    def arranged(self) -> dict[str, Any]:
        """The keyword arguments of the verbs."""
        keys = ("name", "minutes", "owner", *rules.SAID)
        return {
            "name": self.name.data, "purpose": self.purpose.data, "design_partners": self.design_partners.data or "",
            "support_budget": self.support_budget.data, "hides_supports": self.hides_supports.data,
            "run_sheet": [{key: row[key] for key in keys} for row in self.phases.data],
        }  # fmt: skip

    def rearrange(self, act: str) -> None:
        """Add, remove or move a row ("add", "remove-2", "up-2", "down-2"), keeping everything typed; nothing is checked or saved."""
        typed = [{name: getattr(field, "_value", lambda field=field: field.data)() for name, field in entry.form._fields.items()} for entry in self.phases]
        verb, _, number = act.partition("-")
        index = int(number) if number.isdigit() else -1
        if verb == "add" and len(typed) < rules.MAX_PHASES:
            typed.append({"name": "", "minutes": "", "owner": "Facilitator", "prompt": "", "watch": ""})
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


class DayField(DateField):
    """A day near enough to be meant; what could not be read stays in the box."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as unreadable:
            raise ValueError(gettext("Enter a day, for example 2026-12-08.")) from unreadable
        if self.data is not None and not 2000 <= self.data.year <= 2100:
            raise ValueError(gettext("Enter a day between the years 2000 and 2100."))


class ClockField(TimeField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as unreadable:
            raise ValueError(gettext("Enter a time, for example 17:30.")) from unreadable


class DaysField(TextAreaField):
    """Days, one a line, as "2026-12-08" or "8 December 2026". `data` is kept as text; `days` are the days."""

    days: tuple[date, ...] = ()

    def process_data(self, value: Any) -> None:
        super().process_data("\n".join(value) if isinstance(value, list) else value)

    def pre_validate(self, form: Any) -> None:
        lines = [line.strip() for line in (self.data or "").splitlines() if line.strip()]
        if len(lines) > MOST_DAYS:
            raise StopValidation(gettext("Enter at most %(n)s days.", n=MOST_DAYS))
        days = []
        for line in lines:
            day = dates.read(line, dates.DAY_FIRST, date(2026, 1, 1)).value if not SLASHES.fullmatch(line) else None
            if day is None or not 2000 <= day.year <= 2100:
                raise StopValidation(gettext("We cannot read this day: %(line)s. Write it like 2026-12-08, one day a line.", line=line[:40]))
            days.append(day)
        self.days = tuple(sorted(set(days)))


class RuleFields(CommandForm):
    """What repeats a group's visits, for the group's own form and for moving its dates."""

    rule = RadioField(_l("How the visits repeat"), choices=choices_of(RULES), default="monthly")
    week = SelectField(_l("Which week of the month"), coerce=int, choices=choices_of(WEEKS), default=2)
    weekday = SelectField(_l("Day"), coerce=int, choices=choices_of(dict(enumerate(WEEKDAYS))), default=1)
    every_weeks = WholeNumber(_l("Every how many weeks"), default=4, validators=[Optional(), NumberRange(1, 52, _l("Enter between 1 and 52 weeks."))])
    first_day = DayField(_l("First day"), validators=[Optional()])
    chosen_days = DaysField(_l("Days"), validators=[Optional(), Length(max=2000)])
    starts = ClockField(_l("Start"), validators=[InputRequired(_l("Enter the time it starts, for example 17:30."))])
    minutes = WholeNumber(
        _l("How long, in minutes"),
        default=120,
        validators=[InputRequired(_l("Enter the minutes.")), NumberRange(15, 480, _l("Enter between 15 and 480 minutes."))],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.rule.data == "weekly" and not self.first_day.errors and self.first_day.data is None:
            self.first_day.errors = [gettext("Enter the first day. The weeks are counted from it.")]
            fine = False
        if self.rule.data == "weekly" and not self.every_weeks.errors and self.every_weeks.data is None:
            self.every_weeks.errors = [gettext("Enter between 1 and 52 weeks.")]
            fine = False
        if self.rule.data == "dates" and not self.chosen_days.errors and not self.chosen_days.days:
            self.chosen_days.errors = [gettext("Enter at least one day, one a line.")]
            fine = False
        return fine

    def repeats(self) -> dict[str, Any]:
        """The rule as the group's columns hold it."""
        weekly = self.rule.data == "weekly" and self.first_day.data is not None
        return {
            "rule": self.rule.data, "week": self.week.data, "weekday": self.first_day.data.weekday() if weekly and self.first_day.data else self.weekday.data,
            "every_weeks": self.every_weeks.data or 4, "first_day": self.first_day.data, "chosen_days": [day.isoformat() for day in self.chosen_days.days],
        }  # fmt: skip


def is_secure_address(form: Any, field: Any) -> None:
    """A link that patients' calendars carry: https only, with a host and nothing that could break a line."""
    try:
        parts = urlsplit(field.data)
        fine = parts.scheme == "https" and bool(parts.hostname) and "." in (parts.hostname or "") and not parts.username and field.data.isprintable()
    except ValueError:
        fine = False
    if not fine or any(character.isspace() for character in field.data):
        raise ValidationError(gettext("Enter a link that begins with https://."))


class KeepRunSheetForm(CommandForm):
    template_name = StringField(_l("Name of the template"), validators=[InputRequired(_l("Enter a name.")), Length(max=120)])


class DropRunSheetForm(BaseForm):
    template_id = StringField(validators=[InputRequired(), Length(max=32)])


class GroupForm(RuleFields, MakingForm):
    programme_id = SelectField(_l("Programme"), validators=[InputRequired(_l("Choose a programme."))])
    name = StringField(_l("Name of the group"), validators=[InputRequired(_l("Enter a name.")), Length(max=120)])
    room = StringField(_l("Room"), validators=[Optional(), Length(max=120)])
    meeting_link = StringField(_l("Meeting link"), validators=[Optional(), Length(max=300), is_secure_address])
    zone = SelectField(_l("Time zone"), validators=[Optional()])
    holiday_policy = RadioField(_l("When a date falls on a public holiday, or the clinic is closed"), choices=choices_of(HOLIDAY_POLICIES), default="skip")
    providers = WholeNumber(
        _l("Clinicians for one-on-ones"), default=1, validators=[InputRequired(_l("Enter a number.")), NumberRange(0, 20, _l("Enter between 0 and 20."))]
    )
    over_inviting = BooleanField(_l("Invite more people than there are places, as far as this group's attendance supports it"))
    go_no_go_days = WholeNumber(
        _l("Decide how many days before whether it takes place"),
        default=7,
        validators=[InputRequired(_l("Enter a number.")), NumberRange(0, 60, _l("Enter between 0 and 60 days."))],
    )
    invite_days = WholeNumber(
        _l("Invite how many days before"),
        default=28,
        validators=[InputRequired(_l("Enter a number.")), NumberRange(1, 180, _l("Enter between 1 and 180 days."))],
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone.choices = [SelectChoice("", gettext("The clinic's")), *(SelectChoice(zone, zone.replace("_", " ")) for zone in zone_names())]

    def check(self, windows: Mapping[str, Mapping[str, int]]) -> rules.MinuteCheck | None:
        """Whether everybody's one-on-one fits, by what is typed now; None as long as that cannot be said."""
        window = windows.get(self.programme_id.data or "", {}).get(self.layout.data or "")
        if not window or self.providers.data is None or not (self.target.data or 0) > 0 or not (self.slot_minutes.data or 0) > 0:
            return None
        return rules.MinuteCheck(min(self.target.data or 0, 60), min(self.slot_minutes.data or 0, 60), max(self.providers.data, 0), window)

    def arranged(self) -> dict[str, Any]:
        """The keyword arguments of the verbs."""
        return {**{name: value if value is not None else "" for name, value in self.body().items()}, **self.repeats()}


class MemberForm(BaseForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])


class NewcomersForm(CommandForm):
    """Several members at once: those of a roster who are ticked."""

    offered: list[str] = []

    import_id = SelectField(_l("The list you brought in"), validators=[InputRequired(_l("Choose a list."))])
    patient_ids = CheckboxesField(_l("Who joins this group?"), validators=[InputRequired(_l("Tick at least one person."))])

    def offer(self, rosters: Iterable[Any], people: Iterable[Any]) -> None:
        self.import_id.choices = [
            SelectChoice(
                roster.id, ngettext("%(name)s, %(num)s person", "%(name)s, %(num)s people", roster.imported_count, name=roster.file_name or gettext("A list"))
            )
            for roster in rosters
        ]
        names = {person.id: person.name for person in people}
        self.patient_ids.choices, self.offered = choices_of(names), list(names)


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

"""The shape of what is entered about dates, places, teams and at the door."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from flask_babel import gettext, ngettext
from wtforms import BooleanField, Form, FormField, HiddenField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from groupvisits.core.forms import BaseForm, CommandForm, MakingForm, SelectChoice
from groupvisits.core.language import lazy as _l
from groupvisits.core.language import words
from groupvisits.patients.rules import person
from groupvisits.patients.rules.languages import NAMES as LANGUAGES
from groupvisits.programmes.forms import ROLES, ClockField, DayField, RuleFields, WholeNumber, choices_of
from groupvisits.sessions.rules.door import MOST_COMPANIONS
from groupvisits.sessions.rules.series import MOST_DATES, Rule


class MoreDatesForm(CommandForm):
    count = WholeNumber(
        _l("How many dates"), default=12, validators=[InputRequired(_l("Enter a number.")), NumberRange(1, MOST_DATES, _l("Enter between 1 and 24 dates."))]
    )


class RuleChangeForm(RuleFields):
    """`session_id`: the first date that moves; empty for all dates to come."""

    session_id = HiddenField(validators=[Optional(), Length(max=32)])
    room = StringField(_l("Another room for these dates"), validators=[Optional(), Length(max=120)])

    def changed(self) -> dict[str, Any]:
        """The keyword arguments of the verb."""
        rule = Rule(
            kind=self.rule.data or "monthly", starts=self.starts.data or time(), week=self.week.data, weekday=self.weekday.data,
            every_weeks=self.every_weeks.data or 4, first_day=self.first_day.data, days=self.chosen_days.days,
        )  # fmt: skip
        return {"rule": rule, "minutes": self.minutes.data, "room": self.room.data or "", "session_id": self.session_id.data or ""}


class DateChangeForm(CommandForm):
    day = DayField(_l("Day"), validators=[InputRequired(_l("Enter a day, for example 2026-12-08."))])
    starts = ClockField(_l("Start"), validators=[InputRequired(_l("Enter the time it starts, for example 17:30."))])
    minutes = WholeNumber(
        _l("How long, in minutes"), validators=[InputRequired(_l("Enter the minutes.")), NumberRange(15, 480, _l("Enter between 15 and 480 minutes."))]
    )
    room = StringField(_l("Room"), validators=[Optional(), Length(max=120)])


class PlanForm(CommandForm):
    seen = HiddenField(validators=[InputRequired(), Length(max=100)])

    same_for: Mapping[str, list[str]] = {}  # a question that many dates share: the dates' own questions

    def choices_made(self) -> dict[str, str]:
        """What was chosen for each date, else for all of them where the date offers it."""
        made = {name: field.data or "" for name, field in self._fields.items() if name.startswith("choice-")}
        for shared, names in self.same_for.items():
            chosen = self._fields[shared].data
            for name in names:
                if not made[name] and chosen in [choice.value for choice in self._fields[name].iter_choices()]:  # type: ignore[attr-defined]
                    made[name] = chosen
        return made


def plan_form_for(questions: Mapping[str, tuple[str, list[Any]]], shared: Mapping[str, tuple[str, list[Any], list[str]]] | None = None) -> type[PlanForm]:
    """A form with one question for each clash: {field's name: (its words, its choices)}. No choice is made for anybody.

    `shared` asks many dates' question once: {field's name: (its words, its choices, the fields it answers for)}. Which of them need an
    answer depends on the others, so it is the verb that refuses.
    """
    fields: dict[str, Any] = {name: RadioField(asked, choices=choices, validate_choice=False) for name, (asked, choices) in questions.items()}
    for name, (asked, choices, _) in (shared or {}).items():
        fields[name] = RadioField(asked, choices=choices, default="", validate_choice=False)
    return type("PlanFormForQuestions", (PlanForm,), {**fields, "same_for": {name: names for name, (_, _, names) in (shared or {}).items()}})


class ClosureForm(CommandForm):
    """Days on which the clinic is closed (no room), or a room is used by others; with times, only then."""

    first_day = DayField(_l("First day"), validators=[InputRequired(_l("Enter the first day, for example 2026-12-24."))])
    last_day = DayField(_l("Last day"), validators=[Optional()])
    from_time = ClockField(_l("From"), validators=[Optional()])
    until_time = ClockField(_l("Until"), validators=[Optional()])
    room = StringField(_l("Room"), validators=[Optional(), Length(max=120)])
    reason = StringField(_l("What for"), validators=[InputRequired(_l("Say what for, for example Staff training.")), Length(max=120)])

    def entered(self) -> dict[str, Any]:
        """The keyword arguments of the verb."""
        return {**self.body(), "room": self.room.data or ""}


class ClosureRemovalForm(BaseForm):
    closure_id = StringField(validators=[InputRequired(), Length(max=32)])


class AnswerForm(CommandForm):
    seat_id = StringField(validators=[InputRequired(), Length(max=32)])
    answer = StringField(validators=[AnyOf(("yes", "no", "skip", "open"))])
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])


class SeatPatientForm(CommandForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])
    answer = StringField(validators=[AnyOf(("yes", "open"))])
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])


class WaitForm(CommandForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])


class OfferForm(CommandForm):
    reason = StringField(_l("Why now?"), validators=[Optional(), Length(max=200, message=_l("Use at most 200 characters."))])


class AheadForm(CommandForm):
    before_id = SelectField(_l("Ahead of whom?"), validate_choice=False, validators=[InputRequired(_l("Choose somebody.")), Length(max=32)])
    reason = StringField(
        _l("Why?"),
        validators=[
            InputRequired(_l("Say why this person goes ahead of those who wait longer.")),
            Length(max=200, message=_l("Use at most 200 characters.")),
        ],
    )


class UndoForm(BaseForm):
    act_id = StringField(validators=[Length(max=32)])


class MakeUpForm(CommandForm):
    other_id = StringField(validators=[InputRequired(_l("Choose a date.")), Length(max=32)])


class SeatForm(BaseForm):
    seat_id = StringField(validators=[InputRequired(), Length(max=32)])


class CancelForm(BaseForm):
    reason = StringField(_l("Why is this date cancelled?"), validators=[InputRequired(_l("Say why this date is cancelled.")), Length(max=200)])


class DecisionForm(CommandForm):
    decision = RadioField(
        _l("What is decided?"),
        choices=[SelectChoice("go", _l("It goes ahead")), SelectChoice("no_go", _l("It does not go ahead"))],
        validators=[InputRequired(_l("Choose whether it goes ahead."))],
    )
    reason = StringField(_l("Why?"), validators=[Optional(), Length(max=200, message=_l("Use at most 200 characters."))])


class MergeForm(CommandForm):
    target_id = HiddenField(validators=[InputRequired(), Length(max=32)])
    seen = HiddenField(validators=[InputRequired(), Length(max=64)])
    reason = StringField(
        _l("Why do the two dates become one?"),
        validators=[InputRequired(_l("Say why the two dates become one.")), Length(max=200, message=_l("Use at most 200 characters."))],
    )


class TeamForm(BaseForm):
    """`person` is "<staff member's id> <role>"."""

    person = SelectField(_l("Add somebody"), validate_choice=False, validators=[InputRequired(_l("Choose somebody.")), Length(max=60)])
    room = StringField(_l("Room for one-on-ones"), validators=[Optional(), Length(max=40)])

    def chosen(self) -> dict[str, str]:
        staff_member_id, _, role = (self.person.data or "").partition(" ")
        return {"staff_member_id": staff_member_id, "role": role if role in ROLES else ""}


class BirthDate(Form):
    """Three boxes: dates of birth are said and typed in many orders, and a calendar is no help with 1961."""

    day = WholeNumber(_l("Day"), validators=[Optional()])
    month = WholeNumber(_l("Month"), validators=[Optional()])
    year = WholeNumber(_l("Year"), validators=[Optional()])

    def as_date(self) -> date | None:
        try:
            return date(self.year.data or 0, self.month.data or 0, self.day.data or 0)
        except (ValueError, OverflowError):
            return None

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.as_date() is None:
            self.day.errors = [gettext("Enter day, month and year, for example 4 3 1961.")]
            return False
        return fine


class NameSearchForm(BaseForm):
    """For facilitators, who do not see dates of birth: the name shown in the room."""

    name = StringField(
        _l("First letters of the name"),
        validators=[InputRequired(_l("Enter at least two letters.")), Length(min=2, max=80, message=_l("Enter at least two letters."))],
    )


class DoorSearchForm(NameSearchForm):
    """For those who may look the registry up: name and day of birth together find one person."""

    born = FormField(BirthDate, label=_l("Day of birth"))


class ArrivalForm(BaseForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])
    new_slip = BooleanField()
    seen_alone = BooleanField()
    companions = WholeNumber(
        _l("How many come along?"),
        validators=[Optional(), NumberRange(0, MOST_COMPANIONS, _l("Enter how many come along, from %(min)s to %(max)s."))],
    )
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])

    def arrival(self) -> dict[str, Any]:
        """The keyword arguments of the verbs."""
        return {
            "new_slip": self.new_slip.data, "seen_alone": self.seen_alone.data, "companions": self.companions.data,
            "over_maximum_reason": self.over_maximum_reason.data or "",
        }  # fmt: skip


class NewcomerForm(MakingForm):
    """Somebody at the door who is not in the registry: no more than is needed to let them in; the rest can be asked later."""

    given_name = StringField(_l("First name"), [InputRequired(_l("Enter the first name.")), Length(max=person.MAX_NAME)])
    family_name = StringField(_l("Family name"), [InputRequired(_l("Enter the family name.")), Length(max=person.MAX_NAME)])
    born = FormField(BirthDate, label=_l("Date of birth"))
    language = SelectField(_l("Language"))
    is_another_person = BooleanField(_l("This is another person with the same name and date of birth"))

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = [code for code in languages if code in LANGUAGES]
        self.language.choices = [SelectChoice(code, LANGUAGES[code]) for code in [*first, *(code for code in LANGUAGES if code not in first)]]

    def refuse(self, error: Any) -> None:
        if error.field == "birth_date":
            self.born.form.day.errors = [words(error)]
        else:
            super().refuse(error)


ATTENDANCE = {
    "attended": _l("Came and stayed"),
    "left_early": _l("Came and left early"),
    "no_show": _l("Did not come"),
    "declined": _l("Cancelled beforehand"),
}


class LeavingForm(BaseForm):
    seat_id = StringField(validators=[InputRequired(), Length(max=32)])
    is_back = BooleanField()


class CorrectionForm(BaseForm):
    after = RadioField(_l("What is right?"), choices=choices_of(ATTENDANCE), validators=[InputRequired(_l("Choose what is right."))])
    left_at = TimeField(_l("When did they leave?"), validators=[Optional()])
    reason = StringField(
        _l("Why is this corrected?"), validators=[InputRequired(_l("Say why this is corrected. The reason stays on record.")), Length(max=200)]
    )


WAY = {
    "eligible": _l("Could join"),
    "contacted": _l("Contacted"),
    "agreed": _l("Agreed, has not come yet"),
    "attended": _l("Came at least once"),
    "regular": _l("Comes regularly"),
    "declined": _l("Said no"),
    "never": _l("Agreed and never came"),
}


class RecruitsForm(CommandForm):
    """One person found by search, a list of record numbers, or everybody new of a roster: whichever was filled in."""

    patient_id = StringField(validators=[Optional(), Length(max=32)])
    numbers = TextAreaField(_l("Record numbers, one on each line"), validators=[Optional(), Length(max=40_000)])
    import_id = SelectField(_l("Or everybody new of a list you brought in"), validators=[Optional()], default="")

    def offer(self, rosters: Iterable[Any]) -> None:
        none = SelectChoice("", gettext("No list"))
        named = (
            SelectChoice(
                roster.id, ngettext("%(name)s, %(num)s person", "%(name)s, %(num)s people", roster.imported_count, name=roster.file_name or gettext("A list"))
            )
            for roster in rosters
        )
        self.import_id.choices = [none, *named]

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if fine and not any(self.chosen().values()):
            self.numbers.errors = [gettext("Enter at least one record number, or choose a list.")]
            return False
        return fine

    def chosen(self) -> dict[str, Any]:
        """The keyword arguments of the verb."""
        numbers = [part.strip() for part in re.split(r"[\n\r,;\t]+", self.numbers.data or "") if part.strip()]
        return {"patient_ids": [self.patient_id.data] if self.patient_id.data else [], "numbers": numbers, "import_id": self.import_id.data or ""}


class RecruitStepForm(CommandForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])
    step = StringField(validators=[AnyOf(("eligible", "contacted", "agreed", "declined"))])
    take_back = BooleanField()

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        return fine and (self.take_back.data or self.step.data != "eligible")

"""The shape of what is entered about dates, places, teams and at the door."""

from datetime import date
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, Form, FormField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from groupvisits.core.forms import BaseForm, CommandForm, SelectChoice
from groupvisits.core.language import lazy as _l
from groupvisits.programmes.forms import ROLES, WholeNumber

CLOCK_CHOICES = {
    "missing": [SelectChoice("later", _l("Start as much later as the clocks jump")), SelectChoice("skip", _l("Leave this date out"))],
    "twice": [
        SelectChoice("first", _l("The first time the clocks show it")),
        SelectChoice("second", _l("The second time, an hour later")),
        SelectChoice("skip", _l("Leave this date out")),
    ],
}


class SeriesForm(CommandForm):
    seen = HiddenField(validators=[InputRequired(), Length(max=1000)])

    def choices_made(self) -> dict[str, str]:
        return {name.removeprefix("choice-"): field.data or "" for name, field in self._fields.items() if name.startswith("choice-")}


def series_form_for(questions: dict[str, str]) -> type[SeriesForm]:
    """A form with one question for each date whose time needs a choice: {"2027-03-14": "missing"}. No choice is made for anybody."""
    fields = {
        f"choice-{key}": RadioField(
            _l("What shall we do?"), choices=CLOCK_CHOICES[problem], validators=[InputRequired(_l("Choose what to do with this date."))]
        )
        for key, problem in questions.items()
    }
    return type("SeriesFormForPlan", (SeriesForm,), fields)


class AnswerForm(CommandForm):
    seat_id = StringField(validators=[InputRequired(), Length(max=32)])
    answer = StringField(validators=[AnyOf(("yes", "no", "open"))])
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])


class SeatPatientForm(CommandForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])
    answer = StringField(validators=[AnyOf(("yes", "open"))])
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])


class SeatForm(BaseForm):
    seat_id = StringField(validators=[InputRequired(), Length(max=32)])


class CancelForm(BaseForm):
    reason = StringField(_l("Why is this date cancelled?"), validators=[InputRequired(_l("Say why this date is cancelled.")), Length(max=200)])


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
        except ValueError:
            return None


class DoorSearchForm(BaseForm):
    """For those who may look the registry up: name and day of birth together find one person."""

    name = StringField(
        _l("First letters of the name"),
        validators=[InputRequired(_l("Enter at least two letters.")), Length(min=2, max=80, message=_l("Enter at least two letters."))],
    )
    born = FormField(BirthDate, label=_l("Day of birth"))

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.born.form.as_date() is None:
            self.born.form.day.errors = [gettext("Enter day, month and year, for example 4 3 1961.")]
            return False
        return fine


class NameSearchForm(BaseForm):
    """For facilitators, who do not see dates of birth: the name shown in the room."""

    name = StringField(
        _l("First letters of the name"),
        validators=[InputRequired(_l("Enter at least two letters.")), Length(min=2, max=80, message=_l("Enter at least two letters."))],
    )


class ArrivalForm(BaseForm):
    patient_id = StringField(validators=[InputRequired(), Length(max=32)])
    new_slip = BooleanField()
    over_maximum_reason = StringField(_l("Why is one more person let in?"), validators=[Optional(), Length(max=200)])

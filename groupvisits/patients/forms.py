"""The shape of what coordinators enter: one patient, a search, a file, what its columns mean, a confirmation."""

from datetime import date
from typing import Any, cast

from flask_babel import gettext
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, EmailField, Form, FormField, HiddenField, RadioField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from groupvisits.core.forms import BaseForm, CommandForm, MakingForm, SelectChoice
from groupvisits.core.language import lazy as _l
from groupvisits.patients.rules import columns, dates, person
from groupvisits.patients.rules.languages import NAMES as LANGUAGES

CHANNELS = [
    SelectChoice("", _l("Whatever works: e-mail, else a text, else a call")),
    SelectChoice("email", _l("By e-mail")),
    SelectChoice("text", _l("By text message")),
    SelectChoice("call", _l("By telephone call")),
]


class BirthDate(Form):
    day = StringField(_l("Day"), [Length(max=4)], render_kw={"inputmode": "numeric"})
    month = StringField(_l("Month"), [Length(max=20)])
    year = StringField(_l("Year"), [Length(max=6)], render_kw={"inputmode": "numeric"})


class PatientForm(MakingForm):
    given_name = StringField(_l("First name"), [InputRequired(_l("Enter the first name.")), Length(max=person.MAX_NAME)], render_kw={"autocomplete": "off"})
    family_name = StringField(_l("Family name"), [InputRequired(_l("Enter the family name.")), Length(max=person.MAX_NAME)], render_kw={"autocomplete": "off"})
    display_name = StringField(_l("Name to show in the room"), [Optional(), Length(max=person.MAX_DISPLAY_NAME)], render_kw={"autocomplete": "off"})
    birth_date = FormField(BirthDate, _l("Date of birth"))
    record_number = StringField(_l("Record number"), [Optional(), Length(max=person.MAX_RECORD_NUMBER)], render_kw={"autocomplete": "off"})
    phone = TelField(_l("Phone"), [Optional(), Length(max=40)], render_kw={"autocomplete": "off"})
    email = EmailField(_l("E-mail"), [Optional(), Length(max=person.MAX_EMAIL)], render_kw={"autocomplete": "off"})
    language = SelectField(_l("Language"))
    needs = StringField(_l("Needs"), [Optional(), Length(max=person.MAX_NEEDS)], render_kw={"autocomplete": "off"})
    channel = RadioField(_l("How would they like to hear from you?"), choices=CHANNELS, default="", validators=[Optional()])
    agreed_to_texts = BooleanField(_l("They agreed to text messages"))
    is_another_person = BooleanField(_l("This is another person with the same name and date of birth"))
    seen = HiddenField(validators=[Optional(), Length(max=40)])

    def __init__(self, *args: Any, languages: list[str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.born: date | None = None
        first = [code for code in languages if code in LANGUAGES]
        kept = [self.language.data] if self.language.object_data == self.language.data and self.language.data and self.language.data not in LANGUAGES else []
        self.language.choices = [SelectChoice(code, LANGUAGES.get(code, code)) for code in [*first, *(code for code in LANGUAGES if code not in first), *kept]]

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and self._read_birth_date()

    def _read_birth_date(self) -> bool:
        parts = [(self.birth_date.form[name].data or "").strip() for name in ("day", "month", "year")]
        if not any(parts):
            return True
        if not all(parts) or not (len(parts[2]) == 4 and parts[2].isdecimal()):
            return self._wrong_date(gettext("Enter day, month and year, the year with four digits. Or leave all three empty."))
        reading = dates.read(" ".join(parts), dates.DAY_FIRST, self.today)
        if reading.value is None:
            return self._wrong_date(gettext("There is no such day in the calendar."))
        self.born = reading.value
        return True

    def _wrong_date(self, message: str) -> bool:
        self.birth_date.form.day.errors = [message]
        return False

    def refuse(self, error: Any) -> None:
        from groupvisits.core.language import words

        if error.field == "birth_date":
            self._wrong_date(words(error))
        else:
            super().refuse(error)

    def details(self) -> dict[str, Any]:
        names = ("given_name", "family_name", "display_name", "record_number", "phone", "email", "language", "needs", "channel")
        return {"birth_date": self.born, "agreed_to_texts": bool(self.agreed_to_texts.data), **{name: self._fields[name].data or "" for name in names}}


class ReachForm(BaseForm):
    """A patient's own choice."""

    channel = RadioField(choices=CHANNELS, default="", validators=[Optional()])
    agreed_to_texts = BooleanField(_l("You may send me text messages"))


class NameForm(BaseForm):
    """A patient's own choice."""

    display_name = StringField(
        validators=[Optional(), Length(max=person.MAX_DISPLAY_NAME, message=_l("This is too long."))], render_kw={"autocomplete": "nickname"}
    )


class SearchForm(BaseForm):
    search = StringField(_l("Find a patient"), [Length(max=100)], render_kw={"autocomplete": "off"})


class RosterForm(CommandForm):
    file = FileField(_l("Your list, as a CSV file"))

    def validate_file(self, field: Any) -> None:
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            from wtforms.validators import ValidationError

            raise ValidationError(gettext("Choose a file first."))


class MappingForm(BaseForm):
    full_name = SelectField(default="")
    given_name = SelectField(default="")
    family_name = SelectField(default="")
    display_name = SelectField(default="")
    birth_date = SelectField(default="")
    record_number = SelectField(default="")
    phone = SelectField(default="")
    email = SelectField(default="")
    language = SelectField(default="")
    needs = SelectField(default="")
    death_date = SelectField(default="")
    date_order = RadioField(_l("Which comes first in these dates?"), choices=[], validators=[Optional()], validate_choice=False)

    def __init__(self, *args: Any, names: list[str], samples: list[list[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nowhere = SelectChoice("", gettext("Not in this list"))
        choices = [nowhere, *(SelectChoice(str(i), f"{name}: {', '.join(samples[i])}" if samples[i] else name) for i, name in enumerate(names))]
        for key, label in columns.FIELDS.items():
            field = self._fields[key]
            field.choices = choices  # type: ignore[attr-defined]
            field.label.text = gettext(label)

    def ask_about(self, example: str, today: date) -> None:
        """Offer both readings of a date of the file, written out."""
        from groupvisits.core.language import day

        self.date_order.choices = [
            SelectChoice(order, gettext("%(written)s is %(day)s", written=example, day=day(found.value, year=True, weekday=False)) if found.value else label)
            for order, label in ((dates.DAY_FIRST, gettext("The day comes first")), (dates.MONTH_FIRST, gettext("The month comes first")))
            for found in [dates.read(example, order, today)]
        ]

    def offered(self) -> set[str]:
        return {cast(Any, choice).value for choice in self.given_name.iter_choices()}

    def mapping(self) -> dict[str, int]:
        return {key: int(self._fields[key].data) for key in columns.FIELDS if self._fields[key].data not in (None, "")}


class ConfirmForm(CommandForm):
    seen = HiddenField(validators=[Length(max=40)])
    known = RadioField(
        _l("What happens to those already here?"),
        choices=[SelectChoice("skip", _l("Leave them as they are")), SelectChoice("update", _l("Bring them up to date with this list"))],
        validators=[Optional()],
        validate_choice=False,  # the verb knows whether a choice is needed
    )
    leave_out = BooleanField(_l("Leave out the rows with problems"))

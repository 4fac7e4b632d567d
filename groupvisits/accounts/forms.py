"""The shape of what people type into accounts' pages."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField, TelField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from groupvisits.core.actor import STAFF_ROLES
from groupvisits.core.forms import BaseForm, MakingForm, SelectChoice
from groupvisits.core.language import LANGUAGES
from groupvisits.core.language import lazy as _l


def is_address(form: Any, field: Any) -> None:
    """An e-mail address that could exist; whether it does shows when a message comes back."""
    try:
        field.data = validate_email(field.data, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValidationError(gettext("Enter an e-mail address such as name@example.org.")) from None


class CheckboxesField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SignInForm(BaseForm):
    email = EmailField(_l("E-mail address"), validators=[InputRequired(_l("Enter your e-mail address")), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password")), Length(max=200)])


class CodeForm(BaseForm):
    code = StringField(_l("Code from your authenticator app"), validators=[InputRequired(_l("Enter the six digits")), Length(max=20)])


class FirstCodeForm(CodeForm):
    """For somebody whose sign-in may be hours old: an open page alone must not bring an authenticator of its own."""

    password = PasswordField(_l("Your password"), validators=[InputRequired(_l("Enter your password")), Length(max=200)])


class RecoveryCodeForm(BaseForm):
    code = StringField(_l("One of your recovery codes"), validators=[InputRequired(_l("Enter one of your recovery codes")), Length(max=40)])


class NewPasswordForm(BaseForm):
    password = PasswordField(_l("New password"), validators=[InputRequired(_l("Choose a password"))])


class AskForPasswordForm(BaseForm):
    email = EmailField(_l("E-mail address"), validators=[InputRequired(_l("Enter your e-mail address")), Length(max=254)])


ROLES = {
    "admin": (_l("Administrator"), _l("Keeps accounts and settings. Sees no patient data.")),
    "coordinator": (_l("Coordinator"), _l("Schedules groups, fills seats, keeps patients' contact data. Sees no notes.")),
    "facilitator": (_l("Facilitator"), _l("Runs the room. Sees display names and topics, no notes and no birth dates.")),
    "resident": (_l("Resident"), _l("Sees patients one-on-one in the visits they are rostered to, and writes notes.")),
    "attending": (_l("Attending"), _l("Supervises and co-signs notes of the visits they are rostered to.")),
    "nurse": (_l("Nurse or medical assistant"), _l("Checks people in.")),
    "interpreter": (_l("Interpreter"), _l("Sees the visits they are rostered to.")),
    "reviewer": (_l("Reviewer"), _l("Reads anonymous feedback once it is released.")),
}
assert tuple(ROLES) == STAFF_ROLES  # a new role needs its words here


class RolesForm(BaseForm):
    roles = CheckboxesField(
        _l("What does this person do?"),
        choices=[SelectChoice(key, words[0]) for key, words in ROLES.items()],
        validators=[InputRequired(_l("Choose at least one role"))],
    )


class InviteForm(RolesForm, MakingForm):
    name = StringField(
        _l("Name"),
        validators=[InputRequired(_l("Enter the person's name, as it stands on the badge")), Length(max=120, message=_l("Use at most 120 characters"))],
    )
    email = EmailField(_l("E-mail address"), validators=[InputRequired(_l("Enter an e-mail address")), Length(max=254), is_address])


def _phrases(language: str) -> Any:
    return TextAreaField(LANGUAGES[language], default="", validators=[Length(max=30_000, message=_l("This is too long."))])


class ClinicForm(BaseForm):
    name = StringField(
        _l("Name of the clinic"), validators=[InputRequired(_l("Enter the clinic's name")), Length(max=120, message=_l("Use at most 120 characters"))]
    )
    zone = SelectField(_l("Time zone"), default="America/New_York")
    country = SelectField(_l("Country"), default="US")
    subdivision = StringField(_l("State or region"), validators=[Optional(), Length(max=8, message=_l("Use the short name, for example MA"))])
    phone = TelField(_l("Telephone number that patients may call"), validators=[Optional(), Length(max=32, message=_l("Use at most 32 characters"))])
    emergency_number = StringField(
        _l("Emergency number"), default="911", validators=[InputRequired(_l("Enter the number to call in an emergency")), Length(max=16)]
    )
    paper = RadioField(_l("Paper in the printer"), choices=[SelectChoice("letter", _l("US Letter")), SelectChoice("a4", _l("A4"))], default="letter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone.choices, self.country.choices = _zones(), _countries()


class SettingsForm(ClinicForm):
    wall_calls = BooleanField(_l("The wall may say “Number 7, please come to Room 2”"))
    languages = CheckboxesField(_l("Languages that patients can choose"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])


class PhrasesForm(BaseForm):
    """The phrases at which a person is to look at once: one box for each language, one phrase a line."""

    phrases_en = _phrases("en")
    phrases_es = _phrases("es")
    phrases_pt = _phrases("pt")
    phrases_ht = _phrases("ht")

    @property
    def boxes(self) -> dict[str, Any]:
        return {language: self._fields[f"phrases_{language}"] for language in LANGUAGES}

    def written(self) -> dict[str, str]:
        return {language: box.data or "" for language, box in self.boxes.items()}


class SetUpForm(ClinicForm):
    code = StringField(_l("One-time code"), validators=[InputRequired(_l("Enter the code that the server printed when it started")), Length(max=20)])
    your_name = StringField(_l("Your name"), validators=[InputRequired(_l("Enter your name")), Length(max=120, message=_l("Use at most 120 characters"))])
    email = EmailField(_l("Your e-mail address"), validators=[InputRequired(_l("Enter your e-mail address")), Length(max=254), is_address])
    password = PasswordField(_l("Choose a password"), validators=[InputRequired(_l("Choose a password"))])


@cache
def _zones() -> list[Any]:
    return [SelectChoice(zone, zone.replace("_", " ")) for zone in zone_names()]


def zone_names() -> list[str]:
    """The IANA zones a clinic or a group can live in."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")))


@cache
def _countries() -> list[Any]:
    named = Locale("en").territories.items()
    known = ((name, code) for code, name in named if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"))
    return [SelectChoice(code, name) for name, code in sorted(known)]

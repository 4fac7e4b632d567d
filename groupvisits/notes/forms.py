"""The shapes of what is typed into notes."""

from flask_babel import gettext
from wtforms import HiddenField, IntegerField, PasswordField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from groupvisits.core.forms import BaseForm, CommandForm, SelectChoice
from groupvisits.core.language import lazy as _l
from groupvisits.notes import rules

MAX_WORDS = 4000
TOO_LONG = _l("This is too long: at most %(max)d letters.")
CONFIDENCE = [SelectChoice(str(n), str(n)) for n in range(11)]


def _words() -> TextAreaField:
    return TextAreaField(validators=[Length(max=MAX_WORDS, message=TOO_LONG)])


class NoteForm(BaseForm):
    """A draft: eight texts, a plan, and the revision the page was made from."""

    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(min=0)])
    co_assess_patient = _words()
    co_assess_clinician = _words()
    co_decide_patient = _words()
    co_decide_clinician = _words()
    co_design_patient = _words()
    co_design_clinician = _words()
    co_deliver_patient = _words()
    co_deliver_clinician = _words()
    plan_what = StringField(_l("What"), validators=[Length(max=200, message=TOO_LONG)])
    plan_when = StringField(_l("When and how often"), validators=[Length(max=200, message=TOO_LONG)])
    plan_confidence = RadioField(_l("How sure are they that they can do it?"), choices=CONFIDENCE, validators=[Optional()])

    def fields(self) -> dict[str, str | None]:
        return {name: self[name].data for name in rules.FIELDS}


class SavedForm(BaseForm):
    """Which revision a page was made from."""

    base_revision = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(min=0)])


def _choice_form() -> type[SavedForm]:
    """Two versions side by side: for each field what was typed here, and which one to keep."""
    fields: dict[str, object] = {}
    for name in rules.FIELDS:
        fields[f"mine_{name}"] = TextAreaField(widget=HiddenInput(), validators=[Length(max=MAX_WORDS)])
        fields[f"choice_{name}"] = RadioField(
            choices=[SelectChoice("mine", _l("Keep what I typed here")), SelectChoice("saved", _l("Keep what is saved"))], validators=[Optional()]
        )
    return type("ChoiceForm", (SavedForm,), fields)


ChoiceForm = _choice_form()


class SignForm(CommandForm):
    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    someone_else = SelectMultipleField(validate_choice=False)
    secret = PasswordField(
        _l("Code from your authenticator app, or your password"),
        validators=[InputRequired(_l("Enter a new code from your app, or your password")), Length(max=200)],
    )


class CosignForm(CommandForm):
    signature_id = HiddenField(validators=[InputRequired(), Length(max=32)])
    presence = RadioField(
        _l("Where were you during this one-on-one?"),
        choices=[
            SelectChoice("whole_time", _l("In the room, all the time")),
            SelectChoice("key_part", _l("In the room for the key part")),
            SelectChoice("discussed", _l("Not in the room. We talked it through before the patient left")),
            SelectChoice("read_after", _l("Not in the room. I read the note afterwards")),
        ],
        validators=[InputRequired(_l("Say where you were"))],
    )
    attestation = TextAreaField(_l("In your own words"), validators=[Length(max=2000, message=TOO_LONG)])
    secret = PasswordField(
        _l("Code from your authenticator app, or your password"),
        validators=[InputRequired(_l("Enter a new code from your app, or your password")), Length(max=200)],
    )

    def validate_attestation(self, attestation: TextAreaField) -> None:
        if self.presence.data == "key_part" and not attestation.data:
            raise ValidationError(gettext(rules.KeyPartMissing.message))


class ReturnForm(CommandForm):
    signature_id = HiddenField(validators=[InputRequired(), Length(max=32)])
    comment = TextAreaField(_l("What should be changed?"), validators=[Length(max=2000, message=TOO_LONG)])


class AddendumForm(CommandForm):
    kind = RadioField(
        _l("What kind of addition is it?"),
        choices=[
            SelectChoice("addendum", _l("Something more to say")),
            SelectChoice("late_entry", _l("Something that was forgotten at the time")),
            SelectChoice("entered_in_error", _l("This note, or a part of it, was entered in error")),
        ],
        validators=[InputRequired(_l("Choose what kind of addition it is"))],
    )
    words = TextAreaField(_l("Your words"), validators=[Length(max=MAX_WORDS, message=TOO_LONG)])
    someone_else = SelectMultipleField(validate_choice=False)

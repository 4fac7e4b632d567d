"""What a patient sends from their own pages."""

from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from groupvisits.core.forms import BaseForm, SelectChoice
from groupvisits.core.language import lazy as _l

MAX_COMPANIONS = 4


class ContactForm(BaseForm):
    """How somebody wants to be told, and whether texts are fine. Choosing the same again changes nothing."""

    channel = RadioField(
        _l("How shall we tell you?"), validators=[Optional(), Length(max=10)], validate_choice=False,
        choices=[SelectChoice("email", _l("By e-mail")), SelectChoice("text", _l("By text message")), SelectChoice("call", _l("Somebody calls me"))],
    )  # fmt: skip
    agrees_to_texts = BooleanField(_l("Yes, you may send me texts. I can stop them at any time by answering STOP."))


class AnswerForm(BaseForm):
    """Yes, no, or not this month; with a yes, how many come along. Saying it twice is saying it once."""

    answer = StringField(validators=[InputRequired(_l("Choose one of the answers.")), AnyOf(("yes", "no", "skip"), message=_l("Choose one of the answers."))])
    companions = IntegerField(
        _l("How many people come with you?"), default=0,
        validators=[Optional(), NumberRange(0, MAX_COMPANIONS, message=_l("Enter a number from 0 to 4. If more people want to come, call us."))],
    )  # fmt: skip

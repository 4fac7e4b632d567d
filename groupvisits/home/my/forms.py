"""What a patient sends from their own pages."""

from wtforms import IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from groupvisits.core.forms import BaseForm
from groupvisits.core.language import lazy as _l

MAX_COMPANIONS = 4


class OfferForm(BaseForm):
    answer = StringField(validators=[InputRequired(_l("Choose one of the answers.")), AnyOf(("accept", "decline"), message=_l("Choose one of the answers."))])


class OtherDateForm(BaseForm):
    other_id = StringField(validators=[InputRequired(_l("Choose a day.")), Length(max=36)])


class AnswerForm(BaseForm):
    """Yes, no, or not this month; with a yes, how many come along. Saying it twice is saying it once."""

    answer = StringField(validators=[InputRequired(_l("Choose one of the answers.")), AnyOf(("yes", "no", "skip"), message=_l("Choose one of the answers."))])
    companions = IntegerField(
        _l("How many people come with you?"), default=0,
        validators=[Optional(), NumberRange(0, MAX_COMPANIONS, message=_l("Enter a number from 0 to 4. If more people want to come, call us."))],
    )  # fmt: skip

"""How many cards."""

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from groupvisits.core.forms import BaseForm
from groupvisits.core.language import lazy as _l
from groupvisits.feedback.rules import MAX_CARDS


class FeedbackCardsForm(BaseForm):
    count = IntegerField(_l("How many cards?"), [InputRequired(_l("Say how many.")), NumberRange(1, MAX_CARDS, _l("Between %(min)s and %(max)s."))])

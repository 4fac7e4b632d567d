"""How many cards."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from groupvisits.core.forms import BaseForm
from groupvisits.feedback.rules import MAX_CARDS


class FeedbackCardsForm(BaseForm):
    count = IntegerField(_l("How many cards?"), [InputRequired(_l("Say how many.")), NumberRange(1, MAX_CARDS, _l("Between %(min)s and %(max)s."))])

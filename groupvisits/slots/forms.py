"""The bodies of the live commands about one-on-ones."""

from wtforms import StringField
from wtforms.validators import AnyOf, InputRequired, Length

from groupvisits.core.forms import BaseForm
from groupvisits.slots.rules import ANSWERS


class PlanForm(BaseForm):
    pass


class SlotForm(BaseForm):
    slot_id = StringField(validators=[InputRequired(), Length(max=32)])


class AnswerForm(SlotForm):
    answer = StringField(validators=[InputRequired(), AnyOf(ANSWERS)])


class CallNextForm(SlotForm):
    finish_slot_id = StringField(default="", validators=[Length(max=32)])

"""The shape of what is sent to the live room and at its door."""

from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange

from groupvisits.core.forms import BaseForm, TextList
from groupvisits.core.language import lazy as _l
from groupvisits.live.permissions import AUDIENCES


class SubscribeForm(BaseForm):
    session_id = StringField(validators=[InputRequired(), Length(max=36)])
    audience = StringField(validators=[InputRequired(), AnyOf(list(AUDIENCES))])


class PhaseForm(BaseForm):
    phase = IntegerField(validators=[InputRequired(_l("Choose a part of the visit.")), NumberRange(0, 60)])


class CurtainForm(BaseForm):
    on = BooleanField()


class AdmitForm(BaseForm):
    guest_id = StringField(validators=[InputRequired(), Length(max=36)])
    seat_id = StringField(validators=[InputRequired(_l("Choose who this is.")), Length(max=36)])


class CloseForm(BaseForm):
    """Two lists in the same order: who came and was not seen one-on-one, and why."""

    unseen = TextList(each_at_most=36)
    because = TextList(each_at_most=200)


class JoinForm(BaseForm):
    code = StringField(
        _l("Code on the wall"), validators=[InputRequired(_l("Enter the code on the wall.")), Length(max=20, message=_l("This code is too long."))]
    )
    slip = StringField(_l("Code on your slip"), validators=[Length(max=20, message=_l("This code is too long."))])

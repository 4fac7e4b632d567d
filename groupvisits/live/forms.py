"""The shape of what is sent to the live room and at its door."""

from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange

from groupvisits.agenda.forms import SeenForm
from groupvisits.agenda.rules.alarms import MAX_REASON
from groupvisits.core.forms import BaseForm, TextList
from groupvisits.core.language import lazy as _l
from groupvisits.live.models import POLL_ANSWERS
from groupvisits.live.permissions import AUDIENCES


class SubscribeForm(BaseForm):
    session_id = StringField(validators=[InputRequired(), Length(max=36)])
    audience = StringField(validators=[InputRequired(), AnyOf(list(AUDIENCES))])


class PhaseForm(BaseForm):
    phase = IntegerField(validators=[InputRequired(_l("Choose a part of the visit.")), NumberRange(0, 60)])


class CurtainForm(BaseForm):
    on = BooleanField()


class GatherForm(BaseForm):
    minutes = IntegerField(
        validators=[InputRequired(_l("Enter a number of minutes.")), NumberRange(0, 60, message=_l("Enter a number of minutes from 0 to 60."))]
    )


class PromptForm(PhaseForm, SeenForm):
    prompt = StringField(validators=[Length(max=2000, message=_l("This is too long."))])
    watch = StringField(validators=[Length(max=2000, message=_l("This is too long."))])


class PhaseOwnerForm(PhaseForm, SeenForm):
    owner = StringField(validators=[Length(max=200, message=_l("This is too long."))])
    seat_id = StringField(validators=[Length(max=36)])


class HandOverForm(BaseForm):
    staff_member_id = StringField(validators=[Length(max=36)])


class NothingForm(BaseForm):
    """An act that needs no more than its name."""


class AskRoomForm(BaseForm):
    topic_id = StringField(validators=[InputRequired(_l("Choose a topic.")), Length(max=36)])


class PollForm(BaseForm):
    poll_id = StringField(validators=[InputRequired(), Length(max=36)])


class AnswerPollForm(PollForm):
    answer = StringField(validators=[InputRequired(_l("Choose an answer.")), AnyOf(POLL_ANSWERS, message=_l("Choose an answer."))])


class WishForm(BaseForm):
    in_person = BooleanField()


class ListenForm(BaseForm):
    on = BooleanField()


class AlarmForm(BaseForm):
    alarm_id = StringField(validators=[InputRequired(), Length(max=36)])


class TakeAlarmForm(AlarmForm):
    staff_member_id = StringField(validators=[Length(max=36)])


class EndAlarmForm(AlarmForm):
    reason = StringField(_l("What did you find, or do?"), validators=[Length(max=MAX_REASON, message=_l("This is too long."))])
    show = BooleanField()


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

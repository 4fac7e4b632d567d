"""The shape of what is sent about topics, by socket and by POST alike. What is allowed is decided in rules."""

from typing import Any

from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange

from groupvisits.agenda.models import ROUTES
from groupvisits.agenda.rules import MAX_MINUTES
from groupvisits.core.forms import BaseForm, TextList
from groupvisits.core.language import lazy as _l

MAX_ID = 36


def id_field(missing: str) -> Any:
    return StringField(validators=[InputRequired(missing), Length(max=MAX_ID)])


def words_field() -> Any:
    # Longer than the rule allows, so that the rule's own sentence answers.
    return StringField(_l("What do you want us to talk about?"), default="", validators=[Length(max=2000, message=_l("This is too long."))])


def route_field() -> Any:
    # A choice about privacy has no default.
    missing = _l("Choose who this is for: the group, or your one-on-one only.")
    return StringField(validators=[InputRequired(missing), AnyOf(ROUTES, message=missing)])


class ProposeForm(BaseForm):
    words = words_field()
    route = route_field()
    shows_name = BooleanField(_l("Show my name with it"))


class ProposeForForm(BaseForm):
    seat_id = id_field(_l("Choose whose topic this is."))
    words = words_field()
    route = route_field()


class TopicForm(BaseForm):
    topic_id = id_field(_l("Choose a topic."))


class SupportForm(TopicForm):
    on = BooleanField()


class TimeBoxForm(TopicForm):
    minutes = IntegerField(
        validators=[
            InputRequired(_l("Enter a number of minutes.")),
            NumberRange(1, MAX_MINUTES, message=_l("Enter a number of minutes from 1 to 120.")),
        ]
    )


class FinishForm(TopicForm):
    outcome = StringField(validators=[Length(max=2000, message=_l("This is too long."))])


class OrderForm(BaseForm):
    topic_ids = TextList(each_at_most=MAX_ID)

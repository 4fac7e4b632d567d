"""The shape of what is sent about topics, by socket and by POST alike. What is allowed is decided in rules."""

from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from groupvisits.agenda.models import ROUTES
from groupvisits.agenda.rules import MAX_CONCERNS, MAX_MINUTES
from groupvisits.core.forms import BaseForm, SelectChoice, TextList
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


class ActForm(TopicForm):
    """An act of whoever leads; `base_rev` says which state of the topic they were looking at."""

    base_rev = IntegerField(validators=[Optional(), NumberRange(0, 1_000_000)])


class SeenForm(BaseForm):
    """An act of whoever leads on what is no topic; `base_version` says which version of the visit they were looking at."""

    base_version = IntegerField(validators=[Optional(), NumberRange(0, 2**31 - 1)])


class RewordForm(TopicForm):
    words = words_field()


class RouteForm(TopicForm):
    route = route_field()


class AgreeForm(TopicForm):
    agree = BooleanField()


class StillMattersForm(TopicForm):
    matters = BooleanField()


class SuggestForm(ActForm):
    words = words_field()


class ReasonForm(ActForm):
    reason = StringField(validators=[Length(max=2000, message=_l("This is too long."))])


class ShowSupportsForm(BaseForm):
    on = BooleanField()


class SupportForm(TopicForm):
    on = BooleanField()


class TimeBoxForm(ActForm):
    minutes = IntegerField(
        validators=[
            InputRequired(_l("Enter a number of minutes.")),
            NumberRange(1, MAX_MINUTES, message=_l("Enter a number of minutes from 1 to 120.")),
        ]
    )


class FinishForm(ActForm):
    outcome = StringField(validators=[Length(max=2000, message=_l("This is too long."))])


class MergeForm(ActForm):
    into_id = id_field(_l("Choose the topic to join it to."))


class SplitForm(ActForm):
    parts = TextList(each_at_most=2000, at_most=20)  # longer and more than the rules allow, so that their own sentences answer


class LanguageForm(TopicForm):
    language = StringField(validators=[InputRequired(_l("Choose a language.")), Length(max=8, message=_l("Choose a language."))])


class TranslateForm(LanguageForm):
    words = words_field()


class OrderForm(SeenForm):
    topic_ids = TextList(each_at_most=MAX_ID)


def _box(label: str) -> Any:
    return TextAreaField(label, default="", validators=[Optional(), Length(max=5000, message=_l("This is too long."))])


def _for_whom() -> Any:
    # No choice is made for anybody; the rule says when one is missing.
    choices = [SelectChoice("group", _l("In the group")), SelectChoice("one_on_one", _l("Only in my one-on-one"))]
    return RadioField(_l("Where would you like to talk about it?"), choices=choices, validate_choice=False, validators=[Optional(), Length(max=20)])


class PreVisitForm(BaseForm):
    """What matters, up to three concerns, one goal. Saying the same again changes nothing, so it needs no id of its own."""

    matters = _box(_l("What matters to you?"))
    words_1 = _box(_l("First thing"))
    route_1 = _for_whom()
    words_2 = _box(_l("Second thing"))
    route_2 = _for_whom()
    words_3 = _box(_l("Third thing"))
    route_3 = _for_whom()
    goal = _box(_l("One goal until we meet again"))

    def entered(self) -> dict[str, Any]:
        each = range(1, MAX_CONCERNS + 1)
        concerns = [(self._fields[f"words_{n}"].data or "", self._fields[f"route_{n}"].data or "") for n in each]
        return {"matters": self.matters.data or "", "goal": self.goal.data or "", "concerns": concerns}


def as_entered(found: Any) -> dict[str, str]:
    """A form as it was filled in (queries.FormNow), for its boxes."""
    data = {"matters": found.matters, "goal": found.goal}
    for number, topic in enumerate(found.concerns[:MAX_CONCERNS], start=1):
        data |= {f"words_{number}": topic.words, f"route_{number}": topic.route}
    return data

"""The shape of answers: one field for each question asked, every one of which may be left empty."""

from functools import partial

from flask_babel import gettext
from wtforms import RadioField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from groupvisits.core.forms import BaseForm
from groupvisits.feedback.items import Item

MAX_CHANGE = 1000


def answers_form(asked: list[Item]) -> BaseForm:
    """The form of these questions. It carries no CSRF token: that would need the browser session, and its address is the authority."""
    fields = {item.key: _field(item) for item in asked}
    form_class = type("AnswersForm", (BaseForm,), fields)
    return form_class(meta={"csrf": False})


def _field(item: Item) -> RadioField | TextAreaField:
    if item.kind == "text":
        too_long = Length(max=MAX_CHANGE, message=gettext("Please shorten this to %(max)d characters. Nothing you wrote is lost."))
        return TextAreaField(gettext(item.question), validators=[Optional(), too_long], render_kw={"maxlength": MAX_CHANGE, "autocomplete": "off"})
    known = AnyOf([word.value for word in item.words], message=gettext("Choose one of the answers, or skip this question."))
    choices = partial(_choices, item)
    return RadioField(gettext(item.question), choices=choices, validate_choice=False, validators=[Optional(), known], coerce=str)


def _choices(item: Item) -> list[tuple[str, str]]:
    return [(word.value, gettext(word.text)) for word in item.words]

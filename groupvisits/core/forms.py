"""The shape of input, the same for both doors: a page's form and a socket's body are read by one class."""

import uuid
from typing import Any, TypeVar

import wtforms
from flask import g, request
from flask_babel import get_translations, gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import UUID, Length, Optional, ValidationError

from groupvisits.core.actor import ANYONE
from groupvisits.core.commands import Command
from groupvisits.core.errors import Invalid, mark, mark_plural

MAX_TEXT = 2000
PAGE = "form"  # in the address of a page that makes something
MAX_NUMBER = 10**15
SelectChoice: Any = vars(wtforms)["SelectChoice"]  # newer than the stubs that the type checker brings


# What WTForms says where a form has no words of its own. It has no Haitian Creole: its sentences come from our catalogue like all others.
_OF_WTFORMS = (
    mark("This field is required."), mark("Not a valid choice."), mark("Not a valid integer value."), mark("Number must be between %(min)s and %(max)s."),
    mark("Not a valid date value."), mark("Not a valid time value."), mark("Invalid UUID."), mark("Invalid input."),
    mark_plural("Field cannot be longer than %(max)d character.", "Field cannot be longer than %(max)d characters."),
)  # fmt: skip


class _OurMessages:
    def gettext(self, text: str) -> str:
        return gettext(text)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return get_translations().ungettext(singular, plural, n)  # WTForms fills the text in itself


class _OneMessage:
    """A live command is read in no context of Flask, and told in the reader's language later (core.language.words), when WTForms has filled
    its sentence in. No page of ours sends what it finds wrong: the field is named beside it."""

    def gettext(self, _text: str) -> str:
        return Invalid.message

    def ngettext(self, _singular: str, _plural: str, _n: int) -> str:
        return Invalid.message


def tidy(value: Any) -> Any:
    """Text without what no database keeps: null characters (PostgreSQL refuses them) and halves of characters, as a limit cuts an emoji in two."""
    if isinstance(value, list):
        return [tidy(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):  # a number of 400 digits breaks NumberRange; this one it refuses
        return max(-MAX_NUMBER, min(value, MAX_NUMBER))
    return value.replace("\x00", "").encode("utf-8", "ignore").decode().strip() if isinstance(value, str) else value


class BaseForm(FlaskForm):
    """Trims text, drops what no database keeps and speaks the reader's language."""

    class Meta(FlaskForm.Meta):
        is_command = False

        def get_translations(self, form: Any) -> Any:
            return _OneMessage() if self.is_command else _OurMessages()

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            field = unbound_field.bind(form=form, **options)
            field.filters = [tidy, *(field.filters or ())]
            return field

    def body(self) -> dict[str, Any]:
        """What was entered, without the tokens that are not the person's words."""
        return {name: value for name, value in self.data.items() if name not in ("csrf_token", "command_id")}

    def refuse(self, error: Any) -> None:
        """Show a refusal of the domain beside its field, or above the form."""
        from groupvisits.core.language import words

        field = self._fields.get(error.field or "")
        (field.errors if field is not None else self.form_errors).append(words(error))  # type: ignore[union-attr]


class CommandForm(BaseForm):
    """A form whose act happens once, however often it is sent: it carries an id made when the page was."""

    command_id = HiddenField(default=lambda: str(uuid.uuid4()), validators=[Optional(), UUID(), Length(max=36)])

    def command(self, kind: str) -> Command:
        return Command(
            self.command_id.data or str(uuid.uuid4()),
            kind,
            {k: v if isinstance(v, (str, int, bool, list, type(None))) else str(v) for k, v in self.body().items()},
        )


def command_of_page() -> str:
    """The same for one person on one page, another for whoever else was sent its address."""
    if not (page := request.args.get(PAGE, "")):
        return str(uuid.uuid4())
    actor = getattr(g, "actor", ANYONE)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{page}:{actor.key}"))


class MakingForm(CommandForm):
    """A form that makes something new, on a page of its own that asks `core.web.lacks_its_id` first.

    Browsers fetch our pages anew on Back. The page's address holds the id, so it is the same page with the same command, and a
    second Save leads to what the first one made instead of making another.
    """

    command_id = HiddenField(default=command_of_page, validators=[Optional(), UUID(), Length(max=36)])

    def making(self, kind: str) -> Command:
        """Without the words: what was corrected after Back is still the thing that is made already."""
        return Command(self.command_id.data or str(uuid.uuid4()), kind)


class UnknownField(Invalid):
    """A field that the form does not have: a forged role, another person's id."""

    is_on_record = True
    message = mark("The page sent something we do not know. Reload the page and try again.")


class TextList(Field):
    """Several texts of a live command, sent as a list: none empty or longer than `each_at_most`, no more than `at_most`."""

    def __init__(self, *args: Any, each_at_most: int, at_most: int = 200, **kwargs: Any) -> None:
        super().__init__(*args, default=list, **kwargs)
        self.each_at_most, self.at_most = each_at_most, at_most

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [tidy(str(value)) for value in valuelist]

    def pre_validate(self, form: Any) -> None:
        values = self.data or []
        if len(values) > self.at_most or any(not 0 < len(value) <= self.each_at_most for value in values):
            raise ValidationError(gettext(UnknownField.message))


F = TypeVar("F", bound=BaseForm)


def parse(form_class: type[F], data: Any) -> F:
    """A validated form from a JSON object of texts, whole numbers and true/false.

    Refuses with Invalid anything else: no object, a field the form does not have, or a value the form refuses.
    """
    form = form_class(formdata=None, meta={"csrf": False})
    _fill(form, data)
    return form


def parse_body(form_class: type[BaseForm], data: Any) -> dict[str, Any]:
    """What such a form holds, for the live commands: their forms are kept and filled anew, because making one takes longer than the command."""
    idle = _idle.setdefault(form_class, [])
    form = idle.pop() if idle else form_class(formdata=None, meta={"csrf": False, "is_command": True})  # one at work is nobody else's
    try:
        _fill(form, data)
        return form.body()
    finally:
        idle.append(form)


_idle: dict[type[BaseForm], list[BaseForm]] = {}


def _fill(form: BaseForm, data: Any) -> None:
    if not isinstance(data, dict):
        raise Invalid
    if not form._fields.keys() >= data.keys():
        raise UnknownField
    flat: list[tuple[str, str]] = []
    for name, value in data.items():
        if isinstance(form._fields[name], BooleanField) and not (value is None or isinstance(value, bool)):
            raise Invalid(field=name)  # nobody's name is shown because a program wrote 0 or "no" for false
        if isinstance(value, bool):
            flat += [(name, "true")] if value else []
        elif isinstance(value, int | str):
            flat.append((name, str(value)))
        elif isinstance(value, list) and all(isinstance(v, str) for v in value):
            flat += [(name, v) for v in value]
        elif value is not None:
            raise Invalid
    form.process(MultiDict(flat))
    if not form.validate():
        name, messages = next((name, list(messages)) for name, messages in form.errors.items())
        raise Invalid(str(messages[0]), field=name)

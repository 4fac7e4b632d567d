"""One form reads both doors' input."""

import contextvars

import pytest
from flask import Flask, has_app_context
from flask_babel import force_locale
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from groupvisits.core.errors import Invalid
from groupvisits.core.forms import BaseForm, UnknownField, parse, parse_body
from groupvisits.core.language import lazy, words


class SayForm(BaseForm):
    words = StringField(validators=[InputRequired("Write something."), Length(max=20, message="Too long.")])
    aloud = BooleanField()
    times = IntegerField(default=1)


@pytest.fixture(autouse=True)
def in_context(app: Flask):
    with app.app_context():
        yield


def test_reads_an_object() -> None:
    assert parse(SayForm, {"words": " hello ", "aloud": True, "times": 2}).body() == {"words": "hello", "aloud": True, "times": 2}


def test_drops_null_characters() -> None:
    assert parse(SayForm, {"words": "a\x00b"}).body()["words"] == "ab"


@pytest.mark.parametrize("sent", [None, [], "words", 3, {"words": {"a": 1}}, {"words": ""}, {"words": "x" * 21}, {"words": 1.5}, {"words": ["a", 1]}])
def test_refuses_other_shapes(sent: object) -> None:
    with pytest.raises(Invalid):
        parse(SayForm, sent)


@pytest.mark.parametrize("sent", [0, 1, "", "no", "false", "true", [], ["true"]])
def test_only_true_and_false_are_true_and_false(sent: object) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(SayForm, {"words": "hello", "aloud": sent})
    assert refusal.value.field == "aloud"


@pytest.mark.parametrize(("sent", "read"), [({"aloud": True}, True), ({"aloud": False}, False), ({"aloud": None}, False), ({}, False)])
def test_a_missing_truth_value_is_false(sent: dict[str, object], read: bool) -> None:
    assert parse(SayForm, {"words": "hello", **sent}).body()["aloud"] is read


def test_refuses_a_field_it_does_not_have() -> None:
    with pytest.raises(UnknownField):
        parse(SayForm, {"words": "hello", "role": "admin"})


@pytest.mark.parametrize("digits", [16, 400, 5000])
def test_a_number_beyond_all_measure_is_refused_and_breaks_nothing(digits: int) -> None:
    class CountForm(BaseForm):
        times = IntegerField(validators=[NumberRange(0, 9)])

    with pytest.raises(Invalid):
        parse(CountForm, {"times": "9" * digits})


def test_a_form_is_read_in_no_context_of_flask_and_its_refusal_is_told_in_the_readers_language() -> None:
    """As a command that comes by socket is."""

    class ChooseForm(BaseForm):
        route = StringField(validators=[InputRequired(lazy("Choose who this is for: the group, or your one-on-one only."))])
        words = StringField(validators=[Length(max=3)])

    refusals: list[Invalid] = []

    def read(body: dict[str, object]) -> object:
        try:
            return parse_body(ChooseForm, body)
        except Invalid as refusal:
            refusals.append(refusal)
            return None

    outside = contextvars.Context()
    assert outside.run(has_app_context) is False
    assert outside.run(read, {"route": "group", "words": "abc"}) == {"route": "group", "words": "abc"}
    assert outside.run(read, {}) is None and outside.run(read, {"route": "group", "words": "abcd"}) is None
    assert words(refusals[0], "es") == "Elija para quién es: para el grupo o solo para su consulta a solas."


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"times": 99}, "times"), ({"times": "x"}, "times"), ({"topic_id": ""}, "topic_id"), ({"topic_id": "x" * 40}, "topic_id"), ({"answer": "x"}, "answer")],
)
def test_what_no_page_of_ours_sends_is_refused_in_the_readers_language(sent: dict[str, object], field: str) -> None:
    """What WTForms itself says is English with numbers and names of its own in it."""

    class AnswerForm(BaseForm):
        topic_id = StringField(validators=[InputRequired(), Length(max=36)])
        answer = StringField(default="coming", validators=[Optional(), AnyOf(["coming", "help"])])
        times = IntegerField(validators=[Optional(), NumberRange(0, 9)])

    def refused() -> Invalid:
        assert not has_app_context()
        with pytest.raises(Invalid) as refusal:
            parse_body(AnswerForm, {"topic_id": "a", **sent})
        return refusal.value

    refusal = contextvars.Context().run(refused)
    assert refusal.field == field
    assert (words(refusal, "es"), words(refusal, "ht")) == (
        "No pudimos leer una parte. Revísela, por favor, e intente de nuevo.",
        words(Invalid(), "ht"),
    )


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Field cannot be longer than 20 characters."), ("pt", "Escreva no máximo 20 letras."), ("ht", "Pa ekri plis pase 20 lèt.")]
)
def test_a_page_says_what_wtforms_finds_in_the_readers_language(app: Flask, language: str, said: str) -> None:
    class PageForm(BaseForm):
        words = StringField(validators=[Length(max=20)])

    with app.test_request_context("/", method="POST", data={"words": "x" * 21}), force_locale(language):
        form = PageForm(meta={"csrf": False})
        assert not form.validate() and list(form.words.errors) == [said]

"""Topics that may ask the same are pointed out with the words they share. Nothing is joined by it."""

import pytest
from flask import Flask

from groupvisits.agenda import rules, service
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.sessions.service import open_session
from tests.agenda.arrange import propose
from tests.cast import Cast, signed_in

ROOM = [
    "What can I eat at a party?", "My feet tingle at night", "How much do test strips cost?", "I am afraid of the needle", "Walking when my knees hurt",
    "¿Cómo duermo mejor?", "Posso beber suco de manhã?", "Kijan pou m mache chak jou?",
]  # fmt: skip


def pairs_in(*texts: str) -> list[rules.Similar]:
    return rules.similar_topics((str(number), [text]) for number, text in enumerate((*texts, *ROOM)))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("What to do when I forget my evening tablet", "I forgot the evening tablet again", ("evening", "tablet")),
        ("Where are cheap glucose meters?", "cheapest glucose meter", ("cheap", "glucose", "meters")),
        ("¿Qué hago si olvido la insulina?", "Olvidé mi insulina anoche", ("insulina", "olvido")),
        ("Como guardar a insulina em viagem?", "Vou em viagem, onde guardo a insulina", ("guardar", "insulina", "viagem")),
        ("Ki manje ki bon pou sik mwen?", "Manje ki bon pou moun ki gen sik", ("bon", "manje", "sik")),
        ("Dizziness after breakfast", "dizzines after brekfast", ()),
    ],
)
def test_found_in_every_language_with_other_endings_and_typing_errors(one: str, other: str, shared: tuple[str, ...]) -> None:
    (pair, *_) = pairs_in(one, other)
    assert (pair.first, pair.second) == ("0", "1")
    assert set(shared) <= set(pair.shared)


def test_topics_that_share_only_what_everybody_says_are_not_pointed_out() -> None:
    assert pairs_in("How can I talk about this with my family?", "What should I do about my work?") == []


def test_accents_and_capitals_make_no_difference() -> None:
    (pair, *_) = pairs_in("PRESIÓN ALTA", "presion alta")
    assert pair.score == 1.0


def test_a_translation_is_compared_too_and_a_topic_never_with_itself() -> None:
    told = rules.similar_topics([("a", ["Cocinar para la familia", "Cooking for the family"]), ("b", ["Cooking for my family"]), ("c", ["Feet"])])
    assert [(pair.first, pair.second) for pair in told] == [("a", "b")]


def test_of_very_many_only_the_last_are_compared_with_each_other() -> None:
    """A room that floods the list stops nobody: each pair costs time, and the server has one clock for all rooms."""
    many = [(str(number), [f"{number} " * 9]) for number in range(rules.MOST_TEXTS - 1)]
    alike = ("old", ["Where are cheap glucose meters?"]), ("new", ["cheapest glucose meter"])
    assert [(pair.first, pair.second) for pair in rules.similar_topics([alike[0], *many[1:], alike[1]])][:1] == [("old", "new")]
    assert all("old" not in (pair.first, pair.second) for pair in rules.similar_topics([alike[0], *many, alike[1]]))


def test_the_best_come_first_and_there_are_not_too_many() -> None:
    subjects = ("tablets", "needles", "sleep", "breakfast", "walking", "knees", "dizziness", "pressure", "insulin", "sugar")
    told = rules.similar_topics((f"{each} {n}", [f"{each} " + "at the weekend " * n]) for each in subjects for n in range(2))
    assert len(told) == 8 and [pair.score for pair in told] == sorted((pair.score for pair in told), reverse=True)


@pytest.mark.parametrize("text", ["", "?", "a", "👩\u200d⚕️", "的", "x" * 300, "مرحبا"])
def test_nothing_that_can_be_typed_breaks_it(text: str) -> None:
    rules.similar_topics([("a", [text]), ("b", [text]), ("c", [])])


def test_the_facilitator_asks_and_nobody_else(app: Flask, cast: Cast) -> None:
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)

        one, other = (
            propose(cast.gladys, cast.session_id, "What to do when I forget my evening tablet"),
            propose(cast.frank, cast.session_id, "I forgot the evening tablet again"),
        )
        propose(cast.rosa, cast.session_id, "I forgot my evening tablet", "one_on_one")
        hidden = propose(cast.teo, cast.session_id, "The evening tablet, forgotten")
        run(service.ask_privately, cast.tomas, cast.session_id, topic_id=hidden)
        db.session.rollback()
    address = f"/sessions/{cast.session_id}/similar-topics"
    (pair,) = signed_in(app, cast.tomas).get(address).get_json()["pairs"]
    assert {pair["topic_id"], pair["into_id"]} == {one, other} and {"evening", "tablet"} <= set(pair["shared"])
    for who, status in ((cast.rosa, 403), (cast.osei, 403), (cast.joanne, 403), (cast.sol, 404)):
        assert signed_in(app, who).get(address).status_code == status
    with app.app_context():
        run(service.merge_topics, cast.tomas, cast.session_id, topic_id=other, into_id=one)
        db.session.rollback()
    assert signed_in(app, cast.tomas).get(address).get_json() == {"pairs": []}

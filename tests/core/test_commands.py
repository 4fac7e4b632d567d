"""A command is carried out once, however often it is sent."""

import pytest

from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, CommandReused, run_command
from groupvisits.core.transaction import Transaction
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def counting(calls: list[str]):
    def verb(tx: Transaction, actor: Actor, word: str) -> dict[str, object]:
        calls.append(word)
        return {"word": word, "times": len(calls)}

    return verb


def test_twice_is_the_same_as_once(cast: Cast) -> None:
    calls: list[str] = []
    command = Command("c-1", "demo:say", {"word": "hello"})
    first = run_command(counting(calls), cast.rosa, command, "hello")
    second = run_command(counting(calls), cast.rosa, command, "hello")
    assert first == second == {"word": "hello", "times": 1}
    assert calls == ["hello"]


def test_the_same_id_with_other_words_is_refused(cast: Cast) -> None:
    calls: list[str] = []
    run_command(counting(calls), cast.rosa, Command("c-1", "demo:say", {"word": "hello"}), "hello")
    with pytest.raises(CommandReused):
        run_command(counting(calls), cast.rosa, Command("c-1", "demo:say", {"word": "bye"}), "bye")


def test_the_same_id_from_another_person_is_refused(cast: Cast) -> None:
    calls: list[str] = []
    command = Command("c-1", "demo:say", {"word": "hello"})
    run_command(counting(calls), cast.rosa, command, "hello")
    with pytest.raises(CommandReused):
        run_command(counting(calls), cast.marcus, command, "hello")


def test_a_refused_command_is_not_kept(cast: Cast) -> None:
    def refuses(tx: Transaction, actor: Actor) -> dict[str, object]:
        raise CommandReused("not now")

    command = Command("c-1", "demo:say")
    with pytest.raises(CommandReused, match="not now"):
        run_command(refuses, cast.rosa, command)
    assert run_command(lambda tx, actor: {"done": True}, cast.rosa, command) == {"done": True}

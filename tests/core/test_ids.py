"""Identifiers."""

import re

import pytest

from groupvisits.core import ids


@pytest.mark.parametrize("make", [ids.new_id, ids.new_id_in_order])
def test_ids_are_32_hexadecimal_characters_and_none_comes_twice(make) -> None:
    made = {make() for _ in range(2000)}
    assert len(made) == 2000 and all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


def test_ids_in_order_sort_by_the_moment_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for moment in (1, 1_800_000_000_000_000_000, 1_800_000_000_001_000_000, 4_000_000_000_000_000_000):
        monkeypatch.setattr(ids.time, "time_ns", lambda moment=moment: moment)
        made.append(ids.new_id_in_order())
    assert made == sorted(made)

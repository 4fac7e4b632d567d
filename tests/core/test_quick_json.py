"""What phones send and screens hear is JSON, whoever wrote it."""

import json

import pytest

from groupvisits.core import quick_json


@pytest.mark.parametrize("value", [["agenda:propose", {"words": "¿Pan? 😀 \u2028", "on": True, "n": 12, "none": None, "list": [1.5, "x"]}], [], "", 0])
def test_what_goes_out_comes_back(value: object) -> None:
    assert quick_json.loads(quick_json.dumps(value)) == value
    assert json.loads(quick_json.dumps(value)) == value
    assert quick_json.loads(json.dumps(value, separators=(",", ":"))) == value


def test_half_an_emoji_is_read_so_that_a_form_can_take_it_off() -> None:
    assert quick_json.loads('{"words": "my knee \\ud83d"}') == {"words": "my knee \ud83d"}


@pytest.mark.parametrize("text", ["", "{", '{"a": }', "[1,]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        quick_json.loads(text)

"""What is the same for everybody goes out packed; pages never do."""

import gzip
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from config import ROOT

PACKED = {"Accept-Encoding": "gzip, deflate"}
STYLES = "/static/vendor/nhsuk-frontend/nhsuk-frontend.min.css"


def get(app: Flask, address: str, **headers: str) -> Response:
    with app.test_client().get(address, headers=headers) as answer:  # closes the file
        answer.get_data()
        return answer


def test_a_static_file_is_smaller_on_the_way_and_the_same_when_it_arrives(app: Flask) -> None:
    answer = get(app, f"{STYLES}?v=1", **PACKED)
    file = Path(ROOT / STYLES.lstrip("/")).read_bytes()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == file
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(file) / 5
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_browser_that_has_it_is_not_sent_it_again(app: Flask) -> None:
    etag = get(app, "/static/live/protocol.js", **PACKED).headers["ETag"]
    assert etag.startswith("W/")
    again = get(app, "/static/live/protocol.js", **PACKED, **{"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("more", [{}, {"Accept-Encoding": "gzip;q=0"}, {**PACKED, "Range": "bytes=0-99"}])
def test_whoever_does_not_ask_for_it_gets_the_file_as_it_is(app: Flask, more: dict[str, str]) -> None:
    answer = get(app, "/static/live/protocol.js", **more)
    assert "Content-Encoding" not in answer.headers
    assert (ROOT / "static" / "live" / "protocol.js").read_bytes().startswith(answer.data)


@pytest.mark.parametrize("address", ["/sign-ins", "/join", "/static/nothing.js"])
def test_a_page_is_never_packed(app: Flask, address: str) -> None:
    """It holds a secret beside words of others, and its packed length would tell of the secret."""
    answer = get(app, address, **PACKED)
    assert "Content-Encoding" not in answer.headers
    assert answer.data

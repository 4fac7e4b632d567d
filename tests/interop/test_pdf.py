"""Papers as PDF: drawn off the hub from our own templates alone; where the extra is not installed, nothing offers them."""

import re
import sys
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from groupvisits.core import transaction
from groupvisits.extensions import db
from groupvisits.interop import pdf
from groupvisits.interop.rules import CARDS, KINDS
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import Seat
from tests.cast import Cast, signed_in

SHEETS = [kind for kind in KINDS if kind not in CARDS]


@pytest.fixture
def without_weasyprint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine where the extra was never installed."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    pdf.is_available.cache_clear()
    yield
    pdf.is_available.cache_clear()


def address(cast: Cast, kind: str) -> str:
    return f"/sessions/{cast.session_id}/papers/{kind}"


def opened(made: bytes) -> bytes:
    """What the compressed parts of a PDF say."""
    return b"".join(zlib.decompress(part) for part in re.findall(rb"FlateDecode.*?stream\n(.*?)\nendstream", made, re.DOTALL))


def joanne(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.joanne)


@pytest.mark.parametrize("kind", SHEETS)
def test_each_sheet_is_a_pdf_that_names_nobody_in_its_file_name(app: Flask, cast: Cast, kind: str) -> None:
    assert "Get it as PDF" in joanne(app, cast).get(address(cast, kind)).text
    answer = joanne(app, cast).get(f"{address(cast, kind)}/pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].endswith(f'-{kind}.pdf"')
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("kind", "data"), [("slip-cards", {}), ("feedback-cards", {"count": "3"})])
def test_cards_are_made_as_pdf_by_the_same_post_and_not_by_an_address(app: Flask, cast: Cast, kind: str, data: dict[str, str]) -> None:
    answer = joanne(app, cast).post(address(cast, kind), data={**data, "as_pdf": "1"})
    assert answer.data.startswith(b"%PDF-")
    assert joanne(app, cast).get(f"{address(cast, kind)}/pdf").status_code == 404
    with app.app_context():
        made = db.session.get_one(Seat, cast.seats["rosa"]).slip_code is not None
    assert made == (kind == "slip-cards")


def test_the_paper_has_the_clinics_size() -> None:
    assert b"595.27" in opened(pdf.made_of("<p>x</p>", "a4"))
    assert b"[0 0 612 792]" in opened(pdf.made_of("<p>x</p>", "letter"))


@pytest.mark.parametrize("kind", SHEETS)
def test_without_the_extra_papers_print_as_before_and_no_pdf_is_offered(app: Flask, cast: Cast, without_weasyprint: None, kind: str) -> None:
    page = joanne(app, cast).get(address(cast, kind))
    assert page.status_code == 200
    assert "data-print" in page.text and "PDF" not in page.text
    assert joanne(app, cast).get(f"{address(cast, kind)}/pdf").status_code == 404


def test_without_the_extra_cards_are_made_as_a_page(app: Flask, cast: Cast, without_weasyprint: None) -> None:
    assert "PDF" not in joanne(app, cast).get(address(cast, "slip-cards")).text
    answer = joanne(app, cast).post(address(cast, "slip-cards"), data={"as_pdf": "1"})
    assert answer.status_code == 200 and answer.mimetype == "text/html"


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "data:image/png;base64,AAAA", "ftp://example.org/x", "/static/core/ring.svg"]
)
def test_nothing_is_fetched_while_a_paper_is_drawn(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib.request

    asked: list[str] = []
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda self, address, *more, **named: asked.append(str(address)))
    html = f'<link rel="stylesheet" href="{source}"><img src="{source}"><p>x</p>'
    assert pdf.made_of(html, "a4").startswith(b"%PDF-")
    assert asked == []


def test_a_name_made_of_markup_is_text_on_the_paper(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(Patient, cast.rosa.id).family_name = '<img src="http://127.0.0.1:9/x">'
    assert "&lt;img" in joanne(app, cast).get(address(cast, "door-list")).text
    assert joanne(app, cast).get(f"{address(cast, 'door-list')}/pdf").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("tomas", 200), ("nia", 200), ("osei", 403), ("sol", 404), ("rosa", 403)])
def test_who_may_not_print_a_paper_gets_no_pdf_of_it(app: Flask, cast: Cast, who: str, status: int) -> None:
    assert signed_in(app, getattr(cast, who)).get(f"{address(cast, 'door-list')}/pdf").status_code == status


@pytest.mark.parametrize(("who", "status"), [("joanne", 200), ("tomas", 403), ("nia", 403), ("sol", 404)])
def test_the_call_list_with_its_numbers_is_for_coordinators(app: Flask, cast: Cast, who: str, status: int) -> None:
    for more in ("", "/pdf"):
        assert signed_in(app, getattr(cast, who)).get(f"{address(cast, 'call-list')}{more}").status_code == status

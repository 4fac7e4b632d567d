"""Papers as PDF, by WeasyPrint, which is an extra: where it or its libraries are missing, nothing offers a PDF and printing works as before.

What is drawn comes from our own templates alone. Nothing is fetched: style sheets are handed over as text, and every address is refused.
"""

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

from gevent import monkey

from config import ROOT

SHEETS = ("interop/papers.css", "interop/pdf.css")


@cache
def is_available() -> bool:
    """Whether this installation can make a PDF."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # OSError: Pango is not on the machine
        return False
    return True


def made_of(html: str, paper_size: str) -> bytes:
    """The pages of `html` as one PDF. Drawing takes up to seconds, so it runs in a native thread and the server goes on meanwhile."""
    sheets = [(ROOT / "static" / name).read_text(encoding="utf-8") for name in (*SHEETS, f"interop/{paper_size}.css")]
    if not monkey.is_module_patched("threading"):
        return _drawn(html, sheets)
    return _pool().apply(_drawn, (html, sheets))


def _drawn(html: str, sheets: Sequence[str]) -> bytes:
    from weasyprint import CSS, HTML

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # else each paper tells the log which style it cannot draw
    fetcher = _refuse()
    return HTML(string=html, url_fetcher=fetcher).write_pdf(stylesheets=[CSS(string=sheet, url_fetcher=fetcher) for sheet in sheets]) or b""


def _refuse() -> Any:
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=[])  # refuses every scheme before anything is opened


@cache
def _pool() -> Any:
    from gevent.threadpool import ThreadPool

    return ThreadPool(1)  # one at a time: a second processor stays free for the room

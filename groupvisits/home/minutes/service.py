"""Taking the minute book out is an act on record."""

from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.home.minutes.queries import minute_book_for


def note_minute_book(tx: Transaction, actor: Actor, group_id: str, *, kind: str) -> None:
    """It is on record that the actor took the minute book out, as text or PDF. Refuses like minute_book_for."""
    book = minute_book_for(tx, actor, group_id)
    audit.record(tx, actor, "home:export_minutes", book.group, kind=kind, visits=len(book.visits))

"""The little forms beside each entry of a waiting list."""

from collections.abc import Mapping
from typing import Any

from groupvisits.core.forms import SelectChoice
from groupvisits.sessions import forms, queries


def forms_of(waiting_list: queries.WaitingList | None) -> Mapping[str, dict[str, Any]]:
    """An empty form of each kind for each entry, by entry and kind."""
    if waiting_list is None:
        return {}
    return {
        line.entry_id: {"offer": of_entry(forms.OfferForm(formdata=None), line), "ahead": of_entry(forms.AheadForm(formdata=None), line)}
        for line in waiting_list.lines
    }


def of_entry(form: Any, line: queries.WaitingLine) -> Any:
    """A form that knows its entry: many stand on one page, so each field has an id of its own."""
    for field in form:
        field.id = f"{field.name}-{type(form).__name__.lower()}-{line.entry_id}"
    if isinstance(form, forms.AheadForm):
        form.before_id.choices = [SelectChoice(entry_id, name) for entry_id, name in line.can_pass]
    return form

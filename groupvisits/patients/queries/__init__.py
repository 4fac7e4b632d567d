"""Reads of the registry. Those with a viewer find only what the viewer may know of."""

from groupvisits.patients.queries.registry import MAX_IN_ONE_QUESTION, PAGE, Page, clinic_of, display_names, own_profile, patient_for, patients_for, people_in
from groupvisits.patients.queries.roster import (
    Preview,
    RosterImport,
    basis_of,
    came_in_with,
    date_order_of,
    finished_imports_for,
    mapping_of,
    open_imports_for,
    preview_for,
    registry_of,
    roster_import_for,
    samples_of,
    table_of,
)

__all__ = [
    "MAX_IN_ONE_QUESTION",
    "PAGE",
    "Page",
    "Preview",
    "RosterImport",
    "basis_of",
    "came_in_with",
    "clinic_of",
    "date_order_of",
    "display_names",
    "finished_imports_for",
    "mapping_of",
    "open_imports_for",
    "own_profile",
    "patient_for",
    "patients_for",
    "people_in",
    "preview_for",
    "registry_of",
    "roster_import_for",
    "samples_of",
    "table_of",
]  # fmt: skip

"""Reads of the registry. Those with a viewer find only what the viewer may know of."""

from groupvisits.patients.queries.registry import PAGE, Page, clinic_of, display_names, own_profile, patient_for, patients_for, people_in
from groupvisits.patients.queries.roster import (
    Preview,
    RosterImport,
    basis_of,
    date_order_of,
    mapping_of,
    open_imports_for,
    preview_for,
    registry_of,
    roster_import_for,
    samples_of,
    table_of,
)

__all__ = [
    "PAGE",
    "Page",
    "Preview",
    "RosterImport",
    "basis_of",
    "clinic_of",
    "date_order_of",
    "display_names",
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

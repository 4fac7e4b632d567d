"""The verbs of the registry: add, edit, deactivate, hand out a link; upload, map, confirm or drop a roster."""

from groupvisits.patients.service.links import make_link, send_asked_link, send_link
from groupvisits.patients.service.registry import activate_patient, add_patient, deactivate_patient, edit_patient
from groupvisits.patients.service.roster import confirm_import, drop_import, map_columns, read_file, upload_roster

__all__ = [
    "activate_patient", "add_patient", "confirm_import", "deactivate_patient", "drop_import", "edit_patient", "make_link", "map_columns", "read_file", "send_asked_link", "send_link", "upload_roster",
]  # fmt: skip

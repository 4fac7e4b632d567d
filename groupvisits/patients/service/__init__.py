"""The verbs of the registry: add, edit, deactivate, hand out a link; publish, sign and withdraw agreements; upload, map, confirm or drop a roster."""

from groupvisits.patients.service.agreements import enter_signature, enter_withdrawal, publish_text, sign, withdraw
from groupvisits.patients.service.care_partners import add_care_partner, end_care_partner
from groupvisits.patients.service.links import make_link, send_asked_link, send_link
from groupvisits.patients.service.names import choose_name
from groupvisits.patients.service.pairs import pair, unpair
from groupvisits.patients.service.registry import activate_patient, add_patient, deactivate_patient, edit_patient
from groupvisits.patients.service.roster import confirm_import, drop_import, map_columns, read_file, upload_roster

__all__ = [
    "activate_patient", "add_care_partner", "add_patient", "choose_name", "confirm_import", "deactivate_patient", "drop_import", "edit_patient", "end_care_partner", "enter_signature", "enter_withdrawal",
    "make_link", "map_columns", "pair", "publish_text", "read_file", "send_asked_link", "send_link", "sign", "unpair", "upload_roster", "withdraw",
]  # fmt: skip

"""The verbs of accounts, by noun."""

from groupvisits.accounts.service.clinics import change_alarm_phrases, change_settings, ensure_setup_code, restore_alarm_phrases, set_up
from groupvisits.accounts.service.links import ask_for_new_link, make_patient_link, make_room_display, not_for_me, use_patient_link
from groupvisits.accounts.service.sign_in import (
    accept_code,
    accept_recovery_code,
    confirm_second_factor,
    count_attempt,
    forget_what_has_ended,
    forgive_attempt,
    note_failed_sign_in,
    note_sign_in,
    note_sign_out,
    verify_code_or_password,
)  # fmt: skip
from groupvisits.accounts.service.staff import (
    ask_for_new_password,
    change_roles,
    choose_password,
    disable,
    enable,
    invite,
    reset_second_factor,
    send_invitation_again,
)

__all__ = [
    "accept_code",
    "accept_recovery_code",
    "ask_for_new_link",
    "ask_for_new_password",
    "change_alarm_phrases",
    "change_roles",
    "change_settings",
    "choose_password",
    "confirm_second_factor",
    "count_attempt",
    "disable",
    "enable",
    "ensure_setup_code",
    "forget_what_has_ended",
    "forgive_attempt",
    "invite",
    "make_patient_link",
    "make_room_display",
    "not_for_me",
    "note_failed_sign_in",
    "note_sign_in",
    "note_sign_out",
    "reset_second_factor",
    "restore_alarm_phrases",
    "send_invitation_again",
    "set_up",
    "use_patient_link",
    "verify_code_or_password",
]  # fmt: skip

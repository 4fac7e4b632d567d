"""Telephone numbers and e-mail addresses, read by the libraries that know them. Nothing is looked up on the network."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email


def read_phone(text: str, country: str) -> str:
    """The number as +16175550101 where it can be one in `country` or with a country code; "" otherwise."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written};ext={number.extension}"[:32] if number.extension else written


def show_phone(stored: str) -> str:
    """The number as people of its country write it; as it was typed where it could not be read."""
    if not stored.startswith("+"):
        return stored
    try:
        number = phonenumbers.parse(stored.replace(";ext=", " ext "), None)
    except phonenumbers.NumberParseException:
        return stored
    style = phonenumbers.PhoneNumberFormat.NATIONAL if number.country_code == 1 else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def read_email(text: str) -> str:
    """The address as it is stored, or "" where it cannot be one."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return ""

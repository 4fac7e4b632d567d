"""Passwords, throttling, administrators."""

import pytest

from groupvisits.accounts import rules
from groupvisits.accounts.models import Clinic
from groupvisits.core.errors import DomainError


@pytest.mark.parametrize(
    ("offered", "wanted", "written"),
    [
        (["en", "es"], "es", "es"),
        (["en"], "es", "en"),  # no longer offered, or never reviewed
        (["en", "tlh"], "tlh", "en"),  # offered once, by a version that still had its catalogue
        (["en"], "", "en"),
    ],
)
def test_people_are_written_to_in_a_language_their_clinic_offers(offered: list[str], wanted: str, written: str) -> None:
    assert Clinic(languages=offered).language_for(wanted) == written


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("correct horse battery staple", None),
        ("short", rules.PasswordTooShort),
        ("", rules.PasswordTooShort),
        ("x" * 200, rules.PasswordTooLong),
        ("joanne.pike@example.org", rules.PasswordGuessable),
        ("JOANNE.PIKE@EXAMPLE.ORG", rules.PasswordGuessable),
        ("Joannemargaretpike", rules.PasswordGuessable),
        ("aaaaaaaaaaaaaa", rules.PasswordGuessable),
        ("abababababababab", rules.PasswordGuessable),
    ],
)
def test_passwords(password: str, refusal: type[DomainError] | None) -> None:
    if refusal is None:
        rules.check_password(password, email="joanne.pike@example.org", name="Joanne Margaret Pike")
        return
    with pytest.raises(refusal):
        rules.check_password(password, email="joanne.pike@example.org", name="Joanne Margaret Pike")


@pytest.mark.parametrize(("address", "network", "refused"), [(0, 0, False), (7, 39, False), (8, 0, True), (0, 40, True)])
def test_too_many_tries(address: int, network: int, refused: bool) -> None:
    if not refused:
        rules.check_attempts(address, network)
        return
    with pytest.raises(rules.TooManyAttempts):
        rules.check_attempts(address, network)


def test_languages_without_review_are_for_the_demo() -> None:
    rules.check_languages(["en", "ht"], reviewed=("en",), is_demo=True)
    with pytest.raises(rules.NotReviewed):
        rules.check_languages(["en", "ht"], reviewed=("en",), is_demo=False)

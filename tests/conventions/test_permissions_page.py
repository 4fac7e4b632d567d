"""The page of permissions says what the program does."""

import pytest

from groupvisits.core.permissions import Policy, permit
from scripts import permissions


def test_the_page_of_permissions_is_up_to_date() -> None:
    assert permissions.PAGE.exists(), "docs/permissions.md is missing. Run `python scripts/permissions.py`."
    assert permissions.PAGE.read_text(encoding="utf-8") == permissions.page(), "docs/permissions.md is out of date. Run `python scripts/permissions.py`."


def test_every_action_stands_on_the_page_with_its_roles(app) -> None:  # type: ignore[no-untyped-def]
    lines = {line.split("`")[1]: line for line in permissions.page().splitlines() if line.startswith("| `")}
    for action, policy in app.extensions["policies"].items():
        roles = policy[action].to
        assert action in lines, f"{action} is missing from docs/permissions.md. Run `python scripts/permissions.py`."
        if "anyone" not in roles:
            assert lines[action].count("| yes ") == len(roles), f"{action} is permitted to {sorted(roles)}, which is not what the page says."


def test_a_narrowed_permission_must_say_how() -> None:
    def silent(_actor: object, _subject: object) -> bool:
        return True

    with pytest.raises(SystemExit, match="has no docstring"):
        permissions._section("somewhere", Policy({"somewhere:act": permit("admin", when=silent)}))

"""Writes docs/permissions.md, every action with the roles that may do it, from the tables the program asks; `--check` only compares."""

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from groupvisits import CAPABILITIES  # noqa: E402
from groupvisits.core.actor import STAFF_ROLES  # noqa: E402
from groupvisits.core.permissions import EVERYBODY, Permit, Policy  # noqa: E402

PAGE = ROOT / "docs" / "permissions.md"
ROLES = (*STAFF_ROLES, "patient", "display")
HEAD = """# Who may do what

Everything that is not in these tables is refused. This page is made from each package's `permissions.py`, the same tables that every
page and every socket event asks. Do not edit it: run `python scripts/permissions.py`. The build fails when it is out of date.

Across clinics nothing is found: what belongs to another clinic answers as if it did not exist.

`display` is the screen on the wall. `newcomer` is somebody on the staff who is signed in and still has to set up the second factor
that their clinic requires. `system` is groupvisits itself. The last column says how a permission is narrowed further.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_section(name, table) for name in CAPABILITIES if (table := _table(name)))])


def _table(package: str) -> Policy | None:
    if not (ROOT / "groupvisits" / package / "permissions.py").exists():
        return None
    return import_module(f"groupvisits.{package}.permissions").POLICY


def _section(package: str, table: Policy) -> str:
    named = {role for permit in table.values() for role in permit.to}
    unknown = sorted(named - set(ROLES) - {EVERYBODY})
    columns = [role for role in ROLES if role in named] + unknown
    lines = [
        f"## {package}\n",
        _row("action", *columns, "narrowed to"),
        _row(*["---"] * (len(columns) + 2)),
        *(_row(f"`{action}`", *(_mark(permit, role) for role in columns), _narrowed(permit)) for action, permit in table.items()),
    ]
    return "\n".join(lines) + "\n"


def _mark(permit: Permit, role: str) -> str:
    return "yes" if role in permit.to or EVERYBODY in permit.to else ""


def _narrowed(permit: Permit) -> str:
    said = [] if EVERYBODY not in permit.to else ["everybody, also without signing in"]
    if permit.when is not None:
        words = " ".join((permit.when.__doc__ or "").split())
        if not words:
            raise SystemExit(f"{permit.when.__module__}.{permit.when.__qualname__} narrows a permission and has no docstring that says how.")
        said.append(words)
    return "; ".join(said)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} is written.")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        print(f"{PAGE.relative_to(ROOT)} is not up to date: run `python scripts/permissions.py`.")
        return 1
    print("The page of permissions is up to date.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""How long 5,000 people take to come in from a CSV file: reading, preview and confirming, on SQLite and on PostgreSQL.

    python -m bench.roster_import [sqlite|postgresql ...]

Promise: at most 20 s in all. What a person waits for at once is the longest single request.
"""

import contextlib
import csv
import io
import random
import re
import sys
import time

from faker import Faker
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.pages import coordinator, large_clinic
from bench.table import print_table
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from tests.postgresql import new_database, server

ROWS, PROMISED_SECONDS = 5_000, 20


def roster() -> bytes:
    dice, fake = random.Random(7), Faker(["en_US", "es_MX", "pt_BR"])
    fake.seed_instance(7)
    given, family = [fake.first_name() for _ in range(400)], [fake.last_name() for _ in range(400)]
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["MRN", "First name", "Last name", "DOB", "Phone", "E-mail", "Language"])
    for number in range(ROWS):
        born = f"{dice.randint(1930, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        write.writerow(
            [
                f"R{number:06}",
                dice.choice(given),
                dice.choice(family),
                born,
                f"(617) 555-{dice.randint(0, 9999):04}",
                f"r{number}@example.org",
                dice.choice(["English", "Spanish", "pt"]),
            ]
        )
    return out.getvalue().encode()


def bring_in(client: FlaskClient) -> dict[str, float]:
    """Seconds of each step, in the order a person takes them."""
    taken = {}

    def step(name: str, ask: object) -> object:
        begun = time.perf_counter()
        answer = ask()  # type: ignore[operator]
        taken[name] = time.perf_counter() - begun
        assert answer.status_code in (200, 302, 303), (name, answer.status_code, answer.text[:400])
        return answer

    uploaded = step("Upload", lambda: client.post("/imports", data={"file": (io.BytesIO(roster()), "roster.csv")}, content_type="multipart/form-data"))
    address = uploaded.location  # type: ignore[attr-defined]
    page = step("Columns", lambda: client.get(address)).text  # type: ignore[attr-defined]
    chosen = dict(_chosen(page))
    mapped = step("Choose columns", lambda: client.post(address, data=chosen))
    preview = step("Preview", lambda: client.get(mapped.location))  # type: ignore[attr-defined]
    text = preview.text  # type: ignore[attr-defined]
    hidden = dict(re.findall(r'<input[^>]*name="(seen|command_id)"[^>]*value="([^"]+)"', text))
    step("Confirm", lambda: client.post(mapped.location, data=hidden))  # type: ignore[attr-defined]
    return taken


def _chosen(page: str) -> list[tuple[str, str]]:
    found = []
    for select_ in re.findall(r"<select[^>]*>.*?</select>", page, re.DOTALL):
        name = re.search(r'name="([^"]+)"', select_)
        value = re.search(r'<option[^>]*value="([^"]*)"[^>]*selected', select_)
        if name and value:
            found.append((name[1], value[1]))
    return found


def main(names: list[str]) -> bool:
    lines, kept = [], True
    for name in names:
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(new_database(stack.enter_context(server()), "groupvisits_bench")) if name == "postgresql" else ""
            app = stack.enter_context(large_clinic(url))
            with app.app_context():
                before = db.session.scalar(select(func.count()).select_from(Patient)) or 0
                db.session.rollback()
            taken = bring_in(coordinator(app))
            with app.app_context():
                assert db.session.scalar(select(func.count()).select_from(Patient)) == before + ROWS
                db.session.rollback()
            total = sum(taken.values())
            kept = kept and total <= PROMISED_SECONDS
            lines.append([name, *(f"{seconds:.2f}" for seconds in taken.values()), f"{total:.2f}", "yes" if total <= PROMISED_SECONDS else "NO"])
    print_table(["Database", "Upload, s", "Columns", "Choose", "Preview", "Confirm", "In all, s", f"Within {PROMISED_SECONDS} s"], lines)
    return kept


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:] or ["sqlite", "postgresql"]) else 1)

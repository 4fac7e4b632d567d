#!/usr/bin/env python3
"""Copies the front-end files we serve out of their npm packages.

The browser gets everything from our own server: clinics have slow or filtered networks, and the
content security policy allows no other origin. There is no build step, so the copied files are
committed, and this script is the only thing that writes them. What only our tests run lies in
tests/vendor, under the same rules.

    python scripts/vendor.py                   fetch with `npm pack`, copy, write VENDOR.json
    python scripts/vendor.py --tarballs DIR    the same from tarballs that are already there
    python scripts/vendor.py --check           no network: do the committed files match VENDOR.json?

Needs only the standard library (and npm for the first form).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Substitution:
    """One change to a file's text. It must match, so that an upgrade cannot silently outgrow it."""

    why: str
    pattern: str
    replacement: str
    literal: bool = True

    def apply(self, text: str) -> tuple[str, int]:
        pattern = re.escape(self.pattern) if self.literal else self.pattern
        replacement = self.replacement.replace("\\", r"\\") if self.literal else self.replacement
        return re.subn(pattern, replacement, text, flags=re.IGNORECASE if self.literal else 0)


@dataclass(frozen=True)
class Copy:
    source: str
    target: str
    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    sha512: str  # of the tarball, base64: what npm calls its integrity
    copies: tuple[Copy, ...]
    licence_text: str | None = None  # where the package ships none
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def tarball(self) -> str:
        return f"{self.name}-{self.version}.tgz"


# nhsuk-frontend is under the MIT licence, but its npm package forgets to carry the text.
NHSUK_LICENCE = """\
MIT License

Copyright (c) 2019 NHS.UK

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

NO_SOURCE_MAP = "source maps are not served"
DROP_CSS_MAP = Substitution(NO_SOURCE_MAP, r"\n?/\*# sourceMappingURL=[^*]*\*/", "", literal=False)
DROP_JS_MAP = Substitution(NO_SOURCE_MAP, r"\n?//# sourceMappingURL=\S+", "", literal=False)

# The stylesheet repeats its colours in every rule instead of using variables, so a theme is a
# table of replacements. The colours are those of the tokens in static/core/theme.css.
COLOURS = (
    ("ink", "#212b32", "#1d2a2c"),
    ("secondary text and field borders", "#4c6272", "#4a5759"),
    ("secondary text and field borders", "#768692", "#4a5759"),
    ("hairline", "#d8dde0", "#dad7cf"),
    ("hairline, hovered", "#aeb7bd", "#b3b1a6"),
    ("paper", "#f0f4f5", "#f5f3ee"),
    ("paper, hovered", "#e0e4e6", "#e9e6de"),
    ("accent", "#005eb8", "#0b5c5f"),
    ("accent, hovered", "#004b93", "#094e51"),
    ("accent, hovered", "#0055a6", "#094e51"),
    ("accent, hovered", "#00478a", "#094e51"),
    ("accent, hovered link", "#7c2855", "#073f42"),
    ("accent, visited link: a shared tablet must not show where somebody has been", "#330072", "#0b5c5f"),
    ("accent dark", "#002f5c", "#073f42"),
    ("accent dark", "#003d78", "#073f42"),
    ("accent dark", "#003087", "#073f42"),
    ("accent dark", "#004281", "#073f42"),
    ("accent on a dark ground", "#337ec6", "#3d7f82"),
    ("accent on a dark ground", "#669ed4", "#7fb0b0"),
    ("tint", "#ccdff1", "#dcebea"),
    ("tint", "#d9e7f4", "#dcebea"),
    ("tint, pressed", "#c7dcef", "#c5dddb"),
    ("tint, lighter", "#edf4fa", "#eef5f4"),
    ("primary button, hovered", "#00662f", "#094e51"),
    ("primary button, shadow and pressed", "#00401e", "#04363a"),
    ("accent, hovered, half seen through", "rgba(0,85,166,", "rgba(9,78,81,"),
    ("shadows", "rgba(0,47,92,", "rgba(7,63,66,"),
    ("shadows", "rgba(0,28,55,", "rgba(4,38,40,"),
    ("accent on a dark ground, half seen through", "rgba(179,207,234,", "rgba(181,210,208,"),
    ("red", "#d5281b", "#b3261e"),
    ("red, hovered", "#aa2016", "#8c1c14"),
    ("red, hovered", "#951c13", "#8c1c14"),
    ("red, shadow", "#6b140e", "#5f120d"),
)

NHSUK_CSS = (
    Substitution(
        "the font is licensed to NHS bodies only, and nothing may be fetched from elsewhere",
        r"@font-face\{[^}]*\}",
        "",
        literal=False,
    ),
    Substitution("a system font instead", r"font-family:[A-Za-z]+ W01,arial,sans-serif", "font-family:Arial,Helvetica,sans-serif", literal=False),
    Substitution("icons lie beside the stylesheet", "/assets/images/", "images/"),
    # Green means "done" with us, never "press here", so the button leaves the green.
    Substitution("primary button: accent", r"(?<=--nhsuk-button-colour:)#007f3b", "#0b5c5f", literal=False),
    Substitution("primary button: accent", r"(\}\.nhsuk-button\{[^}]*background-color:)#007f3b", r"\g<1>#0b5c5f", literal=False),
    Substitution("success: the green of our tags", "#007f3b", "#00602c"),
    *(Substitution(why, old, new) for why, old, new in COLOURS),
    DROP_CSS_MAP,
)

ICON_COLOUR = (Substitution("ink", "#212b32", "#1d2a2c"),)
ICONS = ("cross", "arrow-up", "arrow-down", "arrow-up-down")  # those the stylesheet asks for

PACKAGES = (
    Package(
        name="nhsuk-frontend",
        version="10.6.1",
        licence="MIT",
        sha512="PZorqQZjZx/A26yJoskCL9z0ib6AtkAyF0o4K/RHr8zRrJyXrUOCnMbjy0VNXsGO4tfTNMwqlkwATKs4a0xayw==",
        copies=(
            Copy("dist/nhsuk/nhsuk-frontend.min.css", "nhsuk-frontend.min.css", NHSUK_CSS),
            Copy("dist/nhsuk/nhsuk-frontend.min.js", "nhsuk-frontend.min.js", (DROP_JS_MAP,)),
            *(Copy(f"dist/nhsuk/assets/images/nhsuk-icon-{name}.svg", f"images/nhsuk-icon-{name}.svg", ICON_COLOUR) for name in ICONS),
        ),
        licence_text=NHSUK_LICENCE,
        notes=(
            "No logo, no favicon, no font: those belong to the NHS.",
            "The licence text is added by us, because the npm package has none.",
        ),
    ),
    Package(
        name="socket.io-client",
        version="4.8.4",
        licence="MIT",
        sha512="7wjKAvVXYOJsbmUgkWbnhPD4bFpkqrUR0++XOjpGFmqDqsqV1CI93VTraeExLxpjxEqrWgFoSRZu1ihjLWfkAA==",
        copies=(
            Copy("dist/socket.io.min.js", "socket.io.min.js", (DROP_JS_MAP,)),
            Copy("LICENSE", "LICENSE"),
        ),
    ),
)

# Programs that read calendars, to try ours with. They run in node and are served to nobody.
PACKAGES_FOR_TESTS = (
    Package(
        name="ical.js",
        version="2.2.1",
        licence="MPL-2.0",
        sha512="yK/UlPbEs316igb/tjRgbFA8ZV75rCsBJp/hWOatpyaPNlgw0dGDmU+FoicOcwX4xXkeXOkYiOmCqNPFpNPkQg==",
        copies=(Copy("dist/ical.es5.min.cjs", "ical.es5.min.cjs"), Copy("LICENSE", "LICENSE")),
    ),
    Package(
        name="node-ical",
        version="0.22.1",
        licence="Apache-2.0",
        sha512="rMdc5hhJT3ZPtZIWfEXcetRrPl2xeHGpMJX8lq4VwyLKfOzGr+rXVtx0lD8lSf27Hn3mxrbU3MUcMSMXp4rIQA==",
        copies=tuple(Copy(name, name) for name in ("node-ical.js", "ical.js", "tz-utils.js", "windowsZones.json", "LICENSE")),
        notes=("The last one that asks only for rrule.",),
    ),
    Package(
        name="rrule",
        version="2.8.1",
        licence="BSD-3-Clause",
        sha512="hM3dHSBMeaJ0Ktp7W38BJZ7O1zOgaFEsn41PDk+yHoEtfLV+PoJt9E9xAlZiWgf/iqEqionN0ebHFZIDAp+iGw==",
        copies=(Copy("dist/es5/rrule.min.js", "index.js", (DROP_JS_MAP,)), Copy("LICENCE", "LICENSE")),
    ),
)


@dataclass(frozen=True)
class Shelf:
    """A folder of copied files with its record."""

    folder: Path
    packages: tuple[Package, ...]

    @property
    def record(self) -> Path:
        return self.folder / "VENDOR.json"


SHELVES = (Shelf(ROOT / "static" / "vendor", PACKAGES), Shelf(ROOT / "tests" / "vendor", PACKAGES_FOR_TESTS))

# What must never reach a browser, whatever an upgrade brings.
FORBIDDEN = re.compile(r"@font-face| W01\b|\.woff|assets\.nhs\.uk|sourceMappingURL|/assets/", re.IGNORECASE)


class VendorError(Exception):
    """The files cannot be trusted; nothing should be committed."""


def fetch(package: Package, folder: Path) -> Path:
    # npm knows its registry from its own configuration; no address belongs in this file.
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{package.name}@{package.version}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / package.tarball


def verify(package: Package, tarball: Path) -> None:
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise VendorError(f"{tarball.name} is not the file we pinned (sha512 {found})")


def member(archive: tarfile.TarFile, path: str) -> str:
    handle = archive.extractfile(f"package/{path}")
    if handle is None:
        raise VendorError(f"{path} is not a file in the package")
    return handle.read().decode("utf-8")


def substitute(copy: Copy, text: str) -> tuple[str, list[dict[str, object]]]:
    done: list[dict[str, object]] = []
    for change in copy.substitutions:
        text, count = change.apply(text)
        if not count:
            raise VendorError(f"{copy.target}: nothing matched {change.pattern!r}; has the package changed?")
        done.append({"why": change.why, "from": change.pattern, "to": change.replacement, "times": count})
    return text, done


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(path: Path, text: str) -> None:
    if found := FORBIDDEN.search(text):
        raise VendorError(f"{path.name} still holds {found.group()!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def vendor(shelf: Shelf, package: Package, tarball: Path) -> dict[str, object]:
    """Writes the package's files and returns its entry for VENDOR.json."""
    verify(package, tarball)
    home = shelf.folder / package.name
    shutil.rmtree(home, ignore_errors=True)
    files: dict[str, dict[str, object]] = {}
    with tarfile.open(tarball) as archive:
        for copy in package.copies:
            text, changes = substitute(copy, member(archive, copy.source))
            write(home / copy.target, text)
            entry: dict[str, object] = {"from": copy.source, "sha256": digest(home / copy.target)}
            if changes:
                entry["substitutions"] = changes
            files[f"{package.name}/{copy.target}"] = entry
    if package.licence_text:
        write(home / "LICENSE", package.licence_text)
        files[f"{package.name}/LICENSE"] = {"from": "added by us", "sha256": digest(home / "LICENSE")}
    entry = {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "tarball_sha512": package.sha512,
        "files": files,
    }
    if package.notes:
        entry["notes"] = list(package.notes)
    return entry


def refresh(shelf: Shelf, tarballs: Path | None) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        entries = [vendor(shelf, package, tarballs / package.tarball if tarballs else fetch(package, Path(temporary))) for package in shelf.packages]
    shelf.record.write_text(json.dumps({"packages": entries}, indent=2) + "\n", encoding="utf-8")


def problems(shelf: Shelf) -> list[str]:
    """What is wrong with the committed files of a shelf, in words; an empty list when all is well."""
    if not shelf.record.is_file():
        return [f"{shelf.record.relative_to(ROOT)} is missing"]
    recorded = json.loads(shelf.record.read_text(encoding="utf-8"))["packages"]
    expected = {path: entry["sha256"] for package in recorded for path, entry in package["files"].items()}
    present = {path.relative_to(shelf.folder).as_posix() for path in shelf.folder.rglob("*") if path.is_file() and path != shelf.record}
    found = [f"{path} is missing" for path in sorted(expected.keys() - present)]
    found += [f"{path} is not in VENDOR.json" for path in sorted(present - expected.keys())]
    for path in sorted(expected.keys() & present):
        if digest(shelf.folder / path) != expected[path]:
            found.append(f"{path} was changed by hand")
        if FORBIDDEN.search((shelf.folder / path).read_text(encoding="utf-8")):
            found.append(f"{path} holds something we must not serve")
    pinned = {(package.name, package.version) for package in shelf.packages}
    if pinned != {(package["name"], package["version"]) for package in recorded}:
        found.append(f"{shelf.record.relative_to(ROOT)} names other packages or versions than scripts/vendor.py")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the committed files with VENDOR.json")
    parser.add_argument("--tarballs", type=Path, help="a folder with the packed packages, instead of fetching")
    arguments = parser.parse_args()
    try:
        if not arguments.check:
            for shelf in SHELVES:
                refresh(shelf, arguments.tarballs)
        found = [line for shelf in SHELVES for line in problems(shelf)]
    except (VendorError, OSError, subprocess.CalledProcessError) as error:
        found = [str(error)]
    for line in found:
        print(f"vendor: {line}", file=sys.stderr)
    if not found:
        print(f"vendor: {sum(len(shelf.packages) for shelf in SHELVES)} packages, every file as recorded")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

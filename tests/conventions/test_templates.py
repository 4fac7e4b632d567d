"""What the browser's content security policy would refuse, and what Jinja's forgiving undefined would hide."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import meta, nodes

from config import ROOT

TEMPLATES = ROOT / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
CODE = sorted((ROOT / "groupvisits").rglob("*.py"))
HANDLERS = r"on(?:abort|animation\w*|before\w+|blur|change|click|close|contextmenu|copy|cut|dblclick|drag\w*|drop|error|focus\w*|input|invalid|key\w+|load\w*|mouse\w+|paste|pointer\w+|reset|resize|scroll|select|submit|toggle|touch\w+|transition\w*|wheel)"
# What layout.html and the design system's macros take from whoever has it (written at the top of layout.html).
OPTIONAL = {
    "alarms_for_me",
    "alarms_shown_of",
    "body_class",
    "clinic",
    "code",
    "form",
    "home_url",
    "is_error_page",
    "languages",
    "main_class",
    "navigation",
    "reference",
    "show_flashes",
    "sign_out_url",
    "variant",
}
# What the application hands to every page.
ALWAYS = {
    "_",
    "gettext",
    "ngettext",
    "g",
    "request",
    "config",
    "session",
    "actor",
    "csrf_token",
    "current_language",
    "text_direction",
    "now",
    "asset",
    "may",
    "url_for",
    "get_flashed_messages",
}


def text_of(name: str) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", (TEMPLATES / name).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_no_template_holds_inline_code(name: str) -> None:
    text = text_of(name)
    inline = re.findall(r'<script(?![^>]*\bsrc=)(?![^>]*type="application/json")[^>]*>', text)
    assert not inline, (
        f'{name} holds a script with code in it, which our content security policy refuses. Put it into static/ and data into type="application/json".'
    )
    handlers = re.findall(rf"""[\s"']{HANDLERS}["']?\s*[=:]""", text)
    assert not handlers, f"{name} holds an event handler: {handlers}. Add the listener in a script file."
    assert "javascript:" not in text, f"{name} holds a javascript: address."


@pytest.mark.parametrize("name", NAMES)
def test_no_template_holds_inline_style(name: str) -> None:
    text = text_of(name)
    assert not re.search(r"<style\b", text), f"{name} holds a <style>. Put it into static/."
    assert not re.search(r"""[\s"']style["']?\s*[=:]""", text), (
        f"{name} holds style=, which our content security policy refuses. Use a class, a <progress> or SVG attributes."
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_template_switches_escaping_off(name: str) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text_of(name)), (
        f"{name} switches escaping off. What people typed must never become markup; hand over Markup made by code instead."
    )


def _strings_naming_templates(path: Path) -> set[str]:
    return set(re.findall(r"""["']([\w./-]+\.html)["']""", path.read_text(encoding="utf-8")))


def _used() -> set[str]:
    return set().union(*map(_strings_naming_templates, CODE), *(_strings_naming_templates(TEMPLATES / name) for name in NAMES))


def test_every_template_is_used() -> None:
    unused = sorted(set(NAMES) - _used())
    assert not unused, f"No view renders and no template includes {', '.join(unused)}. Delete what is not needed."


def test_every_template_that_is_named_exists() -> None:
    missing = sorted(name for name in _used() if "/" in name and not (TEMPLATES / name).exists())
    assert not missing, f"These templates are named somewhere and do not exist: {', '.join(missing)}."


def _places() -> list[Path]:
    return [*CODE, *(TEMPLATES / name for name in NAMES)]


def _source(path: Path) -> str:
    return text_of(str(path.relative_to(TEMPLATES))) if path.suffix == ".html" else path.read_text(encoding="utf-8")


def _endpoint(path: Path, named: str) -> str:
    """A page of the same package may be named by its last part alone."""
    package = path.relative_to(TEMPLATES if path.suffix == ".html" else ROOT / "groupvisits").parts[0]
    return package + named if named.startswith(".") else named


def test_every_link_leads_to_a_page(app: Flask) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {named}"
        for path in _places()
        for named in re.findall(r"""url_for\(\s*["']([\w.:-]+)["']\s*[,)]""", _source(path))
        if _endpoint(path, named) not in app.view_functions
    ]
    assert not wrong, f"url_for names pages that do not exist: {', '.join(wrong)}."


def test_every_asset_exists() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {asset}"
        for path in _places()
        for asset in re.findall(r"""\basset\(\s*["']([^"']+)["']""", _source(path))
        if not (ROOT / "static" / asset).exists()
    ]
    assert not wrong, f"asset() names files that do not exist under static/: {', '.join(wrong)}."


def test_every_module_that_a_script_imports_exists() -> None:
    wrong = []
    for script in (ROOT / "static").rglob("*.js"):
        if "vendor" in script.parts:
            continue
        for target in re.findall(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"'?]+)""", script.read_text(encoding="utf-8")):
            if not (script.parent / target).resolve().exists():
                wrong.append(f"{script.relative_to(ROOT)}: {target}")
    assert not wrong, f"Scripts import files that do not exist: {', '.join(wrong)}."


def test_no_script_turns_text_into_markup() -> None:
    found = [
        str(script.relative_to(ROOT))
        for script in (ROOT / "static").rglob("*.js")
        if "vendor" not in script.parts
        and re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write\(|\beval\(|new Function\(", script.read_text(encoding="utf-8"))
    ]
    assert not found, f"These scripts turn text into markup or code: {', '.join(found)}. Use textContent and DOM methods."


# Misspelt names: Jinja's ChainableUndefined, which the design system needs, would show nothing at all for them.


def _given_by_code() -> dict[str, set[str]]:
    """For each template the names that code hands over: keywords of the calls that name it and, where its module renders a template chosen
    elsewhere or hands over a whole dictionary (`**context`), the keywords of those calls and every key that is written out anywhere."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE}
    keys = set().union(*map(_keys, trees.values()))
    given: dict[str, set[str]] = defaultdict(set)
    for tree in trees.values():
        anywhere: set[str] = set()
        for call in _calls(tree):
            templates = set().union(*(set(_template_names(argument)) for argument in call.args))
            keywords = {keyword.arg for keyword in call.keywords if keyword.arg}
            for template in templates:
                given[template] |= keywords
            if _called(call) == "render_template" and not templates:
                anywhere |= keywords
            if any(keyword.arg is None for keyword in call.keywords) and (templates or _called(call) == "render_template"):
                anywhere |= keys
        for template in _template_names(tree):
            given[template] |= anywhere
    return given


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _keys(tree: ast.AST) -> set[str]:
    written = {
        key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    return written | {keyword.arg for call in _calls(tree) if _called(call) == "dict" for keyword in call.keywords if keyword.arg}


def _template_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w./-]+\.html", node.value):
            yield node.value


def _relatives(tree: nodes.Template) -> set[str]:
    """Templates that see the same names: extended, included, or imported with context."""
    found = set()
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)):
        if isinstance(node.template, nodes.Const) and isinstance(node.template.value, str):
            found.add(node.template.value)
    return found


def _set_inside(tree: nodes.Template) -> set[str]:
    """Names that a template sets, imports or defines itself. (Blocks are compiled apart, so Jinja's own list would miss them.)"""
    found = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    found |= {macro.name for macro in tree.find_all(nodes.Macro)} | {module.target for module in tree.find_all(nodes.Import)}
    for imported in tree.find_all(nodes.FromImport):
        found |= {name if isinstance(name, str) else name[1] for name in imported.names}
    return found


def _context_names(app: Flask) -> set[str]:
    with app.test_request_context("/"):
        app.preprocess_request()
        context: dict[str, object] = {}
        app.update_template_context(context)
        return set(context)


def test_no_template_uses_a_name_that_nobody_gives_it(app: Flask) -> None:
    given, known = _given_by_code(), ALWAYS | OPTIONAL | set(app.jinja_env.globals) | _context_names(app)
    trees = {name: app.jinja_env.parse((TEMPLATES / name).read_text(encoding="utf-8")) for name in NAMES}
    # Names flow from a rendered template to those it includes and extends, and what it sets is seen there, too.
    names = {name: set(given.get(name, ())) | _set_inside(tree) for name, tree in trees.items()}
    for _ in range(5):
        for name, tree in trees.items():
            for relative in _relatives(tree) & set(trees):
                names[relative] |= names[name]
    wrong = {name: sorted(meta.find_undeclared_variables(tree) - known - names[name]) for name, tree in trees.items()}
    wrong = {name: undeclared for name, undeclared in wrong.items() if undeclared}
    assert not wrong, f"These names are used in templates and given by no view (misspelt?): {wrong}"

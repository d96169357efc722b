"""Rules of the source: text from outside never meets markup, and screens know their place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

import screens
from screens.routes import ROUTES

SINKS = {
    "Static", "Label", "Button", "Checkbox", "RadioButton", "Option", "OptionList", "Collapsible",
    "TabPane", "notify", "update", "add_column", "add_columns", "add_row", "update_cell", "Select",
    "add_option", "set_options", "Tree", "add", "add_leaf", "set_label", "from_markup",
}  # fmt: skip
"""What reads a plain string as markup, by the name under which it is called."""

ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}

READS_MARKUP = {
    "Static", "Label", "Button", "Checkbox", "RadioButton", "Switch", "Collapsible", "TabPane",
    "Tab", "Option", "OptionList", "Selection", "SelectionList", "Select", "Tree", "Link",
}  # fmt: skip
"""Widgets of the toolkit: only constants, Content, or `markup=False`, also for what comes later."""

TEXTS = {"Content", "Text"}
"""The classes that hold text which is not read as markup any more."""

FOLDER = Path(screens.__file__).parent
SOURCES = [*sorted(FOLDER.rglob("*.py")), FOLDER.parent / "haui" / "app.py"]


def offences(source: str) -> list[str]:
    """The places where a formatted text would be read as markup."""
    return [f"line {line}: {what}" for line, what in _found(ast.parse(source))]


def _found(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in SINKS and not _safe(node):
            shown = [
                k.value for k in node.keywords if k.arg not in ("id", "classes", "key", "name")
            ]
            values = [*node.args, *shown]
            if any(map(_formatted, values)):
                yield node.lineno, _name(node.func)
        if isinstance(node, ast.Assign) and _formatted(node.value):
            for target in node.targets:
                if _name(target) in ATTRIBUTES:
                    yield node.lineno, _name(target)


def unproved(source: str, known: frozenset[str] = frozenset()) -> list[str]:
    """The places where a text that is no constant reaches a widget, a notification, a title or a
    tooltip, and could be read as markup. `known` are functions elsewhere that return Content."""
    tree = ast.parse(source)
    own = {node.name: _returns_text(node) for node in ast.walk(tree) if _is_function(node)}
    proved = {name for name in known if name not in own} | {n for n, text in own.items() if text}
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in _open(tree, proved)]


def functions_of_text(sources: Iterable[str]) -> frozenset[str]:
    """The names of functions that always return Content or Text."""
    found: dict[str, bool] = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if _is_function(node):
                found[node.name] = found.get(node.name, True) and _returns_text(node)
    return frozenset(name for name, text in found.items() if text)


def _is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def _returns_text(node: ast.FunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns) in TEXTS


def _open(tree: ast.Module, proved: set[str]) -> Iterator[ast.expr | ast.stmt]:
    toolkit = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not _safe(node):
            name = _name(node.func)
            widget = isinstance(node.func, ast.Name) and name in READS_MARKUP & toolkit
            bare = widget and name in ("Static", "Label") and not node.args
            shown = node.args[:1] if widget else node.args if name == "notify" else []
            shown += [k.value for k in node.keywords if k.arg in ("label", "prompt", "title")]
            if bare or (
                (widget or name == "notify") and not all(_proved(a, proved) for a in shown)
            ):
                yield node
        if isinstance(node, ast.Assign) and any(_name(t) in ATTRIBUTES for t in node.targets):
            yield from () if _proved(node.value, proved) else (node,)


def _proved(node: ast.expr, proved: set[str]) -> bool:
    """A constant, or made as Content."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.IfExp):
        return _proved(node.body, proved) and _proved(node.orelse, proved)
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    made = func.value if isinstance(func, ast.Attribute) else func
    return _name(made) in TEXTS or _name(func) in proved


def _name(node: ast.expr) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def _safe(call: ast.Call) -> bool:
    """`markup=False`, or a call that is not a widget's: of a set, of a dict."""
    return any(
        keyword.arg == "markup" and getattr(keyword.value, "value", None) is False
        for keyword in call.keywords
    )


def _formatted(node: ast.expr) -> bool:
    """An f-string, `%`, `+` or `.format` that makes a text of something else."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _formatted(node.left) or _formatted(node.right) or _is_text(node.left)
    return isinstance(node, ast.Call) and _name(node.func) == "format"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_formatted_text_is_read_as_markup(path: Path) -> None:
    """Content, `markup=False` or a template with variables; never an f-string."""
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'Static(f"host {name}")',
        'self.notify(f"{error}")',
        'label.update("host %s" % name)',
        'Button("go to " + name)',
        'window.border_title = f" {name} "',
        'Content.from_markup(f"[b]{name}[/b]")',
        'Label("{}".format(name))',
    ],
)
def test_the_rule_finds(line: str) -> None:
    """The rule is worth something."""
    assert offences(line)


@pytest.mark.parametrize(
    "line",
    [
        'Static(f"host {name}", markup=False)',
        'Static(Content(f"host {name}"))',
        'Static("constant")',
        'Content.from_markup("[b]$name[/b]", name=name)',
    ],
)
def test_the_rule_lets_through(line: str) -> None:
    """What is safe is not complained about."""
    assert not offences(line)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_what_is_proved_reaches_a_widget(path: Path) -> None:
    """A variable may hold anything; it is shown as Content, or where markup is not read at all."""
    assert unproved(path.read_text(encoding="utf-8"), _known_everywhere()) == []


@cache
def _known_everywhere() -> frozenset[str]:
    return functions_of_text(each.read_text(encoding="utf-8") for each in SOURCES)


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        'Static(f"host {name}")',
        "Static(self._text)",
        'Static(id="later")',
        "Label(str(error))",
        "Button(names[0])",
        "Button(label=name)",
        "Option(name)",
        "app.notify(text)",
        'app.notify("constant", title=name)',
        "window.border_title = name",
        "self.tooltip = str(error)",
        "Static(shown())",
        "Static('a' if fine else name)",
    ],
)
def test_the_stricter_rule_finds(line: str) -> None:
    """Names say nothing about what they hold."""
    assert unproved(f"from textual.widgets import Static, Label, Button, Option\n{line}")


@pytest.mark.parametrize(
    "line",
    [
        "Static(name, markup=False)",
        'Static("constant")',
        "Static(Content(name))",
        "Static(Content.assemble(name, other))",
        "Static(toned(name))",
        "Button(Content(name) if name else 'constant')",
        "app.notify(name, markup=False)",
        "window.border_title = toned(name)",
        "Static(shown())\ndef shown() -> Content: ...",
        "Option(name)",
    ],
)
def test_the_stricter_rule_lets_through(line: str) -> None:
    """Content, no markup, and what only is called like a widget of the toolkit."""
    source = f"from textual.widgets import Static, Button\n{line}"
    assert not unproved(source, frozenset({"toned"}))


@pytest.mark.parametrize("route", ROUTES.values())
def test_routes_name_a_module_here(route: str) -> None:
    """Each route is a class of a module in this package."""
    module, _, name = route.partition(":")
    assert module.startswith("screens.")
    assert name.isidentifier()


def test_starting_is_light() -> None:
    """The first screen waits neither for the SSH client nor for the rules of the cluster file."""
    code = (
        "import haui.app, haui.folders, haui.record.store, haui.wizard.drafts, sys;"
        "print([m for m in ('asyncssh', 'jinja2', 'pydantic', 'steps', 'yaml', 'questionary')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Rules of the source: text from outside never meets markup, and screens know their place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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

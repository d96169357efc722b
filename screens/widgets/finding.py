"""What is said of a finding below its title: evidence, why, fix, and what keys do about it."""

from __future__ import annotations

from textual.content import Content

from haui.transport.text import clean_line
from haui.wizard.pages import PAGES, index_of
from haui.wizard.preflight_groups import Group
from screens.glyphs import Glyphs, toned

MOST_FIX = 4
"""Lines of a fix."""
INDENT = 5


def group_lines(group: Group, width: int, glyphs: Glyphs) -> list[Content]:
    """Below the title of a group that somebody has to read."""
    room = max(10, width - INDENT)
    lines = _wrapped(group.evidence, room, glyphs, parts=2)
    if group.weight != "info":
        lines += _wrapped(group.why, room, glyphs, parts=1)
    for text in _parts(group.fix)[:MOST_FIX]:
        first, *more = Content(text).wrap(room)
        lines.append(Content.assemble("   ", (glyphs.pointer, "$primary"), " ", first))
        lines += [_indented(part) for part in more[:2]]
    if group.command:
        text = clean_line(group.command)
        lines.append(
            _indented(Content.assemble(("# ", "$text-muted"), text)).truncate(width, ellipsis=True)
        )
    if group.override:
        by = f" ({clean_line(group.by)})" if group.by else ""
        lines += _wrapped(f"let pass{by}: {group.override}", room, glyphs, parts=1)
    return [*lines, *(_indented(part) for part in _packed(key_hints(group), room))]


def folded_lines(group: Group, width: int, glyphs: Glyphs) -> list[Content]:
    """Below the title of a group that is folded away: why it was skipped."""
    if group.weight != "skipped":
        return []
    return _wrapped(group.evidence, max(10, width - INDENT), glyphs, parts=1)


def key_hints(group: Group) -> list[Content]:
    """What can be done about it, mostly with a key."""
    keys: list[tuple[str, str, str]] = []
    if group.weight == "blocks" and group.page is None:
        keys.append(("mend it on the host, then ", "r", " looks again"))
    if group.page is not None and group.weight in ("blocks", "warning"):
        keys.append(("", "e", f" changes the answers: {PAGES[index_of(group.page)].title}"))
    if group.command:
        keys.append(("", "c", " copies the command"))
    if group.overridable:
        keys.append(("", "o", " takes that back" if group.override else " lets it pass"))
    return [
        Content.assemble((before, "$text-muted"), (key, "bold $primary"), (does, "$text-muted"))
        for before, key, does in keys
    ]


def _packed(hints: list[Content], room: int) -> list[Content]:
    """As many on a line as fit."""
    lines: list[Content] = []
    for hint in hints:
        longer = Content.assemble(lines[-1], "   ", hint) if lines else hint
        if lines and longer.cell_length <= room:
            lines[-1] = longer
        else:
            lines.append(hint)
    return lines


def _wrapped(text: str, room: int, glyphs: Glyphs, *, parts: int) -> list[Content]:
    """A text in dim lines: of so many lines of its own, two lines each."""
    lines: list[Content] = []
    for part in _parts(text)[:parts]:
        first, *more = toned(part, "dim").wrap(room)
        lines.append(_indented(first))
        if len(more) > 1:
            cut = more[0].truncate(room - 4)
            more = [Content.assemble(cut, (f" {glyphs.ellipsis}", "$text-muted"))]
        lines += [_indented(line) for line in more]
    return lines


def _parts(text: str) -> list[str]:
    return [clean_line(line).strip() for line in text.splitlines() if line.strip()]


def _indented(content: Content) -> Content:
    return Content.assemble(" " * INDENT, content)

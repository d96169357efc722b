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
    lines = _wrapped(group.evidence, room, parts=2)
    if group.weight != "info":
        lines += _wrapped(group.why, room, parts=1)
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
        lines += _wrapped(f"let pass{by}: {group.override}", room, parts=1)
    keys = key_hints(group)
    return [*lines, *(_indented(part) for part in keys.wrap(room))] if keys else lines


def folded_lines(group: Group, width: int) -> list[Content]:
    """Below the title of a group that is folded away: why it was skipped."""
    if group.weight != "skipped":
        return []
    return _wrapped(group.evidence, max(10, width - INDENT), parts=1)


def key_hints(group: Group) -> Content:
    """What can be done about it with a key."""
    keys: list[tuple[str, str]] = []
    if group.page is not None and group.weight in ("blocks", "warning"):
        keys.append(("e", f"changes the answers: {PAGES[index_of(group.page)].title}"))
    if group.command:
        keys.append(("c", "copies the command"))
    if group.overridable:
        keys.append(("o", "takes that back" if group.override else "lets it pass, for a reason"))
    hints = [Content.assemble((key, "bold $primary"), (f" {does}", "$text-muted"))
             for key, does in keys]  # fmt: skip
    if group.weight == "blocks" and group.page is None:
        hints.insert(0, toned("mend it on the host, then r", "dim"))
    return Content("   ").join(hints)


def _wrapped(text: str, room: int, *, parts: int) -> list[Content]:
    """A text in dim lines: of so many lines of its own, two lines each."""
    lines: list[Content] = []
    for part in _parts(text)[:parts]:
        lines += [_indented(line) for line in toned(part, "dim").wrap(room)[:2]]
    return lines


def _parts(text: str) -> list[str]:
    return [clean_line(line).strip() for line in text.splitlines() if line.strip()]


def _indented(content: Content) -> Content:
    return Content.assemble(" " * INDENT, content)

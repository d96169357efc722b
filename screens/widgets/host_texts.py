"""What the hosts page says around its list: how to begin, about one host, about all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from haui.clusterfile.problem import SpecProblem
from haui.drawing.facts import hosts_needed
from haui.wizard.answers import Answers
from haui.wizard.questions import endpoint_of, placement_of, topology_of
from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.edges import joined
from screens.widgets.host_rows import HostRow, RowProblem, counted, summary_of

_NBSP = "\N{NO-BREAK SPACE}"
_WAYS = (
    ("p", "paste lines", "one host a line, several at once; for example"),
    ("", "", "    10.30.0.[11-13] cp"),
    ("", "", "    wk1 10.30.0.21 worker rack=r1"),
    ("a", "add one", "with a form: name, address, roles"),
    ("i", "import", "a table (CSV), an ssh_config, an Ansible inventory"),
)
_KEYS = (
    ("space", "mark"), ("r", "roles"), ("J K", "move"), ("n", "name all"), ("c", "copy as lines"),
    ("/", "filter"),
)  # fmt: skip


def list_keys() -> Content:
    """The keys for which the key line has no room."""
    parts = [
        Content.assemble((key, "$primary"), (f" {what}", "$text-muted")) for key, what in _KEYS
    ]
    return Content("   ").join(parts)


def begin_text(answers: Answers, *, rehearsal: bool) -> tuple[Content, ...]:
    """The lines of an empty list: the ways to begin, and how many hosts it takes."""
    least = hosts_needed(
        str(topology_of(answers)), str(endpoint_of(answers)), str(placement_of(answers))
    )
    lines = [
        Content.assemble(
            (f"  {key:<3}", "bold $primary"), (f"{what:<14}", "bold"), (text, "$text-muted")
        )
        for key, what, text in _WAYS
    ]
    takes = [f"This cluster takes {least.parts}, and 1 worker or more."]
    if rehearsal:
        takes.append("Any addresses will do.")
    head = Content("No host is entered yet. Three ways to begin:")
    blank = Content("")
    return (head, blank, *lines, blank, *(toned(text, "dim") for text in takes))


def about_row(row: HostRow | None, glyphs: Glyphs, *, first: bool = False) -> Content:
    """What is wrong with a host, else what its row has no room for; `first` begins the cluster."""
    if row is None:
        return Content("")
    if row.problems:
        return Content("\n").join([_problem(row, found, glyphs) for found in row.problems[:2]])
    begins = "begins the cluster, the others join it" if first else ""
    more = [part for part in (begins, row.ssh, row.labels, row.rest) if part]
    return toned(f"{row.called}  {f' {glyphs.dot} '.join(more)}" if more else "", "dim")


def _problem(row: HostRow, found: RowProblem, glyphs: Glyphs) -> Content:
    example = found.example.replace(" ", _NBSP)
    glyph = glyphs.attention if found.missing else glyphs.failed
    return Content.assemble(
        (f"{glyph} ", "$warning" if found.missing else "$error"),
        (f"{row.called}: ", "bold"),
        Content(f"{found.field}: {found.what}"),
        (f"  {glyphs.arrow}{_NBSP}{example}" if example else "", "$text-muted"),
    )


def about_list(
    rows: Sequence[HostRow],
    problems: Sequence[SpecProblem],
    needed: Mapping[str, int],
    glyphs: Glyphs,
    *,
    marked: int = 0,
) -> Content:
    """What is wrong with the list as a whole, what is still needed, and what there is."""
    lines = [
        Content.assemble((f"{glyphs.failed} ", "$error"), Content(problem.what))
        for problem in problems
    ]
    if needed:
        missing = ", ".join(counted(number, role) for role, number in needed.items())
        still = state_text("warning", glyphs, f"still needed: {missing}")
    else:
        still = Content("") if lines else state_text("ok", glyphs, "no host is missing")
    have = toned(summary_of(rows), "dim")
    lines.append(joined([still, toned(f"{marked} marked" if marked else "", "accent"), have]))
    return Content("\n").join([line for line in lines if line.cell_length])

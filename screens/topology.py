"""The topology page: what survives what, and what can't be changed afterwards."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from haui.drawing.facts import QUORUM_TABLE
from haui.wizard.pages import PageId
from haui.wizard.questions import topology_of
from screens.glyphs import Glyphs
from screens.page import WizardPage
from screens.widgets.form import QuestionForm


class TopologyPage(WizardPage):
    """Name, topology, and the sizes that preflight asks for."""

    page: ClassVar[PageId] = "topology"
    help_text = (
        "etcd keeps the whole state of the cluster and needs more than half of its members to "
        "agree. Three members survive the loss of one, five of two; an even number survives no "
        "more than one less.\n\nStacked puts a member on each control plane: three hosts are "
        "enough. External gives etcd hosts of its own: it is then sized, tuned and mended apart "
        "from the API servers."
    )

    def compose_page(self) -> ComposeResult:
        yield QuestionForm(self.page, self.desk, glyphs=self.world.glyphs)
        yield Static(id="quorum", markup=False)

    def answers_changed(self) -> None:
        quorum = self.query_one("#quorum", Static)
        quorum.update(quorum_table(topology_of(self.desk.answers), self.world.glyphs))


def quorum_table(topology: object, glyphs: Glyphs) -> Content:
    """Members, quorum and what is survived, with the columns of the chosen topology marked."""
    usual = {"single": (1,), "stacked": (3, 5, 7), "external": (3, 5, 7)}.get(str(topology), ())
    rows = (
        ("etcd members", [row.members for row in QUORUM_TABLE]),
        ("quorum", [row.quorum for row in QUORUM_TABLE]),
        ("survives", [row.survives for row in QUORUM_TABLE]),
    )
    lines: list[Content] = []
    for label, numbers in rows:
        cells = [
            (f"{number:>4}", "bold $primary" if row.members in usual else "$text-muted")
            for row, number in zip(QUORUM_TABLE, numbers, strict=True)
        ]
        lines.append(Content.assemble((f"{label:<13}", "$text-muted"), *cells))
    lock = f"{glyphs.locked} hard to change after the install"
    return Content("\n").join([*lines, Content.assemble((lock, "$text-muted"))])

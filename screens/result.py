"""The result: what stands, what proves it, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haui.documents.undoing import ending_lines
from haui.documents.verdict import Failure, Proof, Standing, failures, headline, proofs
from haui.drawing import draw, shape_of
from haui.events import Finding
from haui.live.run import LiveRun
from haui.transport.text import clean_line
from screens.actions import Action, bind
from screens.glyphs import Glyphs, Tone, state_text, toned
from screens.messages import GoBack, ResumeRun, ShowScreen, VerifyCluster
from screens.paths import home_text, home_word
from screens.report import ReportWindow
from screens.shell import Shell, clock_text
from screens.widgets.drawing import picture_content
from screens.widgets.topbar import TopBar

DRAWING_WIDTH = 38
MOST_FAILURES = 20
RESULT_WIDTH = 9
SCROLLBAR = 2
"""Kept free at the right: the scroll bar may come after the width was asked for."""

_STANDINGS: dict[Standing, str] = {"good": "done", "bad": "failed", "stopped": "paused"}
_RESULTS = {"ok": "ok", "info": "done", "differs": "wrong", "blocked": "wrong"}


class ResultScreen(Shell):
    """Shows `world.live` after its end."""

    CSS_PATH: ClassVar = "result.tcss"
    help_text: ClassVar[str] = (
        "An install is only called good when the verification has seen it: every node Ready, etcd "
        "healthy, the API behind its endpoint, pods that reach each other and names that resolve."
        "\n\nThe kubeconfig gives full rights over the cluster. It is kept on this machine, "
        "readable by this account alone."
    )
    BINDINGS = bind(
        Action(id="result.copy", key="c", label="copy kubeconfig line", group="Result",
               help="Copy the line that makes kubectl use this cluster."),
        Action(id="result.verify", key="v", label="verify again", group="Result",
               help="Prove the cluster once more. Changes nothing."),
        Action(id="result.report", key="m", label="report", group="Result",
               help="Read the report; it is a Markdown file in the cluster's folder."),
        Action(id="result.export", key="x", label="preset", group="Result",
               help="Save these answers as a preset, without addresses and secrets."),
        Action(id="result.resume", key="r", label="resume", group="Result",
               help="Go on with an install that is not finished."),
    )  # fmt: skip

    @property
    def live(self) -> LiveRun:
        assert self.world.live is not None, "the result is that of a run"
        return self.world.live

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        done = self._good
        if action == "resume":
            return not done and self.live.on_record
        if action in ("copy", "verify"):
            return self.live.store.admin_conf.exists()
        return True

    @property
    def _good(self) -> bool:
        return self.live.result is not None and self.live.result.outcome == "ok"

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="columns"):
            with VerticalScroll(id="body"):
                yield Static(self._headline(), id="headline", markup=False)
                if self.live.error is not None:
                    yield Static(toned(self.live.error.render()), id="trouble", markup=False)
                for failure in list(failures(self.live.state, self.live.plan))[:MOST_FAILURES]:
                    yield Static(self._failure(failure), classes="failure", markup=False)
                yield Static(self._next(), id="next-steps", markup=False)
                yield Static(id="proofs", markup=False)
            with Vertical(id="drawing"):
                picture = draw(
                    shape_of(self.live.spec),
                    width=DRAWING_WIDTH,
                    height=32,
                    ascii=self.world.glyphs.ascii,
                )
                yield Static(picture_content(picture), markup=False)

    def on_mount(self) -> None:
        self.call_after_refresh(self._show_proofs)
        self.query_one("#body").focus()

    def update_top(self) -> None:
        super().update_top()
        bar = self.query_one(TopBar)
        bar.crumbs = (self.live.spec.name, "result")
        bar.rehearsal = self.live.site.rehearsal

    def _headline(self) -> Content:
        live = self.live
        found = headline(live.spec.name, live.state, verifying=live.kind == "verify")
        word = _STANDINGS[found.standing]
        at = f" · {clock_text(self.live.state.last_at)}" if self.live.state.last_at else ""
        return state_text(word, self.world.glyphs, found.text + at)

    def _failure(self, failure: Failure) -> Content:
        glyphs = self.world.glyphs
        problem = failure.problem
        lines = [state_text("failed", glyphs, f"{failure.host} · {failure.title}")]
        lines.append(Content(f"  {clean_line(problem.what)}"))
        lines += [toned(f"    {clean_line(line)}", "dim") for line in problem.why.splitlines()[:6]]
        lines += [
            toned(f"  {glyphs.arrow} {clean_line(line)}", "accent")
            for line in problem.fix.splitlines()[:4]
        ]
        return Content("\n").join(lines)

    def _next(self) -> Content:
        """Where things are, and what to type."""
        store, name = self.live.store, self.live.spec.name
        rows: list[tuple[str, str, Tone]] = []
        if self._good and store.admin_conf.exists():
            rows.append(("use it", self._kubeconfig_line(), "here"))
            if self.live.site.rehearsal:
                rows.append(("", "a rehearsal: there is no cluster behind it", "dim"))
        if self.live.kind == "reset":
            rows += [("reset", line, "plain") for line in self._undone()]
        elif self._good and not self.live.site.rehearsal:
            rows.append(("prove it", f"haui verify {name}", "plain"))
            rows.append(("reuse it", f"haui preset export {name}", "plain"))
        if not self._good and self.live.on_record:
            again = "haui rehearse" if self.live.site.rehearsal else f"haui resume {name}"
            rows.append(("go on", f"r, or later: {again}", "here"))
        if self.live.on_record:
            rows.append(("report", home_text(store.report), "plain"))
            rows.append(("logs", home_text(store.logs), "plain"))
        cells = [Content.assemble((f"{label:<10}", "$text-muted"), toned(text, tone))
                 for label, text, tone in rows]  # fmt: skip
        return Content("\n").join(cells)

    def _undone(self) -> Sequence[str]:
        """What a reset has come to, and what stays different on the hosts."""
        return [clean_line(line) for line in ending_lines(self.live.spec, self.live.state)]

    def _kubeconfig_line(self) -> str:
        return f"export KUBECONFIG={home_word(self.live.store.admin_conf)}"

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._show_proofs)

    def _show_proofs(self) -> None:
        """The verification with aligned columns, as wide as there is room for."""
        shown = self.query_one("#proofs", Static)
        rows = proofs(self.live.state, self.live.plan)
        shown.display = bool(rows)
        width = max(40, shown.content_size.width - SCROLLBAR)
        shown.update(proof_lines(rows, width, self.world.glyphs))

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._kubeconfig_line())
        self.say(f"Copied: {self._kubeconfig_line()}")

    def action_verify(self) -> None:
        self.post_message(VerifyCluster(self.live.spec.name, self.live.site.rehearsal))

    def action_resume(self) -> None:
        self.post_message(ResumeRun(self.live.spec.name, self.live.site.rehearsal))

    def action_export(self) -> None:
        self.post_message(ShowScreen("export", over=True))

    def action_report(self) -> None:
        self.app.push_screen(ReportWindow(self.live.store.report, glyphs=self.world.glyphs))

    def action_back(self) -> None:
        self.post_message(GoBack())


def proof_lines(rows: Sequence[Proof], width: int, glyphs: Glyphs) -> Content:
    """The findings in columns: result, check, host, and what was seen."""
    cells = [
        (clean_line(row.finding.what), clean_line(row.host), _seen(row.finding)) for row in rows
    ]
    host = max([4, *(cell_len(cell[1]) for cell in cells)])
    check = max([5, *(cell_len(cell[0]) for cell in cells)])
    host, check = min(host, 16), min(check, max(20, width - host - 36))
    seen = max(8, width - RESULT_WIDTH - check - host - 4)
    head = f"{'result':<{RESULT_WIDTH}}{'check':<{check + 2}}{'host':<{host + 2}}seen"
    wrong = sum(row.finding.verdict in ("differs", "blocked") for row in rows)
    count = f"{len(rows)} checks, {wrong} wrong" if wrong else f"{len(rows)} checks, all passed"
    lines = [
        state_text("wrong" if wrong else "ok", glyphs, count),
        Content(""),
        Content.styled(set_cell_size(head, width), "bold"),
    ]
    for row, (what, where, found) in zip(rows, cells, strict=True):
        word = _RESULTS[row.finding.verdict]
        said = "note" if row.finding.verdict == "info" else word
        shown = state_text(word, glyphs, said)
        lines.append(
            Content.assemble(
                shown.pad_right(max(0, RESULT_WIDTH - shown.cell_length)),
                cut(what, check, glyphs) + "  ",
                (cut(where, host, glyphs) + "  ", "$text-muted"),
                cut(found, seen, glyphs),
            )
        )
    return Content("\n").join(lines)


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """The text in just that many columns."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - len(glyphs.ellipsis)) + glyphs.ellipsis


def _seen(finding: Finding) -> str:
    seen = clean_line(finding.seen or finding.expected)
    if finding.verdict in ("differs", "blocked") and finding.expected:
        return f"{seen} (expected {clean_line(finding.expected)})"
    return seen

"""What can be done with what was begun or finished: go on with it, watch it, prove it, reset it,
read its report, make a preset of it, throw it away."""

from __future__ import annotations

import os

from textual.content import Content

from haui.errors import HauiError
from haui.wizard.entries import Entry, forget_rehearsal
from haui.wizard.entry_words import name_of, note_of
from screens.actions import Action, bind
from screens.dialog import Ask, Way
from screens.messages import (
    OpenDraft,
    ResetCluster,
    ResumeRun,
    ShowScreen,
    VerifyCluster,
    WatchRun,
)
from screens.shell import Shell

VERIFY = Way(
    id="verify",
    label="Verify again",
    key="v",
    note="Every proof of the install once more. Changes nothing that lasts.",
)
REPORT = Way(
    id="report",
    label="Show the report",
    key="s",
    note="What was installed where, how long it took, what to do next.",
)
EXPORT = Way(
    id="export",
    label="Use as a preset",
    key="e",
    note="Its shape with names and addresses left out.",
)
RESET = Way(
    id="reset",
    label="Reset",
    key="x",
    note="Its hosts become what they were before. Asks for its name first.",
)


class EntryDeeds(Shell):
    """A page with a list of entries; what is done goes for the one under the cursor."""

    BINDINGS = bind(
        Action(id="welcome.discard", key="d", label="discard", group="Start",
               help="Throw the draft or the unfinished rehearsal away, after asking."),
        Action(id="welcome.verify", key="v", label="verify", group="Start",
               help="Prove anew that a finished cluster is as it should be."),
        Action(id="welcome.report", key="s", label="report", group="Start",
               help="Show the report of the cluster's last install."),
        Action(id="welcome.export", key="e", label="preset", group="Start",
               help="Make a preset of the cluster's shape, to begin others from."),
        Action(id="welcome.reset", key="x", label="reset", group="Start", shown=False,
               help="Give the cluster's hosts back as they were. Asks for its name first."),
    )  # fmt: skip

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor; None when there is none."""
        raise NotImplementedError

    def refresh_entries(self) -> None:
        """Called when there may be others than before."""

    def take(self, entry: Entry) -> None:
        """Go on with an entry as its state has it, or ask how."""
        if entry.mine and self.world.live is not None:
            self.post_message(ShowScreen("execute"))
        elif entry.kind == "held":
            self.post_message(WatchRun(entry.name, entry.rehearsal))
        elif entry.kind == "unfinished":
            self.post_message(ResumeRun(entry.name, entry.rehearsal))
        elif entry.kind == "draft" and not entry.busy:
            assert entry.draft is not None
            self.post_message(OpenDraft(entry.draft.id))
        elif entry.kind == "finished":
            self._ask_finished(entry)
        else:
            self.say(_refusal(entry), "warn")

    def _ask_finished(self, entry: Entry) -> None:
        gone = entry.state is not None and entry.state.gone
        ways = (REPORT, EXPORT) if gone else (VERIFY, REPORT, EXPORT, RESET)

        def chosen(way: str | None) -> None:
            if way is not None:
                getattr(self, f"action_{way}")()

        said = Content(note_of(entry, self.world.now()).replace("·", self.world.glyphs.dot))
        self.app.push_screen(Ask(name_of(entry), said, ways, glyphs=self.world.glyphs), chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the entry under the cursor has a key."""
        if action not in ("discard", "verify", "report", "export", "reset") or not self.is_mounted:
            return True
        entry = self.current
        if action == "reset":
            return entry is not None and _resettable(entry)
        if action == "discard":
            return entry is not None and _discardable(entry)
        finished = entry is not None and entry.kind == "finished"
        if action == "verify" and entry is not None and entry.state is not None:
            return finished and not entry.state.gone
        if action == "report" and entry is not None and entry.is_cluster:
            return finished or os.access(entry.store.report, os.R_OK)
        return finished

    def action_verify(self) -> None:
        entry = self.current
        if entry is not None:
            self.post_message(VerifyCluster(entry.name, entry.rehearsal))

    def action_reset(self) -> None:
        from haui.documents.undoing import losses
        from screens.reset import ResetDialog

        entry = self.current
        if entry is None:
            return
        try:
            spec = entry.store.load_spec()
        except HauiError as error:
            self.say(error.what, "bad")
            return

        def typed(name: str | None) -> None:
            if name is not None:
                self.post_message(ResetCluster(entry.name, entry.rehearsal))

        lost = losses(spec, None, "remove", admin_conf=str(entry.store.admin_conf))
        self.app.push_screen(ResetDialog(entry.name, lost, glyphs=self.world.glyphs), typed)

    def action_report(self) -> None:
        from screens.report import ReportWindow

        entry = self.current
        if entry is not None:
            self.app.push_screen(ReportWindow(entry.store.report, glyphs=self.world.glyphs))

    def action_export(self) -> None:
        from screens.export import ExportDialog

        entry = self.current
        if entry is not None:
            window = ExportDialog(self.world, answers=entry.answers, name=entry.name)
            self.app.push_screen(window)

    def action_discard(self) -> None:
        entry = self.current
        if entry is None:
            return
        what = (
            f"The rehearsal {name_of(entry)} and its simulated hosts are thrown away."
            if entry.is_cluster
            else f"{note_of(entry, self.world.now())}\n\nThe file is deleted: {entry.path}"
        )
        ways = (
            Way(id="keep", label="Keep it", key="k"),
            Way(id="discard", label="Discard", key="d"),
        )

        def chosen(way: str | None) -> None:
            if way == "discard":
                self._discard(entry)

        window = Ask(f"Discard {name_of(entry)}?", what, ways, glyphs=self.world.glyphs)
        self.app.push_screen(window, chosen)

    def _discard(self, entry: Entry) -> None:
        try:
            if entry.is_cluster:
                forget_rehearsal(entry)
            else:
                self.world.drafts.discard(entry.path.stem)
        except (HauiError, OSError) as error:
            self.say(str(error), "bad")
            return
        self.refresh_entries()
        self.say(f"{name_of(entry)} is discarded.")


def _discardable(entry: Entry) -> bool:
    draft = entry.kind == "broken draft" or (entry.kind == "draft" and not entry.busy)
    return draft or (entry.rehearsal and entry.kind in ("unfinished", "damaged", "finished"))


def _resettable(entry: Entry) -> bool:
    """Whether something was done to its hosts that can be taken back."""
    state = entry.state
    begun = state is not None and bool(state.run) and not state.gone
    return entry.kind in ("finished", "unfinished") and begun


def _refusal(entry: Entry) -> str:
    """Why an entry can't be chosen."""
    if entry.kind == "draft":
        return "Not now: another haui has this draft open."
    return f"Not before the file is mended or moved away: {entry.path}"

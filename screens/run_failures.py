"""The failures of a run: they are told when they come, and one of them is shown in place of the
log. What is done about it is the DecidingPage's."""

from __future__ import annotations

from datetime import timedelta

from textual import events, on
from textual.widget import Widget

from screens.failure_text import Failure, facts_of, failures
from screens.run_hosts import HANDS_OFF, RunHosts
from screens.widgets.failure_panel import FailurePanel
from screens.widgets.hostview import HostView
from screens.world import World

IDLE = timedelta(seconds=2)
"""A failure opens by itself only when no key was pressed for so long."""


class RunFailures(RunHosts):
    """A page of a run's hosts that goes to the first failure by itself, and shows any."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._followed = False
        """Whether the selection has gone to a failure by itself."""
        self._known: set[str] = set()
        """The failures that wait for a decision, as they were told last."""
        self._shown_failure = ""
        self._key_at = world.now() - IDLE
        self._back_to: Widget | None = None

    def on_key(self, _event: events.Key) -> None:
        self._key_at = self.world.now()

    def tell_failures(self) -> None:
        """Bell, selection and panel for what has failed since."""
        waiting = {each.id for each in self.live.undecided}
        new = waiting - self._known
        self._known = waiting
        failed = [view for view in self.views.values() if view.status == "failed"]
        if new or (failed and not self._followed):
            self._follow(failed, new)
        if self.failing:
            self.show_panel()

    def _follow(self, failed: list[HostView], new: set[str]) -> None:
        self.app.bell()
        now = self.world.now()
        if failed and not self._followed:
            self._followed = True
            if now - self.moved_at >= HANDS_OFF:
                self.select(failed[0].name)
        if not new or self.failing:
            return
        busy = self.prompt.asking or not self.is_active or now - self._key_at < IDLE
        if busy:
            self.prompt.say(f"{sorted(new)[0].partition('@')[2]} failed: F shows it", "bad")
        else:
            self.open_failure(sorted(new)[0])

    def selection_changed(self) -> None:
        """A host that has failed shows its failure, while one is shown."""
        of_host = [f for f in failures(self.live) if f.host == self.selected]
        if self.failing and of_host:
            self.show_panel(of_host[0].id)

    def open_failure(self, wanted: str = "") -> None:
        """Show a failure in place of the log; `wanted` is a task's id or a host."""
        if not self.show_panel(wanted):
            return
        self._back_to = self._back_to if self.failing else self.focused
        self.add_class("-failing")
        self.arrange_panes()
        self.panel.focus()
        self.panel.scroll_home(animate=False)

    def show_panel(self, wanted: str = "") -> bool:
        """Bring the panel up to date; False, and it is closed, when nothing has failed."""
        all_failures = failures(self.live)
        if not all_failures:
            if self.failing:
                self.close_panel()
            return False
        wanted = wanted or self._shown_failure
        found = next((f for f in all_failures if wanted in (f.id, f.host)), all_failures[0])
        if self.failing and not found.decidable and not self.live.ended:
            found = next((f for f in all_failures if f.decidable), found)
        self._shown_failure = found.id
        self.panel.show(
            all_failures,
            facts_of(self.live, found),
            ended=self.live.ended,
            simulated=self.live.site.rehearsal,
        )
        return True

    @on(FailurePanel.Chosen)
    def _failure_chosen(self, event: FailurePanel.Chosen) -> None:
        self.moved_at = self.world.now()
        self.show_panel(event.failure.id)
        self.select(event.failure.host)

    def retry(self, failure: Failure) -> None:
        super().retry(failure)
        self.call_later(self.close_if_decided)

    def close_if_decided(self) -> None:
        """Close the panel when there is nothing to decide any more."""
        if self.failing and not any(f.decidable for f in failures(self.live)):
            self.close_panel()

    def close_panel(self) -> None:
        if not self.failing:
            return
        self.remove_class("-failing")
        self.arrange_panes()
        (self.log_view if self._back_to is self.log_view else self.pane).focus()

    def action_show_failure(self) -> None:
        if self.failing:
            self.close_panel()
        elif failures(self.live):
            self.open_failure(self.selected)
        else:
            self.prompt.say("nothing has failed")

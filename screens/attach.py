"""The run of another process, watched: the page of a run without its decisions."""

from __future__ import annotations

from typing import ClassVar

from haui.live.attached import AttachedRun
from screens.actions import Action, bind
from screens.execute import ExecuteScreen
from screens.messages import GoBack, WatchRun
from screens.run_facts import Ending
from screens.world import World

_LEFT_OUT = ("result", "pause", "stop_run")


class AttachScreen(ExecuteScreen):
    """`world.live` is an AttachedRun; nothing here can change it."""

    crumbs: ClassVar[tuple[str, ...]] = ("watching, read only",)
    help_text = (
        "An install that another haui runs, as it goes on. Nothing can be decided or stopped here:"
        " that is done where it runs. Leaving this page leaves the run alone.\n\nIt is fed from the"
        " journal and the logs in the cluster's folder. When the run ends the page says how; when"
        " somebody resumes it, the page goes on."
    )
    BINDINGS = bind(
        Action(id="attach.back", key="escape", label="back", group="Anywhere", do="back",
               help="Stop watching. The run goes on."),
    )  # fmt: skip

    def __init__(self, world: World, argument: str = "") -> None:
        super().__init__(world, argument)
        assert isinstance(self.live, AttachedRun), "a run of another process"
        self._shape = self.live.hosts_changed

    @property
    def watched(self) -> AttachedRun:
        """The run."""
        assert isinstance(self.live, AttachedRun)
        return self.live

    def on_mount(self) -> None:
        self.live.start()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what changes nothing."""
        return action not in _LEFT_OUT and super().check_action(action, parameters)

    def ways_on(self, end: Ending) -> list[str]:
        goes_on = "esc leaves; this page goes on when the run does"
        return [goes_on] if end.tone == "good" else [end.advice, goes_on]

    def news_came(self) -> None:
        """A later run may be one of other hosts: the page is made anew for them."""
        if self.watched.hosts_changed != self._shape:
            self._shape = self.watched.hosts_changed
            where = self.watched
            self.post_message(WatchRun(where.spec.name, where.site.rehearsal))

    def leave_page(self) -> None:
        self.post_message(GoBack())

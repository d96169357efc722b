"""Leaving haui in good order, by key, by signal, and while something runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from haui.errors import OUTCOME_CODES, InterruptedRunError
from screens.dialog import Ask, Way
from screens.glyphs import Glyphs
from screens.world import World

if TYPE_CHECKING:
    from haui.live.run import LiveRun

SIGNAL_EXIT: Final = {signal.SIGHUP: 129, signal.SIGTERM: 143}
"""The exit codes of the signals that end haui in good order."""


class WayOut:
    """The app's guard. `farewell` is what to print when the screen is gone."""

    def __init__(self, app: App[int], world: World) -> None:
        self.farewell = ""
        self.leaving = False
        """Whether the app ends when the run does."""
        self._app = app
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: asyncio.AbstractEventLoop | None = None

    def catch_signals(self) -> None:
        """A lost terminal and a polite kill leave in good order, too."""
        try:
            loop = asyncio.get_running_loop()
            for number, code in SIGNAL_EXIT.items():
                loop.add_signal_handler(number, self.leave_with, code)
        except (NotImplementedError, ValueError, RuntimeError):
            return
        self._watched = loop

    def release_signals(self) -> None:
        """Let signals do what they did before."""
        if self._watched is not None:
            for number in SIGNAL_EXIT:
                self._watched.remove_signal_handler(number)
            self._watched = None

    def ask(self) -> None:
        """Quit when nothing is lost by it, else ask how."""
        from screens.quit import QuitDialog

        live, desk = self._world.live, self._world.desk
        if any(isinstance(screen, QuitDialog | Unsaved) for screen in self._app.screen_stack):
            return
        goes_on = live is not None and live.started and not (live.ended or live.watch_only)
        if live is not None and live.on_record and goes_on:
            what = "An install is running." if live.installs else "A reset is running."
            dialog = QuitDialog(
                running_lines(live), resume_command(live), what, glyphs=self._world.glyphs
            )
            self._app.push_screen(dialog, self._answered)
        elif desk is not None and desk.save_trouble:
            self._app.push_screen(
                Unsaved(desk.save_trouble, glyphs=self._world.glyphs), self._unsaved_answered
            )
        else:
            self.leave_with(exit_code_of(live))

    def leave_with(self, code: int) -> None:
        """End now. What runs on hosts goes on there."""
        live = self._world.live
        if live is not None and live.watch_only and not live.ended:
            self._end(
                code, f"{live.spec.name} goes on. Watch it with: haui attach {live.spec.name}"
            )
        elif live is not None and live.started and not live.ended:
            self._keep(self._leave_run(live, code))
        else:
            self._end(code, ended_text(live) or self._draft_text())

    def _answered(self, way: str | None) -> None:
        live = self._world.live
        if live is None or way in (None, "watch"):
            return
        if way == "leave":
            self.leave_with(exit_code_of(live) if live.ended else InterruptedRunError.exit_code)
            return
        live.controls.stop() if way == "drain" else live.controls.stop_now()
        if not self.leaving:
            self.leaving = True
            self._keep(self._await_run(live))

    def _unsaved_answered(self, way: str | None) -> None:
        if way == "leave":
            self._end(0, "")

    async def _await_run(self, live: LiveRun) -> None:
        await live.wait()
        if self._world.concluding is not None:
            await self._world.concluding
        self._end(exit_code_of(live), ended_text(live))

    async def _leave_run(self, live: LiveRun, code: int) -> None:
        await live.leave()
        text = f"haui left; what runs on the hosts goes on. Continue with: {resume_command(live)}"
        self._end(code, text if live.on_record else self._draft_text())

    def _draft_text(self) -> str:
        desk = self._world.desk
        if desk is None or not desk.answers or desk.save_trouble:
            return ""
        return f"Your answers are saved in {self._world.drafts.folder}; haui goes on with them."

    def _end(self, code: int, farewell: str) -> None:
        self.farewell = farewell
        self._app.exit(code, return_code=code)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="haui-leave")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Unsaved(Ask):
    """The one case in which quitting would lose answers."""

    def __init__(self, trouble: str, *, glyphs: Glyphs) -> None:
        ways = (Way(id="stay", label="Stay"), Way(id="leave", label="Leave without saving"))
        super().__init__("Not saved", f"{trouble}.", ways, glyphs=glyphs)


def running_lines(live: LiveRun) -> list[str]:
    """What is changing hosts now, a line for each task."""
    return [
        f"{host}: {view.title or step}"
        for host, tasks in live.state.tasks.items()
        for step, view in tasks.items()
        if view.status == "running"
    ]


def resume_command(live: LiveRun) -> str:
    """The command that goes on with an install or a reset."""
    return "haui rehearse" if live.site.rehearsal else f"haui resume {live.spec.name}"


def exit_code_of(live: LiveRun | None) -> int:
    """The exit code of a run that has ended; 0 when there was none."""
    if live is None or not live.ended or not live.on_record:
        return 0
    if live.error is not None:
        return live.error.exit_code
    return OUTCOME_CODES[live.result.outcome] if live.result else 0


def ended_text(live: LiveRun | None) -> str:
    """What to say on the normal screen after a run that has ended; empty when there was none."""
    if live is None or not live.ended or not live.on_record:
        return ""
    if exit_code_of(live) == 0:
        return f"{live.spec.name} is {'up' if live.installs else 'reset'}."
    return f"{live.spec.name} is not finished. Continue with: {resume_command(live)}"

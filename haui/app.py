"""The Textual application: it owns the work in hand, shows screens, and guards the way out.

Screens ask for things by message (screens.messages); this is the only place that answers. Runs
belong to the app, so that they outlive the screen that shows them. It is long because all answers
stand here, each some lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App
from textual.command import Provider
from textual.filter import LineFilter, NoColor
from textual.geometry import Size

import screens
from haui.errors import HauiError
from haui.transport.text import clean_text
from haui.wizard.pages import PAGES, PageId, index_of
from screens.actions import Action, active_actions, bind
from screens.ascii_filter import AsciiOnly
from screens.control_filter import NoControls
from screens.messages import (
    GoBack,
    GoNext,
    GoTo,
    LeaveApp,
    OpenDraft,
    ResetCluster,
    ResumeRun,
    RunEnded,
    ShowScreen,
    StartInstall,
    StartNew,
    VerifyCluster,
    WatchRun,
)
from screens.routes import ROUTES, make_screen
from screens.shell import Shell
from screens.theme import THEMES, own_variables
from screens.too_small import TooSmallScreen, too_small
from screens.wayout import WayOut
from screens.world import World

if TYPE_CHECKING:
    from haui.wizard.desk import Desk

_STYLES = Path(screens.__file__).parent
"""The frame's style sheets are the app's; a screen of its own kind brings its own beside them."""


def _commands() -> type[Provider]:
    from screens.palette import HauiCommands

    return HauiCommands


class HauiApp(App[int], inherit_bindings=False):
    """The result is the exit code. `way_out.farewell` is to be printed when the screen is gone;
    `crash` is the error of a bug, for the caller to raise then."""

    TITLE = "haui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_DISPLAY = ""
    ESCAPE_TO_MINIMIZE = False
    COMMANDS: ClassVar = {_commands}
    CSS_PATH: ClassVar = [
        _STYLES / name for name in ("shell.tcss", "page.tcss", "dialog.tcss", "too_small.tcss")
    ]
    BINDINGS: ClassVar = bind(
        Action(id="app.help", key="f1,question_mark", label="help", group="Anywhere", keys="?",
               help="This page. F1 also works while you type."),
        Action(id="app.palette", key="ctrl+p", label="commands", group="Anywhere", shown=False,
               do="command_palette", help="Find a command, a page or a theme by its name."),
        Action(id="app.copy-hint", key="ctrl+c", label="", group="Anywhere", shown=False),
        Action(id="app.quit", key="ctrl+q", label="quit", group="Anywhere", do="leave",
               priority=True, help="Leave haui. Answers are saved; a running install asks how."),
    )  # fmt: skip

    def __init__(
        self, world: World, *, theme: str = "haui", first: str = "welcome",
        argument: str = "", routes: Mapping[str, str] = ROUTES,
    ) -> None:  # fmt: skip
        """`first` is the screen to begin with, and `argument` what it gets beside the world."""
        super().__init__()
        self.world = world
        world.ask_secret = self.ask_secret
        self.way_out = WayOut(self, world)
        self.crash: Exception | None = None
        self._first = (first, argument)
        self._routes = dict(routes)
        for own in THEMES:
            self.register_theme(own)
        self.theme = theme
        self.set_class(world.glyphs.ascii, "-ascii")
        self._doors: list[LineFilter] = [
            *([NoColor()] if self.no_color else []),
            NoControls(),
            *([AsciiOnly()] if world.glyphs.ascii else []),
        ]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._doors]

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(clean_text(text))

    async def on_mount(self) -> None:
        self.way_out.catch_signals()
        await self._show(*self._first, over=True)

    async def on_unmount(self) -> None:
        self.way_out.release_signals()
        await self.world.close()

    async def ask_secret(self, name: str, what_for: str) -> str | None:
        """Ask for a secret above whatever is shown; None when there is no answer."""
        from screens.secret import SecretDialog

        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def typed(text: str | None) -> None:
            if not answer.done():
                answer.set_result(text or None)

        self.push_screen(SecretDialog(what_for, glyphs=self.world.glyphs), typed)
        return await answer

    async def _show(self, name: str, argument: str = "", *, over: bool = False) -> None:
        """Put a screen in the place of the one that is shown, or above it."""
        if isinstance(self.screen, TooSmallScreen):
            await self.pop_screen()
        screen = make_screen(name, self.world, argument, self._routes)
        await (self.push_screen(screen) if over else self.switch_screen(screen))
        self._notice_size(self.size)

    def on_resize(self, event: events.Resize) -> None:
        self._notice_size(event.size)

    def _notice_size(self, size: Size) -> None:
        """Hide everything behind a notice while the terminal is too small for it."""
        small, noticed = too_small(*size), isinstance(self.screen, TooSmallScreen)
        if small and not noticed:
            self.push_screen(TooSmallScreen())
        elif noticed and not small:
            self.pop_screen()

    @on(GoTo)
    async def _go_to(self, message: GoTo) -> None:
        await self._open_if_ready(message.page)

    async def _open_if_ready(self, page: PageId, *, looked: bool = False) -> None:
        desk = self.world.open_desk
        if not desk.may_go(page):
            blocking = PAGES[index_of(desk.blocked_by(page) or page)]
            self._say(f"Not yet: {blocking.title} comes first.")
            return
        await self._open_page(page, looked=looked)

    async def _open_page(self, page: PageId, *, looked: bool = False) -> None:
        self.world.open_desk.visit(page, looked=looked)
        await self._show(page)

    @on(GoNext)
    async def _go_next(self) -> None:
        page = self.world.open_desk.draft.page
        following = PAGES[index_of(page) + 1 :]
        if following:
            await self._open_if_ready(following[0].id, looked=True)

    @on(GoBack)
    async def _go_back(self) -> None:
        if len(self.screen_stack) > 2:
            self.pop_screen()
            return
        page = getattr(self.screen, "page", None)
        if page is None:
            await self._back_from_run()
        elif index_of(page):
            await self._open_page(PAGES[index_of(page) - 1].id)
        else:
            self._put_desk_away()
            await self._show("welcome")

    async def _back_from_run(self) -> None:
        """To the answers, or to the start when there are none; a run that goes on is not left."""
        live = self.world.live
        if live is None or self.screen.name == "welcome":
            return
        if await self._stop_watching():
            await self._show("welcome")
        elif not live.ended:
            self._say("The run goes on. ^q leaves haui and asks how.")
        elif self.world.desk is not None:
            await self._open_page(self.world.desk.draft.page)
        else:
            await self._show("welcome")

    def _put_desk_away(self) -> None:
        if self.world.desk is not None:
            self.world.desk.close()
            self.world.desk = None

    @on(StartNew)
    async def _start_new(self, message: StartNew) -> None:
        await self._take_desk(lambda: self._new_desk(message))

    def _new_desk(self, message: StartNew) -> Desk:
        """Answers from nothing or from a preset; those of a rehearsal are complete."""
        answers: Mapping[str, Any] = {}
        if message.preset or message.rehearsal:
            from haui.preset import DEFAULT_PRESET, load_preset, rehearsal_answers

            preset = load_preset(message.preset or DEFAULT_PRESET, self.world.presets_folder)
            fills = message.rehearsal
            answers = rehearsal_answers(preset, message.hosts) if fills else preset.answers
        return self.world.drafts.new(
            answers, rehearsal=message.rehearsal, origin=message.preset or ""
        )

    @on(OpenDraft)
    async def _open_draft(self, message: OpenDraft) -> None:
        await self._take_desk(lambda: self.world.drafts.open(message.id))

    async def _take_desk(self, make: Callable[[], Any]) -> None:
        """Put answers on the desk and show the page where they were left."""
        self._put_desk_away()
        try:
            self.world.desk = make()
        except HauiError as error:
            self._tell(error)
            return
        await self._open_page(self.world.open_desk.draft.page)

    @on(ResumeRun)
    async def _resume_run(self, message: ResumeRun) -> None:
        await self._watch_run(
            lambda runs: runs.take_up(self.world, message.cluster, rehearsal=message.rehearsal)
        )

    @on(VerifyCluster)
    async def _verify_cluster(self, message: VerifyCluster) -> None:
        await self._watch_run(
            lambda runs: runs.verify(self.world, message.cluster, rehearsal=message.rehearsal)
        )

    @on(ResetCluster)
    async def _reset_cluster(self, message: ResetCluster) -> None:
        await self._watch_run(
            lambda runs: runs.reset(self.world, message.cluster, rehearsal=message.rehearsal)
        )

    @on(StartInstall)
    async def _start_install(self) -> None:
        await self._watch_run(lambda runs: runs.begin_install(self.world))

    @on(WatchRun)
    async def _watch_other(self, message: WatchRun) -> None:
        before = self.world.live
        await self._watch_run(
            lambda runs: runs.attach(self.world, message.cluster, rehearsal=message.rehearsal),
            "attach",
        )
        if before is not None and before.watch_only and before is not self.world.live:
            await before.leave()

    async def _watch_run(self, begin: Callable[[Any], object], screen: str = "execute") -> None:
        """Begin a run and show it. What runs need is imported in a thread: it takes a moment."""
        runs = await asyncio.to_thread(import_module, "screens.runs")
        try:
            begin(runs)
        except HauiError as error:
            self._tell(error)
        else:
            await self._show(screen)

    async def _stop_watching(self) -> bool:
        """Let go of a run that another process makes; whether there was one."""
        live = self.world.live
        if live is None or not live.watch_only:
            return False
        await live.leave()
        self.world.live = None
        return True

    @on(RunEnded)
    async def _run_ended(self) -> None:
        if not self.way_out.leaving:
            await self._show("result")

    @on(ShowScreen)
    async def _show_screen(self, message: ShowScreen) -> None:
        await self._show(message.name, message.argument, over=message.over)

    @on(LeaveApp)
    def action_leave(self) -> None:
        self.way_out.ask()

    def _say(self, text: str) -> None:
        if isinstance(self.screen, Shell):
            self.screen.say(text, "warn")

    def _tell(self, error: HauiError) -> None:
        """Say what went wrong, above whatever is shown."""
        text = clean_text(error.render())
        self.notify(text, severity="error", markup=False, timeout=20)

    def action_help(self) -> None:
        from screens.help import HelpScreen

        screen = self.screen
        text = screen.help_text if isinstance(screen, Shell) else ""
        actions = active_actions(screen.active_bindings)
        self.push_screen(HelpScreen("Help", text, actions, glyphs=self.world.glyphs))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, TooSmallScreen):
            super().action_command_palette()

    def action_copy_hint(self) -> None:
        self._say("Nothing is selected to copy. ^q leaves haui.")

    def _handle_exception(self, error: Exception) -> None:
        """A bug ends the app without a traceback on the terminal; the caller raises `crash`."""
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

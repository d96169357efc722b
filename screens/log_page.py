"""What every screen with a log can do with it: follow, wrap, search, save, copy."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult

from haui.errors import HauiError, JournalError
from haui.live.run import LiveRun
from haui.record.stamp import clock_face
from haui.transport.text import clean_line
from screens.actions import Action, bind
from screens.glyphs import Tone
from screens.shell import Shell
from screens.widgets.log_head import LogHead, facts_of
from screens.widgets.log_text import shown_text
from screens.widgets.log_view import LogView
from screens.widgets.prompt import PromptLine
from screens.widgets.topbar import TopBar
from screens.world import World


class LogPage(Shell):
    """A screen with one LogView, its LogHead and a PromptLine, which subclasses compose."""

    shows_help_line = False
    BINDINGS = bind(
        Action(id="log-page.follow", key="f", label="", group="Log", shown=False,
               help="Follow the end of the log, or stay where it is."),
        Action(id="log-page.wrap", key="w", label="wrap", group="Log", shown=False,
               help="Wrap long lines, or let them run out of the view."),
        Action(id="log-page.save", key="s", label="save log", group="Log", shown=False,
               help="Save the lines to a file."),
        Action(id="log-page.copy", key="c", label="copy", group="Log", shown=False,
               help="Copy what is selected, else the line under the cursor."),
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        super().__init__(world)
        assert world.live is not None, "there is a run to show"
        self.live: LiveRun = world.live

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, keys of the screen are letters."""
        prompt = self.query_one_optional(PromptLine)
        return action == "back" or prompt is None or not prompt.asking

    def update_top(self) -> None:
        super().update_top()
        bar = self.query_one(TopBar)
        bar.rehearsal = self.live.site.rehearsal
        bar.subject = clean_line(self.live.spec.name, 64)
        bar.saved = ""

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def prompt(self) -> PromptLine:
        return self.query_one(PromptLine)

    def say(self, text: str, tone: Tone = "plain") -> None:
        self.prompt.say(text, tone)

    def compose_log(self) -> ComposeResult:
        """The head and the view."""
        yield LogHead(self.world.glyphs)
        yield LogView(self.live.logs, self.world.glyphs)

    def update_log_head(self) -> None:
        """Say anew how it stands with the log."""
        view, head = self.log_view, self.query_one(LogHead)
        head.facts = facts_of(view, *self.log_title(view.host))
        head.focused_log = view.has_focus

    def log_title(self, host: str) -> tuple[str, str]:
        """What stands above the log: the host, and its step."""
        return host, self.live.progress(host).step_title

    @on(LogView.Changed)
    def _log_changed(self) -> None:
        self.update_log_head()

    @on(LogView.SearchWanted)
    def _search_wanted(self) -> None:
        view = self.log_view
        before = view.content.sought

        def done(sought: str | None) -> None:
            view.seek(before if sought is None else sought)
            view.focus()
            if sought and not view.content.found:
                self.prompt.say(f"{sought} is in none of the lines that are kept", "warn")

        self.prompt.ask("search", done, value=before, typed=view.seek)

    def action_follow(self) -> None:
        self.log_view.set_follow(not self.log_view.follow)

    def action_wrap(self) -> None:
        self.log_view.set_wrap(not self.log_view.wrap)

    def action_copy(self) -> None:
        selected = self.get_selected_text()
        text = selected or self.log_view.selected_text()
        if not text:
            self.prompt.say("there is no line to copy yet")
            return
        self.copy(text)

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard, and say so."""
        self.app.copy_to_clipboard(text)
        lines = len(text.splitlines())
        what = "the line" if lines == 1 else f"{lines} lines"
        self.prompt.say(f"copied {what} (through the terminal, if it allows that; s saves a file)")

    def action_save(self) -> None:
        host = self.log_view.host
        moment = self.world.now().strftime("%Y%m%dT%H%M%SZ")
        default = self.live.store.folder / f"{host.replace('/', '_')}-{moment}.log"

        def done(path: str | None) -> None:
            if path is None or not path.strip():
                return
            try:
                count = self._save(host, Path(path.strip()).expanduser())
            except HauiError as error:
                self.prompt.say(f"{error.what}: {error.why}", "bad")
            else:
                self.prompt.say(f"saved {count} lines to {path.strip()}", "good")

        self.prompt.ask("save the log to", done, value=str(default))

    def _save(self, host: str, path: Path) -> int:
        """Write the kept lines. Raises JournalError. An existing file is never overwritten."""
        lines = self.live.logs.lines_since(host)
        text = "".join(f"{clock_face(line.at)} {shown_text(line)}\n" for line in lines)
        try:
            with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                path.chmod(0o600)
                file.write(text)
        except OSError as error:
            raise JournalError("the log was not saved", why=error.strerror or str(error)) from error
        return len(lines)

"""What is done about a failure: decisions, a shell on the host, a report bundle."""

from __future__ import annotations

import asyncio
import shlex
import sys

from textual import on, work
from textual.app import SuspendNotSupported

from haui.documents.bundle import write_bundle
from haui.errors import HauiError
from screens.dialog import Ask, Way
from screens.failure_text import Failure, copied_text
from screens.log_page import LogPage
from screens.messages import RunEnded, ShowScreen
from screens.ssh_command import ssh_argv
from screens.wayout import resume_command
from screens.widgets.failure_panel import FailurePanel


class DecidingPage(LogPage):
    """A log page with a FailurePanel. `lent` says that another program has the terminal."""

    lent = False

    @property
    def panel(self) -> FailurePanel:
        return self.query_one(FailurePanel)

    def close_panel(self) -> None:
        """Put the failure away; subclasses show what was there before."""

    @on(FailurePanel.Wanted)
    def _wanted(self, event: FailurePanel.Wanted) -> None:
        failure = event.failure
        match event.want:
            case "retry":
                self.retry(failure)
            case "skip":
                self._skip(failure)
            case "stop":
                self.ask_stop()
            case "log" if self.live.ended and not failure.decidable:
                self.post_message(RunEnded())
            case "log":
                self.post_message(ShowScreen("log", over=True, argument=failure.host))
            case "shell":
                self._shell(failure)
            case "bundle":
                self.write_bundle()
            case "copy":
                if self.panel.facts is not None:
                    self.copy(copied_text(self.panel.facts))
            case "close":
                self.close_panel()

    def retry(self, failure: Failure) -> None:
        """Let the task run again."""
        if not failure.decidable:
            self.prompt.say("there is nothing to decide any more", "warn")
        elif self.live.decide(failure.id, "retry"):
            self.prompt.say(f"{failure.host} tries again: {failure.title}", "accent")

    def _skip(self, failure: Failure) -> None:
        facts = self.panel.facts
        if not failure.decidable or facts is None:
            self.prompt.say("there is nothing to decide any more", "warn")
            return
        if facts.barred:
            self.prompt.say(f"{failure.host} can't be left out: {facts.barred}", "warn")
            return

        def answered(way: str | None) -> None:
            if way != "skip":
                return
            try:
                decided = self.live.decide(failure.id, "skip")
            except HauiError as error:
                self.prompt.say(f"{error.what}: {error.why}", "bad")
                return
            if decided:
                self.prompt.say(f"{failure.host} is left out of this run", "warn")

        ways = (
            Way(id="keep", label="Keep it", key="k"),
            Way(id="skip", label=f"Leave {failure.host} out", key="s"),
        )
        text = (
            f"{facts.consequence} Nothing more is done to {failure.host} in this run. A later run"
            " takes it up again."
        ).strip()
        title = f"Leave {failure.host} out?"
        self.app.push_screen(Ask(title, text, ways, glyphs=self.world.glyphs), answered)

    def ask_stop(self) -> None:
        """Ask how to stop the run."""
        if self.live.ended:
            self.prompt.say("the run has ended", "warn")
            return
        ways = [
            Way(id="on", label="Go on", key="g", note="Nothing happens."),
            Way(
                id="stop",
                label="Finish the running steps, then stop",
                key="f",
                note="No new step begins.",
            ),
            Way(
                id="now",
                label="Stop now",
                key="s",
                note="The running steps are ended on the hosts. Each is looked at again on resume.",
            ),
        ]
        if self.live.controls.stopping:
            del ways[1]

        def answered(way: str | None) -> None:
            if way == "stop":
                self.live.controls.stop()
            elif way == "now":
                self.live.controls.stop_now()

        text = f"Nothing is lost: {resume_command(self.live)} goes on."
        self.app.push_screen(Ask("Stop the run?", text, ways, glyphs=self.world.glyphs), answered)

    def _shell(self, failure: Failure) -> None:
        if self.live.site.rehearsal:
            self.prompt.say("there is no shell in a rehearsal: the host is simulated", "warn")
            return
        self._lend_terminal(failure)

    @work(group="shell", exclusive=True, exit_on_error=False)
    async def _lend_terminal(self, failure: Failure) -> None:
        """Give the terminal to ssh until the shell ends. The run goes on, nothing is drawn."""
        argv = ssh_argv(self.live.spec, failure.host, self.live.store.known_hosts)
        self.lent = True
        try:
            with self.app.batch_update(), self.app.suspend():
                await run_shell(argv, self.live.spec.host(failure.host).fingerprint or "")
        except SuspendNotSupported:
            self.prompt.say("this terminal can't be lent to ssh", "warn")
            return
        except OSError as error:
            self.prompt.say(f"ssh can't be started: {error.strerror}", "bad")
            return
        finally:
            self.lent = False
        self.refresh()
        if failure.decidable:
            self._offer_retry(failure)

    def _offer_retry(self, failure: Failure) -> None:
        def answered(way: str | None) -> None:
            if way == "retry":
                self.retry(failure)

        ways = (
            Way(id="retry", label="Try again", key="r"),
            Way(id="not", label="Not yet", key="n"),
        )
        text = f"{failure.title} on {failure.host}: haui looks at the host again first."
        title = "Back from the shell"
        self.app.push_screen(Ask(title, text, ways, glyphs=self.world.glyphs), answered)

    @work(group="bundle", exclusive=True, exit_on_error=False)
    async def write_bundle(self) -> None:
        """Write a report bundle into the cluster's folder, and say where it is."""
        live = self.live
        self.prompt.say("writing the report bundle")
        try:
            path = await asyncio.to_thread(
                write_bundle,
                live.store,
                spec=live.spec,
                state=live.state,
                plan=live.plan,
                out_dir=live.store.folder,
                now=self.world.now(),
                secrets=live.site.credentials.known(),
            )
        except HauiError as error:
            self.prompt.say(f"{error.what}: {error.why}", "bad")
        else:
            self.prompt.say(f"report bundle: {path}", "good")


async def run_shell(argv: tuple[str, ...], pinned: str) -> None:
    """Run a command in the foreground, told what it is; `pinned` is the key that is expected.

    The event loop goes on meanwhile. Raises OSError when it can't be started.
    """
    note = f"\n$ {shlex.join(argv)}\n"
    note += f"The cluster file says that the host's key is {pinned}\n" if pinned else ""
    sys.stdout.write(f"{note}The run goes on meanwhile. haui is back when this shell ends.\n\n")
    sys.stdout.flush()
    process = await asyncio.create_subprocess_exec(*argv)
    await process.wait()

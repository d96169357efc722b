"""`haui attach`: a second terminal on a run that another process makes. It never changes anything.

On pages where there is a terminal, else as lines. The lines begin with a summary of what is on
record; from there on they are those of the run itself.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

import typer

from haui.cli.beginning import Start, is_plain
from haui.cli.lines import LineStream, flat
from haui.cli.output import Output
from haui.cli.plain import PlainPrinter
from haui.cli.start import run_pages
from haui.errors import OUTCOME_CODES, HauiError, InterruptedRunError, UsageError
from haui.events import Event, RunFinished, RunStarted
from haui.folders import REHEARSALS
from haui.live.follow import POLL_S, Follower
from haui.record.reducer import reduce
from haui.record.stamp import clock_face
from haui.record.state import RunState
from haui.record.store import ClusterStore, list_clusters, state_root

if TYPE_CHECKING:
    from haui.record.lock import Owner

_MOST_TOLD = 12
"""Hosts of which the summary says what they are doing."""


def run_attach(name: str | None, output: Output, *, rehearsal: bool) -> None:
    """Watch the cluster's run to its end; leaves with the run's exit code. Raises HauiError."""
    store, simulated = _found(name, rehearsal=rehearsal)
    _refuse_idle(store, simulated)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    lines = output.as_json or output.verbose
    if not lines and not is_plain(Start(plain=output.plain), os.environ, terminal=terminal):
        where = f"{REHEARSALS}/{store.name}" if simulated else store.name
        raise typer.Exit(run_pages(Start(attach=where)))
    again = _again(store, simulated)
    try:
        code = watch(
            store,
            output,
            again=again,
            done="haui preset list" if simulated else "",
            pause=lambda: time.sleep(POLL_S),
        )
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"left; the run of {store.name} goes on", fix=f"haui attach {store.name} watches it"
        ) from None
    raise typer.Exit(code)


def watch(
    store: ClusterStore,
    output: Output,
    *,
    again: str,
    done: str = "",
    pause: Callable[[], None],
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Print the run of `store` until it ends; its exit code (0 when nobody reads any more).

    `again` is the command that continues it, `done` what comes after a good one; `pause` is called
    between two looks. Raises JournalError, and InterruptedRunError when the haui that runs it goes
    without an end.
    """
    lines = _Lines(out or sys.stdout, err or sys.stderr, output, again, done)
    follower, ran = Follower(store), False
    try:
        while not lines.unread:
            news = follower.look()
            for event in news.old:
                lines.old(event)
            if follower.caught_up:
                ran = ran or follower.stage == "running"
                lines.caught_up(follower.owner, running=follower.stage == "running")
                for event in news.live:
                    lines.live(event)
                if lines.outcome:
                    return OUTCOME_CODES[lines.outcome]
                if follower.owner is None and not news.more:
                    raise _gone(store.name, follower.last_owner, again, ran=ran)
            if not news.more:
                lines.tick()
                pause()
        return 0
    finally:
        follower.close()


class _Lines:
    """What is printed: a summary of what is on record, then each event."""

    def __init__(self, out: TextIO, err: TextIO, output: Output, again: str, done: str) -> None:
        self.outcome = ""
        """How the run ended, when it did so while it was watched."""
        self._state = RunState()
        self._session: list[Event] = []
        self._told: str | None = None
        self._json = output.as_json
        self._say = LineStream(err if output.as_json else out)
        self._gate = _Gate(out)
        self._printer = output.lines(self._gate, again, done=done)

    @property
    def unread(self) -> bool:
        """Whether the reader of the lines has gone."""
        return self._gate.broken or self._say.broken

    def old(self, event: Event) -> None:
        """One that was on record before. Its lines are not printed; a program gets them later."""
        self._told = None
        self._state = reduce(self._state, event)
        if isinstance(event, RunStarted):
            self._session.clear()
        self._session.append(event)

    def caught_up(self, owner: Owner | None, *, running: bool) -> None:
        """All that was on record has been taken over. Said once for each haui."""
        if owner is None or self._told == str(owner):
            return
        first, self._told = self._told is None, str(owner)
        if not running:
            self._say.write([f"{owner} has put nothing on record yet; waiting for it"])
        elif first:
            self._say.write(list(_summary(self._state, owner)))
            self._gate.open = self._json
            for event in self._session:
                self._printer(event)
        self._session = []
        self._gate.open = True

    def live(self, event: Event) -> None:
        """One that is new."""
        self._gate.open = True
        self._printer(event)
        if isinstance(event, RunFinished):
            self.outcome = event.outcome

    def tick(self) -> None:
        """Time goes on."""
        if isinstance(self._printer, PlainPrinter):
            self._printer.tick()


class _Gate(io.StringIO):
    """A stream that swallows everything while it is not open."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.open = False
        self.broken = False
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        if not self.open:
            return len(text)
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self.broken = True
            raise

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True
            raise


def _summary(state: RunState, owner: Owner) -> Iterator[str]:
    """What is on record of a run that goes on, in a few lines."""
    what = "reset" if state.purpose == "reset" else "install"
    yield f"{flat(state.cluster)}: watching the {what} {state.run} of {owner}"
    done = state.done
    yield f"  {done} of {state.total} tasks are done; only watched: Ctrl-C leaves it"
    doing = [
        f"  {flat(host)} {flat(step)}: {view.status} since {clock_face(view.since)}"
        + (f", {flat(view.problem.what)}" if view.problem else "")
        for host, views in state.tasks.items()
        for step, view in views.items()
        if view.status in ("running", "waiting", "failed")
    ]
    yield from doing[:_MOST_TOLD]
    if len(doing) > _MOST_TOLD:
        yield f"  and {len(doing) - _MOST_TOLD} more"


def _found(name: str | None, *, rehearsal: bool) -> tuple[ClusterStore, bool]:
    """The cluster that is meant, and whether it is a rehearsal: by its name, else the only one that
    a haui works on. Of an install and a rehearsal of one name, the one that runs, else the install.

    Raises UsageError when there is none, or more than one could be meant.
    """
    roots = [(state_root() / REHEARSALS, True)]
    if not rehearsal:
        roots.insert(0, (state_root(), False))
    known = [
        (ClusterStore(entry.name, root), simulated)
        for root, simulated in roots
        for entry in list_clusters(root)
        if name is None or entry.name == name
    ]
    running = [each for each in known if each[0].owner() is not None]
    if name is not None and known:
        return (running or known)[0]
    if len(running) == 1 or (not running and len(known) == 1):
        return (running or known)[0]
    told = "\n".join(
        f"{store.name}{' --rehearsal' if simulated else ''}  {store.held_by()}"
        for store, simulated in running
    )
    if name is not None:
        raise UsageError(f"there is no cluster {name}", fix="`haui list` shows what there is.")
    if running:
        raise UsageError("say which cluster to watch", why=told)
    raise UsageError(
        "no haui works on a cluster now", fix="`haui list` shows how each of them stands."
    )


def _refuse_idle(store: ClusterStore, simulated: bool) -> None:
    """Raises UsageError when nobody works on the cluster: how its last run went, and what to do."""
    if store.owner() is not None:
        return
    state = store.read_state()
    last = f"its last run, {state.run}: {state.word or 'not begun'}" if state.run else ""
    done = f", {state.done} of {state.total} tasks done" if state.run else ""
    raise UsageError(
        f"no haui works on {store.name} now, so there is nothing to watch",
        why=f"{last}{done}" if last else "nothing was ever run on it",
        fix=f"`{_again(store, simulated)}` continues it; `haui list` shows how all stand."
        if state.unfinished
        else "`haui list` shows how each cluster stands.",
    )


def _again(store: ClusterStore, simulated: bool) -> str:
    return "haui rehearse" if simulated else f"haui resume {store.name}"


def _gone(name: str, owner: Owner | None, again: str, *, ran: bool) -> HauiError:
    """Nobody works on the cluster any more, and no end was told."""
    why = f"it was {owner}" if owner else ""
    if not ran:
        return UsageError(
            f"no haui works on {name} any more; nothing was put on record while it was watched",
            why=why,
            fix="`haui list` shows how each cluster stands.",
        )
    return InterruptedRunError(
        f"interrupted: the haui that ran {name} has gone without an end",
        why=why,
        fix=f"What runs on the hosts goes on. `{again}` continues it.",
    )

"""One run with its output on this terminal: what the commands that work on hosts have in common."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from haui.cli.output import Output
from haui.cli.overrides import Overridden
from haui.clusterfile.text import dump
from haui.documents.report_file import try_report
from haui.documents.undoing import ending_lines
from haui.errors import (
    OUTCOME_CODES,
    HauiError,
    InterruptedRunError,
    LostTerminalError,
    TerminatedRunError,
)
from haui.events import EtcdData
from haui.evidence import Evidence
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.record.background import Background
from haui.record.readings import Saved
from haui.record.recorded import RecordedFleet
from haui.record.stamp import utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.resetting import refuse_install
from haui.session.connections import fleet_opener
from haui.session.job import ON_RECORD, Change, Job, Kind, Look
from haui.session.perform import perform
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.needs import needs_of, told

Agree = Callable[[RunState], None]
"""Says what is going to happen, has it agreed to, and raises HauiError when it is not."""


def change_cluster(
    kind: Change,
    spec: ClusterSpec,
    store: ClusterStore,
    output: Output,
    credentials: Credentials,
    *,
    agree: Agree,
    accept_new: bool,
    hosts: frozenset[str] | None = None,
    etcd_data: EtcdData = "keep",
) -> int:
    """One run that changes hosts, with its output on this terminal; the exit code.

    Raises HauiError.

    `agree` is called with what the journal said, before anything is changed: without it there is no
    such run. Only these `hosts` are reset.
    """
    with store.lock(f"haui {kind}"):
        before = store.read_state()
        if kind != "reset":
            refuse_install(spec, before)
        agree(before)
        if kind != "reset":
            store.write_private("cluster.yaml", dump(spec).encode())
        job = Job(
            kind=kind,
            spec=spec,
            reach=spec,
            store=store,
            open_fleet=fleet_opener(store, credentials, accept_new=accept_new),
            credentials=credentials,
            controls=Controls(),
            hosts=hosts,
            etcd_data=etcd_data,
        )
        again = f"haui resume {spec.name}"
        done = f"haui {'report' if kind == 'reset' else 'verify'} {spec.name}"
        result = _run(job, before, output, again=again, done=done)
        plan = plan_of(spec, kind, hosts, etcd_data=etcd_data)
        error = try_report(store, plan=plan, now=utc_now(), secrets=credentials.known())
        where = f"no report: {error.render()}" if error else f"the report is in {store.report}"
        sys.stderr.write(f"haui: {where}\n")
        ready = f"export KUBECONFIG={shlex.quote(str(store.admin_conf))}"
        return conclude(result, spec, store, kind=kind, again=again, output=output, ready=ready)


def look_at_cluster(
    kind: Look,
    spec: ClusterSpec,
    store: ClusterStore,
    output: Output,
    credentials: Credentials,
    *,
    accept_new: bool,
    file: Path | None = None,
    recorded: Saved | None = None,
    evidence: Evidence | None = None,
    after: Callable[[RunResult], object] | None = None,
) -> int:
    """One run that changes no host, with its output on this terminal; the exit code.

    Raises HauiError.

    `recorded` takes the place of the hosts, and nothing of this machine is looked at or locked.
    `evidence` is filled with what the steps read; `after` is called with the result. `file` is
    what the next command of a preflight names; without it, the wizard has asked for the look.
    """
    with store.lock(f"haui {kind}") if recorded is None else nullcontext():
        before = store.read_state() if recorded is None else RunState()
        opener = fleet_opener(store, credentials, accept_new=accept_new)
        job = Job(
            kind=kind,
            spec=spec,
            reach=spec,
            store=store,
            open_fleet=opener if recorded is None else lambda reach, emit: RecordedFleet(recorded),
            credentials=credentials,
            controls=Controls(),
            bastion=recorded is None,
            evidence=evidence if evidence is not None else Evidence(),
        )
        if kind == "verify":
            again = done = f"haui verify {spec.name}"
        elif file is None:
            again, done = "haui --plain", "the last question"
        else:
            quoted = shlex.quote(str(file))
            again, done = f"haui preflight {quoted}", f"haui apply {quoted}"
        result = _run(job, before, output, again=again, done=done, after=after)
        return conclude(result, spec, store, kind=kind, again=again, output=output)


def _run(
    job: Job,
    before: RunState,
    output: Output,
    *,
    again: str,
    done: str,
    after: Callable[[RunResult], object] | None = None,
) -> RunResult:
    """Do the job, watched by this terminal. `again` and `done` are what to type after a run that
    failed, and after a good one."""
    if job.bastion:
        registry = job.kind in ("apply", "resume")
        for line in told(needs_of(job.spec, registry=registry), job.credentials):
            sys.stderr.write(f"haui: {line}\n")
    background = output.printer(again, done=done)
    overridden = Overridden(job.spec)
    watched = replace(job, watchers=(background, overridden))
    result = supervise(lambda: perform(watched, before), job.controls, background, again=again)
    if after is not None:
        after(result)
    for line in overridden.unused() if job.kind not in ("verify", "reset") else ():
        sys.stderr.write(f"haui: note: {line}\n")
    return result


def supervise(
    main: Callable[[], Awaitable[RunResult]], controls: Controls, printer: Background, *, again: str
) -> RunResult:
    """Run `main` in an event loop of its own, with signals turned into stops.

    The first Ctrl-C lets the steps that are changing a host finish; the second leaves at once, as
    TERM and HUP do. What runs on the hosts goes on then, and resume re-attaches to it. Raises
    InterruptedRunError, which of its kinds says what ended it.
    """

    async def supervised() -> RunResult:
        signals = _Signals(asyncio.ensure_future(main()), controls)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, *_ENDS):
            loop.add_signal_handler(number, signals.take, number)
        try:
            return await signals.run
        except asyncio.CancelledError:
            raise (signals.ending or InterruptedRunError)(
                "left the run; what was running on the hosts goes on without us", fix=again
            ) from None
        finally:
            await printer.close()

    return asyncio.run(supervised())


_ENDS: Mapping[int, type[InterruptedRunError]] = {
    signal.SIGTERM: TerminatedRunError,
    signal.SIGHUP: LostTerminalError,
}
"""The signals that leave at once, and how haui ends then."""


class _Signals:
    """What signals do to `run`. `ending` is the error of the first one that has cancelled it."""

    def __init__(self, run: asyncio.Future[RunResult], controls: Controls) -> None:
        self.run = run
        self.ending: type[InterruptedRunError] | None = None
        self._controls = controls

    def take(self, number: int) -> None:
        """A signal has come."""
        if number == signal.SIGINT and not self._controls.stopping:
            self._controls.stop()
            sys.stderr.write(
                "haui: stopping after the running steps; Ctrl-C again to leave them to the hosts\n"
            )
            return
        self.ending = self.ending or _ENDS.get(number, InterruptedRunError)
        self.run.cancel()


def conclude(
    result: RunResult,
    spec: ClusterSpec,
    store: ClusterStore,
    *,
    kind: Kind,
    again: str,
    output: Output,
    ready: str = "",
) -> int:
    """Say on stderr what the printer does not (`ready`: how to use a good cluster); the code."""
    say = sys.stderr.write
    installing = kind in ("apply", "resume")
    if result.outcome == "ok" and installing:
        if result.changed == 0:
            say(f"haui: {spec.name}: nothing to change, all is as the cluster file says\n")
        if ready:
            say(f"haui: {spec.name} is ready: {ready}\n")
    if kind == "reset":
        for line in ending_lines(spec, store.read_state()):
            say(f"haui: {line}\n")
    for failure in result.failed if output.as_json else ():
        problem = failure.problem
        error = HauiError(problem.what, why=problem.why, fix=problem.fix, host=failure.host)
        say(f"haui: {error.render()}\n")
    if result.outcome != "ok" and kind in ON_RECORD:
        say(f"haui: the output of every host is in {store.logs}; continue with: {again}\n")
    return OUTCOME_CODES[result.outcome]

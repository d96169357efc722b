"""What a task of an install costs this machine in CPU time, at 100 hosts.

    python -m tests.bench.executor_cpu [HOSTS]

Runs the whole catalogue three times: with hosts that answer from memory (the executor and its event
bus alone), the same with a journal on disk, and over SSH with a simulated fleet in a process of its
own, whose CPU time is not counted. CPU time is of this process, all threads. The goal is 2 ms a
task for the executor.
"""

from __future__ import annotations

import asyncio
import base64
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import steps
from haui.execution.executor import RunResult, run
from haui.host import Completed, Host, LineSink, Script, TaskId, TaskRequest, TaskState
from haui.plan import build_plan
from haui.record.bus import EventBus
from haui.record.journal import Journal
from haui.rehearsal.process import FleetProcess
from haui.spec import ClusterSpec
from haui.step import Plan
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet
from steps.load import script
from tests.rehearsal.conftest import cluster

GOAL_MS = 2.0
SUPPLIED = {
    "token": "abcdef.0123456789abcdef",
    "ca_hash": "sha256:" + "0" * 64,
    "via": "cp1",
    "certificate_key": "0" * 64,
    "admin_conf": base64.b64encode(b"apiVersion: v1\n").decode(),
    "nodes": "",
}
LINES = tuple(f"[phase-{number}] something was done" for number in range(12))


class MemoryHost:
    """Answers at once: a step is done when it was started; what is read only is always fine."""

    def __init__(self, name: str, read_only: frozenset[str]) -> None:
        self._name = name
        self._done = set(read_only)

    @property
    def name(self) -> str:
        return self._name

    async def connect(self) -> str:
        return "SHA256:memory"

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        part, step = script.env["HAUI_PART"], script.env["HAUI_STEP"]
        if part == "supply":
            text = "".join(f"{name}={value}\n" for name, value in SUPPLIED.items())
        elif part == "gate" or step in self._done:
            text = "ok\tstate\tas it must be\tas it must be\n"
        else:
            text = "differs\tstate\tas it must be\tabsent\n"
        return Completed(status=0, stdout=text, stderr="")

    async def start(self, request: TaskRequest) -> TaskState:
        self._done.add(request.id.step)
        return TaskState(id=request.id, status="running")

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        await on_lines(LINES)
        await on_lines(("ok\tworkload\tanswers\tanswers",))
        return TaskState(id=task, status="done", rc=0, output_bytes=400)

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        return ()

    async def cancel(self, task: TaskId) -> TaskState:
        return TaskState(id=task, status="done", rc=143)

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        return b"apiVersion: v1\n"

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: CPU and wall time in seconds."""

    cpu: float
    wall: float

    def line(self, what: str, tasks: int) -> str:
        """A row of the table."""
        each = self.cpu * 1000 / tasks
        return f"{what:<42} {each:8.2f} ms/task {self.cpu:8.2f} s CPU {self.wall:8.2f} s wall"


async def measure(plan: Plan, hosts: Callable[[str], Host], journal: Path | None) -> Measured:
    """Run the plan once. Raises RuntimeError when it did not end well."""
    record = Journal.create(journal) if journal is not None else None
    cpu, wall = _cpu(), time.perf_counter()
    result: RunResult = await run(
        plan,
        run_id="bench",
        hosts=hosts,
        bus=EventBus(journal=record),
        load_script=script,
        store=lambda _name, _content: None,
    )
    if record is not None:
        await record.close()
    measured = Measured(cpu=_cpu() - cpu, wall=time.perf_counter() - wall)
    if result.outcome != "ok":
        raise RuntimeError(f"the run ended {result.outcome}: {result}")
    return measured


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def in_memory(plan: Plan) -> Callable[[str], Host]:
    """Hosts that answer from memory."""
    read_only = frozenset(
        task.step.id
        for task in plan.tasks
        if (work := task.step.work(plan.spec, task.host, {})).apply is None and not work.files
    )
    hosts = {host.name: MemoryHost(host.name, read_only) for host in plan.spec.hosts}
    return hosts.__getitem__


async def over_ssh(plan: Plan, folder: Path) -> Measured:
    """The plan over the real SSH path; the fleet's CPU time is its own process's."""
    process = FleetProcess(plan.spec, state_dir=folder / "fleet", speed=0, steps=steps.CATALOGUE)
    reach: ClusterSpec = await process.start()
    fleet = Fleet(reach, Credentials(), folder / "known_hosts", other_known_hosts=())
    try:
        return await measure(plan, fleet.host, folder / "ssh.yaml")
    finally:
        await fleet.close()
        await process.stop()


async def main(hosts: int) -> None:
    """Print the table."""
    plan = build_plan(cluster(3, hosts - 3), steps.CATALOGUE)
    count = len(plan.tasks)
    print(f"{hosts} hosts, {count} tasks")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = await measure(plan, in_memory(plan), None)
        print(alone.line("executor and event bus", count))
        journalled = await measure(plan, in_memory(plan), folder / "memory.yaml")
        print(journalled.line("executor, event bus and journal", count))
        whole = await over_ssh(plan, folder)
        print(whole.line("the same over SSH", count))
    each = alone.cpu * 1000 / count
    verdict = "within" if each <= GOAL_MS else "over"
    print(f"executor: {each / GOAL_MS:.2f} of the goal of {GOAL_MS:g} ms a task ({verdict} it)")
    print(f"over SSH : {whole.cpu / alone.cpu:.1f} times the executor alone")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

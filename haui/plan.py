"""ClusterSpec and catalogue to Plan: which step runs where, and what waits for what. Pure."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from haui.host import FAMILY_NAMES, File, OsFamily
from haui.spec import ClusterSpec
from haui.step import LANES, Call, Phase, Plan, Step, Task, Work


class PlanError(ValueError):
    """The catalogue contradicts itself: a defect of haui, not of the cluster file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A file that a task places, without its content."""

    path: str
    mode: str
    sha256: str
    family: OsFamily = ""

    @property
    def shown(self) -> str:
        """The path, with the operating systems that it is for where these are not all."""
        return f"{self.path} ({FAMILY_NAMES[self.family]})" if self.family else self.path

    def to_json(self) -> dict[str, str]:
        """A JSON-ready dict."""
        told = {"path": self.path, "mode": self.mode, "sha256": self.sha256}
        return {**told, "family": self.family} if self.family else told


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedScript:
    """A script that a task calls; `part` is probe, apply, gate, supply or revoke."""

    part: str
    script: str
    env: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One task as people see it on the review page and in `haui plan`."""

    id: str
    host: str
    step: str
    phase: Phase
    title: str
    needs: tuple[str, ...]
    files: tuple[PlacedFile, ...]
    scripts: tuple[PlannedScript, ...]
    disruptive: str
    explain: str

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {
            "id": self.id,
            "host": self.host,
            "step": self.step,
            "phase": self.phase,
            "title": self.title,
            "needs": list(self.needs),
            "files": [file.to_json() for file in self.files],
            "scripts": [{"part": s.part, "script": s.script, "env": s.env} for s in self.scripts],
            "disruptive": self.disruptive,
            "explain": self.explain,
        }


def build_plan(spec: ClusterSpec, catalogue: Sequence[Step]) -> Plan:
    """All tasks in an order in which they could run one after the other.

    On its own host a task needs the one before it in the catalogue; in preflight it only comes
    after that, and the last one needs all of them. A step's `needs` and `after` are meant on every
    host where they run. Nothing outside of preflight begins before all of preflight has succeeded
    everywhere. Raises PlanError for a catalogue that can't be run.
    """
    _check(catalogue)
    chains = {host.name: [step for step in catalogue if step.on(spec, host)] for host in spec.hosts}
    where: dict[str, list[str]] = {step.id: [] for step in catalogue}
    for name, chain in chains.items():
        for step in chain:
            where[step.id].append(f"{step.id}@{name}")
    barrier = _barrier(chains)
    needed = {step.id: {n for id_ in step.needs for n in where[id_]} for step in catalogue}
    awaited = {step.id: {n for id_ in step.after for n in where[id_]} for step in catalogue}
    tasks: list[Task] = []
    for host in spec.hosts:
        before: Step | None = None
        looks = [f"{step.id}@{host.name}" for step in chains[host.name] if _looks(step)]
        for step in chains[host.name]:
            needs, after = set(needed[step.id]), set(awaited[step.id])
            if before is not None:
                (after if _looks(step) else needs).add(f"{before.id}@{host.name}")
            if looks and f"{step.id}@{host.name}" == looks[-1]:
                needs |= set(looks[:-1])
            if not _looks(step) and (before is None or _looks(before)):
                needs |= barrier
            task = Task(
                step=step, host=host, needs=frozenset(needs), after=frozenset(after - needs)
            )
            tasks.append(task)
            before = step
    return Plan(spec=spec, tasks=_sorted(tasks, [step.id for step in catalogue]))


def _looks(step: Step) -> bool:
    return step.phase == "preflight"


def subset(
    plan: Plan,
    phases: Iterable[Phase],
    hosts: Collection[str] | None = None,
    *,
    continued: bool = False,
) -> Plan:
    """Only the tasks of these phases, and of the hosts with these names when they are given.

    `continued`: without what is not repeated when an install is continued. What the tasks need
    outside of that is taken for granted.
    """
    wanted = frozenset(phases)
    kept = [
        task
        for task in plan.tasks
        if task.step.phase in wanted
        and (hosts is None or task.host.name in hosts)
        and not (continued and task.step.once)
    ]
    ids = {task.id for task in kept}
    tasks = (replace(task, needs=task.needs & ids, after=task.after & ids) for task in kept)
    return Plan(spec=plan.spec, tasks=tuple(tasks))


def plan_sha(plan: Plan) -> str:
    """A hash over the tasks, what they need, and what they place and run (hex SHA-256).

    Two plans with the same hash do the same to the same hosts, apart from the scripts' own text.
    """
    digest = hashlib.sha256()
    for task in plan.tasks:
        digest.update(json.dumps(_fingerprint(plan.spec, task), sort_keys=True).encode())
    return digest.hexdigest()


def describe(plan: Plan) -> tuple[Row, ...]:
    """The plan's tasks in order, as rows. Calls each step's `work` with empty values."""
    return tuple(_row(plan.spec, task) for task in plan.tasks)


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan for `haui plan --json`."""
    return {
        "cluster": plan.spec.name,
        "plan_sha": plan_sha(plan),
        "tasks": [row.to_json() for row in describe(plan)],
    }


def _check(catalogue: Sequence[Step]) -> None:
    known: set[str] = set()
    in_preflight = True
    for step in catalogue:
        if step.id in known:
            raise PlanError(f"two steps have the id {step.id!r}")
        known.add(step.id)
        if _looks(step) and not in_preflight:
            raise PlanError(f"preflight step {step.id!r} stands after a step that changes hosts")
        in_preflight = in_preflight and _looks(step)
        if step.lane is not None and step.lane not in LANES:
            raise PlanError(f"step {step.id!r} is in the lane {step.lane!r}, which does not exist")
    looks = {step.id for step in catalogue if _looks(step)}
    for step in catalogue:
        for need in step.needs:
            if need not in known:
                raise PlanError(f"step {step.id!r} needs {need!r}, which does not exist")
        for before in step.after:
            if before not in looks or not _looks(step):
                raise PlanError(f"step {step.id!r} comes after {before!r}: both must be preflight")


def _barrier(chains: dict[str, list[Step]]) -> frozenset[str]:
    """The last preflight task of each host. Each of them needs the ones before it on its host."""
    last: dict[str, str] = {}
    for name, chain in chains.items():
        for step in chain:
            if _looks(step):
                last[name] = f"{step.id}@{name}"
    return frozenset(last.values())


def _sorted(tasks: Sequence[Task], steps: Sequence[str]) -> tuple[Task, ...]:
    """In catalogue order as far as `needs` allow, hosts in file order. PlanError for a cycle."""
    rank = {step: index for index, step in enumerate(steps)}
    unmet = {task.id: len(task.needs | task.after) for task in tasks}
    dependents: dict[str, list[int]] = {task.id: [] for task in tasks}
    for index, task in enumerate(tasks):
        for need in task.needs | task.after:
            dependents[need].append(index)
    ready = [(rank[t.step.id], index) for index, t in enumerate(tasks) if not unmet[t.id]]
    heapq.heapify(ready)
    ordered: list[Task] = []
    while ready:
        _, index = heapq.heappop(ready)
        task = tasks[index]
        ordered.append(task)
        for dependent in dependents[task.id]:
            following = tasks[dependent]
            unmet[following.id] -= 1
            if not unmet[following.id]:
                heapq.heappush(ready, (rank[following.step.id], dependent))
    if len(ordered) < len(tasks):
        stuck = dict.fromkeys(task.step.id for task in tasks if unmet[task.id])
        raise PlanError(f"these steps wait for each other in a circle: {', '.join(stuck)}")
    return tuple(ordered)


def _row(spec: ClusterSpec, task: Task) -> Row:
    step = task.step
    work = step.work(spec, task.host, {})
    return Row(
        id=task.id,
        host=task.host.name,
        step=step.id,
        phase=step.phase,
        title=step.title,
        needs=tuple(sorted(task.needs | task.after)),
        files=tuple(_placed(file) for file in work.files),
        scripts=tuple(
            PlannedScript(part=part, script=call.script, env=dict(call.env))
            for part, call in _calls(spec, task, work)
        ),
        disruptive=step.disruptive,
        explain=step.explain,
    )


def _placed(file: File) -> PlacedFile:
    return PlacedFile(
        path=file.path,
        mode=f"{file.mode:04o}",
        sha256=hashlib.sha256(file.content).hexdigest(),
        family=file.family,
    )


def _calls(spec: ClusterSpec, task: Task, work: Work) -> list[tuple[str, Call]]:
    """The scripts of a task, in the order in which they would be run."""
    step, host = task.step, task.host
    calls: list[tuple[str, Call]] = []
    if work.probe is not None:
        calls.append(("probe", work.probe))
    if step.gate is not None:
        calls.append(("gate", step.gate.call(spec, host)))
    if step.supply is not None:
        calls.append(("supply", step.supply.call(spec, host)))
    if work.apply is not None:
        calls.append(("apply", work.apply))
    if step.revoke is not None:
        calls.append(("revoke", step.revoke.call(spec, host)))
    return calls


def _fingerprint(spec: ClusterSpec, task: Task) -> list[Any]:
    work = task.step.work(spec, task.host, {})
    return [
        task.id,
        sorted(task.needs),
        sorted(task.after),
        [
            [f.path, f.mode, hashlib.sha256(f.content).hexdigest(), *filter(None, [f.family])]
            for f in work.files
        ],
        [
            [
                part,
                call.script,
                sorted(call.env.items()),
                sorted((n, hashlib.sha256(b).hexdigest()) for n, b in call.inputs.items()),
            ]
            for part, call in _calls(spec, task, work)
        ],
    ]

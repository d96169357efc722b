"""Which combinations are the same to the engine, so that one of them is swept for all.

The executor knows no step (`lint-imports` keeps it so): it sees ids, which it only compares, what
needs what, and which parts a step has. Two plans of the same shape are run alike, whatever their
scripts and files say; scripted machines don't look into these either. haproxy or nginx, for
instance, is a difference on real hosts and none here. That what a kill leaves is the same, too, is
compared for every boundary.
"""

from __future__ import annotations

import functools

from haui.step import Remote, Task
from tests.unit.kill_worlds import World, combinations, world

Shape = tuple[object, ...]


@functools.cache
def shape(name: str) -> Shape:
    """All that the engine sees of that combination's plan, with the steps' places for their ids."""
    found = world(name)
    return tuple(_task(found, task) for task in found.plan.tasks)


def first_of_its_shape(name: str) -> str:
    """The combination that is swept for that one: the first of the same shape, perhaps itself."""
    topology = name.partition(",")[0]
    same = (each for each in combinations() if each.partition(",")[0] == topology)
    return next(each for each in same if each == name or shape(each) == shape(name))


def _task(found: World, task: Task) -> Shape:
    step = task.step
    work = step.work(found.spec, task.host, {})
    return (
        _renamed(found, task.id),
        frozenset(_renamed(found, id_) for id_ in task.needs),
        frozenset(_renamed(found, id_) for id_ in task.after),
        (step.phase, step.lane, step.always, step.once, step.timeout_s, step.supply_for),
        (work.probe is None, work.apply is None, bool(work.files), step.judge is None),
        tuple(sorted(step.fetch.items())),
        tuple(_remote(found, task, remote) for remote in (step.gate, step.supply, step.revoke)),
    )


def _remote(found: World, task: Task, remote: Remote | None) -> Shape | None:
    if remote is None:
        return None
    return (remote.on(found.spec, task.host), remote.patience_s, remote.timeout_s)


def _renamed(found: World, id_: str) -> str:
    step, at, host = id_.partition("@")
    return found.names[step] + at + host

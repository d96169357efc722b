"""Pictures of the result page: a good end, a bad one, and one without a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haui.errors import ConnectError
from haui.events import Finding, Problem, TaskFinished
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.fake_live import FakeLive, complete, fleet, midway
from tests.screens.worlds import make_app

SIZES = ((80, 24), (120, 40))
PROBLEM = Problem(
    what="etcd on cp-2 was added but never came in sync with the leader",
    why="etcdserver: can only promote a learner member which is in sync with leader\n"
    "dial tcp 10.30.0.12:2380: i/o timeout",
    fix="Let port 2380 through between the control planes, then run haui resume.",
)


def prove(live: FakeLive) -> None:
    """What the verification saw."""
    for task in live.plan.tasks:
        if task.step.phase == "verify":
            found = (
                Finding(verdict="ok", what=task.step.title, expected="ok", seen="ok"),
                Finding(verdict="info", what="Service by name", seen="not looked at: no CoreDNS"),
            )
            live.feed(
                TaskFinished(
                    host=task.host.name, step=task.step.id, outcome="ok", seconds=1, findings=found
                )
            )


def good(live: FakeLive) -> None:
    complete(live)
    prove(live)
    live.store.write_private("admin.conf", b"kind: Config\n")
    live.finish()


def bad(live: FakeLive) -> None:
    midway(live)
    live.fail(live.tasks_of("cp-2")[-1], PROBLEM)
    live.finish("failed")


def broken(live: FakeLive) -> None:
    midway(live)
    live.finish("unreachable", ConnectError("no host answers", why="no route", fix="look at it"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("end", [good, bad, broken])
async def test_the_end_of_a_run(
    world_of: Callable[..., Any],
    app_snapshot: AppSnapshot,
    tmp_path: Path,
    end: Callable[[FakeLive], None],
    size: tuple[int, int],
) -> None:
    """Headline, what to type next, failures and proof."""
    world = world_of()
    live = FakeLive(fleet(5), tmp_path / "clusters")
    end(live)
    world.live = live
    app = make_app(world, "result")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert await app_snapshot(pilot, f"{end.__name__}-{size[0]}x{size[1]}")

"""A haui that is killed on its way: `python -m tests.screens.tour_child FOLDER install|wizard`.

It is driven by keys, and at a certain moment sends itself the signal that nothing can catch. What
it leaves is for another process to find.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.screens.tour import Ground, Tour, empty_rehearsal, tour

SPEED, SLOW = 100.0, ("cp1:control_plane.init:slow",)
"""How the simulated hosts work while the process lives, so that it can end in the middle."""
LINES = ("cp1 10.30.0.11 cp", "wk1 10.30.0.21 worker", "wk2 10.30.0.22 worker")
HALF_TYPED = {
    "name": "eridanus",
    "endpoint.name": "api.eridanus.lan",
    "endpoint.vip": "10.30.0.9999",
}


async def answer_small(t: Tour, name: str = "atlas") -> None:
    """A single control plane with two workers, up to the page before the preflight."""
    await t.fill("name", name)
    await t.choose("topology.kind", "single")
    await t.choose("profile", "test")
    await t.next("endpoint")
    await t.fill("endpoint.name", f"api.{name}.lan")
    await t.next("hosts")
    await t.paste_hosts(LINES)
    await t.next("access")
    await t.next("cluster")


async def die_installing(folder: Path) -> None:
    """Killed while the first control plane is being made."""
    async with empty_rehearsal(Ground(folder=folder, speed=SPEED, faults=SLOW)) as t:
        await answer_small(t)
        await t.start()
        await t.until(
            lambda: t.live.state.task("cp1", "control_plane.init").changing, "a host being changed"
        )
        die()


async def die_answering(folder: Path) -> None:
    """Killed on the second page, with an answer that is wrong."""
    async with tour(Ground(folder=folder)) as t:
        await t.pick("new")
        await t.on_page("topology")
        await t.fill("name", HALF_TYPED["name"])
        await t.next("endpoint")
        await t.choose("endpoint.kind", "keepalived-nginx")
        await t.fill("endpoint.name", HALF_TYPED["endpoint.name"])
        await t.fill("endpoint.vip", HALF_TYPED["endpoint.vip"])
        die()


def die() -> None:
    """At once, with nothing said and nothing closed."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    found = {"install": die_installing, "wizard": die_answering}[sys.argv[2]]
    asyncio.run(found(Path(sys.argv[1])))

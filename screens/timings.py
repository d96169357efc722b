"""What earlier installs took, for the time left."""

from __future__ import annotations

import asyncio

from haui.errors import HauiError
from haui.live.estimate import Timings
from haui.live.run import LiveRun
from haui.record.store import ClusterStore


async def earlier_timings(live: LiveRun) -> Timings:
    """The timings of every cluster on record beside this one, read in a thread."""
    return await asyncio.to_thread(_read, live)


def _read(live: LiveRun) -> Timings:
    root = live.store.root
    stores = []
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        try:
            stores.append(ClusterStore(folder.name, root))
        except HauiError:
            continue
    return Timings.from_journals(stores)

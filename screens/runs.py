"""Beginning a run for the app, and what is to be done when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from haui.errors import SpecError
from screens.world import World

if TYPE_CHECKING:
    from haui.live.run import LiveRun


def begin_install(world: World) -> LiveRun:
    """The install of the answers on the desk, started. Raises SpecError while they are none."""
    from haui.live.run import LiveRun

    desk = world.open_desk
    spec = desk.spec()
    if spec is None:
        raise SpecError(
            "the answers are no cluster yet", fix="the list of pages shows what is open"
        )
    live = LiveRun("apply", spec, world.site(desk.rehearsal), now=world.now)
    return _started(world, live)


def take_up(world: World, cluster: str, *, rehearsal: bool) -> LiveRun:
    """An unfinished run, continued. Raises HauiError when its cluster file can't be read."""
    from haui.live.run import LiveRun

    site = world.site(rehearsal)
    store = site.store(cluster)
    spec, state = store.load_spec(), store.read_state()
    if state.purpose == "reset":
        kept = state.etcd_data == "keep"
        return reset(world, cluster, rehearsal=rehearsal, hosts=state.hosts, keep=kept)
    return _started(world, LiveRun("apply", spec, site, resume=True, now=world.now))


def reset(
    world: World, cluster: str, *, rehearsal: bool, hosts: Collection[str] = (), keep: bool = False
) -> LiveRun:
    """A reset of a cluster, or of workers of it, started. `keep`: etcd's data stays.

    Raises HauiError when the cluster file can't be read, or there is nothing to take back.
    """
    from haui.live.run import LiveRun
    from haui.resetting import chosen_hosts, etcd_data_of, refuse_reset

    site = world.site(rehearsal)
    store = site.store(cluster)
    spec = store.load_spec()
    refuse_reset(spec, store.read_state())
    chosen = chosen_hosts(spec, hosts)
    etcd_data = etcd_data_of(spec, chosen, keep=keep)
    live = LiveRun("reset", spec, site, hosts=chosen, etcd_data=etcd_data, now=world.now)
    return _started(world, live)


def verify(world: World, cluster: str, *, rehearsal: bool) -> LiveRun:
    """A verification, started. Raises HauiError when the cluster file can't be read."""
    from haui.live.run import LiveRun

    site = world.site(rehearsal)
    spec = site.store(cluster).load_spec()
    return _started(world, LiveRun("verify", spec, site, now=world.now))


def attach(world: World, cluster: str, *, rehearsal: bool) -> LiveRun:
    """The run that another process makes, to be watched by the screen that shows it.

    Raises HauiError when the cluster file can't be read.
    """
    from haui.live.attached import AttachedRun

    site = world.site(rehearsal)
    live = AttachedRun(site.store(cluster), site, now=world.now)
    world.live, world.concluding = live, None
    return live


def _started(world: World, live: LiveRun) -> LiveRun:
    world.live = live
    live.start()
    world.concluding = asyncio.create_task(conclude(world, live), name="haui-conclude")
    return live


async def conclude(world: World, live: LiveRun) -> None:
    """Wait for the end; then write the report, and throw away the draft of a finished cluster."""
    from haui.documents.report_file import try_report

    await live.wait()
    if live.result is None or not live.on_record:
        return
    error = await asyncio.to_thread(
        try_report,
        live.store,
        state=live.state,
        plan=live.plan,
        now=world.now(),
        secrets=live.site.credentials.known(),
    )
    if error is not None:
        live.hear_trouble(f"there is no report: {error.what}: {error.why}")
    desk = world.desk
    done = live.installs and live.result.outcome == "ok"
    if done and desk is not None and desk.draft.name == live.spec.name:
        world.desk = None
        desk.close()
        world.drafts.discard(desk.draft.id)

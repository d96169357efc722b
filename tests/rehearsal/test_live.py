"""Runs as screens watch them, over the simulated fleet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from haui.clusterfile.text import dump
from haui.errors import InterruptedRunError, JournalError, UsageError
from haui.execution.decisions import Decision
from haui.live.estimate import Timings
from haui.live.run import LiveRun
from haui.live.site import RealSite, RehearsalSite, Site
from haui.record.reducer import left_behind
from haui.record.state import RunState
from haui.rehearsal.faults import Fault
from haui.spec import ClusterSpec, Topology
from haui.transport.credentials import Credentials
from tests.rehearsal.conftest import cluster

JOIN = "control_plane.join"
FAST = 0


@asynccontextmanager
async def rehearsal(
    root: Path, *faults: str, speed: float = FAST, in_process: bool = True, keep: bool = False
) -> AsyncIterator[RehearsalSite]:
    parsed = [Fault.parse(text) for text in faults]
    site = RehearsalSite(root, speed=speed, faults=parsed, in_process=in_process, keep=keep)
    try:
        yield site
    finally:
        await site.close()


def small(workers: int = 0) -> ClusterSpec:
    """One control plane and so many workers."""
    return cluster(1, workers).model_copy(update={"topology": Topology(kind="single")})


async def until(run: LiveRun, what: Callable[[], object]) -> None:
    """Look as a screen does, until it is so or the run has ended."""
    while not what() and not run.ended:  # noqa: ASYNC110 - screens pull
        await asyncio.sleep(0.005)


async def ended(run: LiveRun) -> LiveRun:
    run.start()
    await run.wait()
    assert run.ended
    return run


def on_record(state: RunState) -> RunState:
    """The state without those results of the preflight that no journal keeps."""
    kept = {
        host: {check: result for check, result in results.items() if result.on_record}
        for host, results in state.preflight.items()
    }
    return replace(state, preflight={host: results for host, results in kept.items() if results})


def outcome(run: LiveRun) -> str:
    assert run.error is None, run.error.render()
    assert run.result is not None
    return run.result.outcome


async def test_a_preflight_and_an_install(tmp_path: Path) -> None:
    spec = cluster()
    async with rehearsal(tmp_path) as site:
        assert {key.judgement for key in await site.host_keys(spec)} == {"trusted"}
        assert [key.host for key in await site.host_keys(spec, ["wk1"])] == ["wk1"]
        assert await site.host_keys(spec, []) == ()
        look = await ended(LiveRun("preflight", spec, site))
        assert outcome(look) == "ok"
        assert set(look.state.preflight) == {host.name for host in spec.hosts}
        assert not site.store(spec.name).journal_path.exists()

        run = LiveRun("apply", spec, site)
        assert (run.started, run.undecided, run.changes) == (False, (), ())
        assert run.take_dirty() == frozenset()
        run.start()
        run.start()
        await until(run, lambda: run.state.settled_count > 30)
        assert run.take_dirty()
        await run.wait()
        assert outcome(run) == "ok"
        assert run.take_dirty() == {host.name for host in spec.hosts}
        assert run.take_dirty() == frozenset()
        assert {run.progress(host.name).status for host in spec.hosts} == {"done"}
        assert sum(phase.done for phase in run.phases()) == len(run.plan.tasks)
        assert any("[certs]" in line.text for line in run.logs.lines_since("cp1"))
        store = site.store(spec.name)
        assert store.load_spec() == spec
        assert (store.admin_conf.exists(), store.owner()) == (True, None)
        assert store.read_state() == on_record(run.state)
        assert Timings.from_journals([store]).of("control_plane.init")


async def test_logs_that_can_not_be_written_are_told_once(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as site:
        run = LiveRun("apply", small(1), site)
        run.store.create()
        for name in ("cp1", "wk1"):
            (run.store.logs / f"{name}.log").mkdir(parents=True)
        assert outcome(await ended(run)) == "ok"
        (told,) = run.take_troubles()
        # Of both hosts; whichever speaks first.
        assert re.search(r"log of (cp1|wk1) can't be written \(Is a directory\): the run", told)
        assert run.take_troubles() == ()
        assert any("[certs]" in line.text for line in run.logs.lines_since("cp1"))


async def test_one_host_is_looked_at_again(tmp_path: Path) -> None:
    async with rehearsal(tmp_path, "wk1:preflight.facts:fail-once") as site:
        first = await ended(LiveRun("preflight", cluster(), site))
        assert outcome(first) == "preflight"
        assert first.progress("wk1").status == "failed"
        again = LiveRun("preflight", cluster(), site, hosts=["wk1"])
        assert {task.host.name for task in again.plan.tasks} == {"wk1"}
        assert outcome(await ended(again)) == "ok"
        assert set(again.state.preflight) == {"wk1"}


async def test_a_failed_task_is_decided_about(tmp_path: Path) -> None:
    faults = (f"cp2:{JOIN}:fail-once", "wk2:runtime.containerd:fail")
    async with rehearsal(tmp_path, *faults) as site:
        run = LiveRun("apply", cluster(), site)
        run.start()
        await until(run, lambda: len(run.undecided) == 2)
        worker, plane = run.undecided
        assert (worker.id, plane.id) == ("runtime.containerd@wk2", f"{JOIN}@cp2")
        assert plane.finished.problem is not None
        assert run.progress("cp2").status == "failed"
        assert "control_plane.init@cp1" in {task.id for task in run.plan.tasks}
        assert "first control plane" in run.skip_refusal("control_plane.init@cp1")
        assert run.skip_refusal(worker.id) == ""
        assert run.skip_consequence(worker.id) == "1 worker remains."
        assert run.decide(worker.id, "skip")
        assert not run.decide(worker.id, "retry")
        assert run.decide(plane.id, "retry")
        await run.wait()
        assert outcome(run) == "failed"
        assert run.undecided == ()
        assert run.result is not None
        assert [(f.host, f.cause) for f in run.result.failed] == [("wk2", "left-out")]
        assert run.progress("cp2").status == "done"
        assert run.state.task("cp1", "cluster.ready").done
        assert site.store("atlas").read_state() == on_record(run.state)

    async with rehearsal(tmp_path) as site:
        resumed = LiveRun("apply", cluster(), site, resume=True)
        assert resumed.kind == "resume"
        assert resumed.state == left_behind(on_record(run.state))
        assert outcome(await ended(resumed)) == "ok"
        assert resumed.state.sessions == 2


async def test_what_may_not_be_left_out_is_refused(tmp_path: Path) -> None:
    async with rehearsal(tmp_path, "cp1:control_plane.init:fail") as site:
        run = LiveRun("apply", small(), site)
        run.start()
        await until(run, lambda: run.undecided)
        with pytest.raises(UsageError, match="cp1 can't be left out"):
            run.decide("control_plane.init@cp1", "skip")
        assert len(run.undecided) == 1
        run.decide("control_plane.init@cp1", "stop")
        await run.wait()
        assert outcome(run) in ("failed", "cancelled")
        assert run.controls.stopping


@pytest.mark.parametrize("in_process", [True, False])
async def test_a_run_that_is_left_is_taken_up_with_its_hosts_and_lines(
    tmp_path: Path, in_process: bool
) -> None:
    """The fleet ends with its site, as when haui is killed, and goes on where it was."""
    spec = small()
    async with rehearsal(tmp_path, in_process=in_process, speed=100) as site:
        run = LiveRun("apply", spec, site)
        run.start()
        await until(run, lambda: run.state.task("cp1", "control_plane.init").changing)
        await run.leave()
        assert isinstance(run.error, InterruptedRunError)
        assert (run.result, site.store(spec.name).owner()) == (None, None)
        left = run.state.settled_count

    async with rehearsal(tmp_path, in_process=in_process, speed=1e6) as site:
        resumed = LiveRun("apply", spec, site)
        assert resumed.state.settled_count == left
        assert resumed.progress("cp1").done > 0
        assert resumed.progress("cp1").status == "waiting", "it ran in the last session"
        assert outcome(await ended(resumed)) == "ok"
        assert resumed.state.sessions == 2
        lines = resumed.logs.lines_since("cp1")
        earlier = [line for line in lines if line.at < run.state.last_at]
        assert {line.kind for line in earlier} == {"mark", "output"}


async def test_a_run_may_be_left_before_it_has_done_anything(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as site:
        run = LiveRun("apply", small(), site)
        run.start()
        await run.leave()
        assert isinstance(run.error, InterruptedRunError)
        with site.store("atlas").lock("free again"):
            pass
        await run.leave()


@pytest.mark.parametrize("in_process", [True, False])
async def test_a_run_that_is_left_while_the_fleet_begins_is_in_nobodys_way(
    tmp_path: Path, in_process: bool
) -> None:
    async with rehearsal(tmp_path, in_process=in_process, speed=1e6) as site:
        for pause_s in (0.001, 0.02, 0.1):
            run = LiveRun("apply", small(), site)
            run.start()
            await asyncio.sleep(pause_s)
            await run.leave()
            assert run.ended
        assert outcome(await ended(LiveRun("apply", small(), site))) == "ok"


async def test_changed_answers_are_told_before_a_run_goes_on(tmp_path: Path) -> None:
    spec, more = small(1), small(2)
    async with rehearsal(tmp_path, "cp1:control_plane.init:fail") as site:
        run = LiveRun("apply", spec, site)
        run.start()
        await until(run, lambda: run.undecided)
        run.controls.stop()
        await run.wait()
        again = LiveRun("apply", more, site)
        assert again.changes == ("hosts[wk2]: added (10.30.0.102, worker)",)
        assert LiveRun("apply", spec, site).changes == ()
        assert LiveRun("preflight", more, site).changes == ()
        reach = await site.reach(more)
        assert await site.reach(more) is reach
        assert reach.host("wk2").fingerprint
        assert outcome(await ended(LiveRun("preflight", more, site))) == "ok"


async def test_a_finished_rehearsal_is_begun_anew_unless_it_is_kept(tmp_path: Path) -> None:
    spec = small()
    async with rehearsal(tmp_path) as site:
        assert outcome(await ended(LiveRun("apply", spec, site))) == "ok"
    async with rehearsal(tmp_path, keep=True) as site:
        assert outcome(await ended(LiveRun("verify", spec, site))) == "ok"
    async with rehearsal(tmp_path) as site:
        run = await ended(LiveRun("apply", spec, site))
        assert outcome(run) == "ok"
        assert run.state.task("cp1", "control_plane.init").status == "ok"


async def test_another_process_that_has_the_cluster_is_the_error(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as site:
        with site.store("atlas").lock("haui apply"):
            run = await ended(LiveRun("apply", cluster(), site))
        assert isinstance(run.error, JournalError)
        assert run.result is None


async def test_a_journal_that_can_not_be_read_is_the_error(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as site:
        store = site.store("atlas")
        store.create()
        store.journal_path.write_text("no journal\nat all\nreally\n")
        run = LiveRun("apply", cluster(), site)
        assert isinstance(run.error, JournalError)
        run.start()
        await run.wait()
        assert run.ended


async def test_a_defect_ends_the_run_and_not_the_app(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rehearsal(tmp_path) as site:

        async def broken(_spec: ClusterSpec, **_: bool) -> ClusterSpec:
            raise ZeroDivisionError("a defect")

        site.reach = broken  # type: ignore[method-assign,assignment]
        run = await ended(LiveRun("preflight", cluster(), site))
        assert run.error is not None
        assert "ZeroDivisionError" in run.error.why
        assert "the run failed" in caplog.text


async def test_a_real_site_is_the_cluster_itself(tmp_path: Path) -> None:
    site: Site = RealSite(Credentials(), tmp_path)
    spec = cluster()
    assert await site.reach(spec) is spec
    assert site.store("atlas").folder == tmp_path / "atlas"
    assert (site.rehearsal, site.bastion) == (False, True)
    await site.close()


async def test_a_real_site_judges_host_keys_by_the_fingerprint_of_the_spec(
    tmp_path: Path,
) -> None:
    async with rehearsal(tmp_path / "simulated") as simulated:
        reach = await simulated.reach(cluster(1, 1))
        site = RealSite(Credentials(), tmp_path / "real")
        keys = await site.host_keys(reach)
        assert [(key.host, key.judgement) for key in keys] == [
            ("cp1", "trusted"),
            ("wk1", "trusted"),
        ]
        strangers = tuple(
            host.model_copy(update={"fingerprint": None if host.name == "wk1" else "SHA256:x"})
            for host in reach.hosts
        )
        keys = await site.host_keys(reach.model_copy(update={"hosts": strangers}))
        assert [key.judgement for key in keys] == ["changed", "unknown"]


async def test_a_rehearsal_of_another_process_is_not_forgotten(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as site:
        store = site.store("atlas")
        store.create()
        store.write_private("cluster.yaml", dump(cluster()).encode())
        store.lock_path.write_text(
            '{"pid": 1, "host": "elsewhere", "boot_id": "", "ticks": 0, "since": "", "command": ""}'
        )
        with pytest.raises(UsageError, match="still running"):
            site.forget("atlas")
        assert store.cluster_yaml.exists()


async def test_the_run_of_a_killed_app_is_found_by_the_next(tmp_path: Path) -> None:
    """Again and again, at any moment, until it is done; whoever watches decides to retry."""
    spec, lives = small(1), 0
    retry: Decision = "retry"
    run = LiveRun("apply", spec, RehearsalSite(tmp_path))
    while lives < 30:
        lives += 1
        async with rehearsal(tmp_path, "wk1:workers.join:fail-once", speed=2000) as site:
            run = LiveRun("apply", spec, site)
            run.start()
            leaving: Awaitable[None] = asyncio.sleep(0.15 * lives)
            deadline = asyncio.ensure_future(leaving)
            while not run.ended and not deadline.done():
                for undecided in run.undecided:
                    run.decide(undecided.id, retry)
                await asyncio.sleep(0.005)
            deadline.cancel()
            await run.leave()
            if run.error is None:
                break
    assert outcome(run) == "ok"
    assert lives > 1

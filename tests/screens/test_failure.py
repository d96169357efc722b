"""Failures: what is said about them, and what is done about them."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from haui.events import Problem
from haui.spec import ClusterSpec
from screens.dialog import Ask
from screens.execute import ExecuteScreen
from screens.failure import FailureScreen
from screens.failure_text import continuing, decisive_lines, facts_of, failures
from screens.log_screen import LogScreen
from screens.ssh_command import ssh_argv
from tests.screens.conftest import AppSnapshot
from tests.screens.fake_live import JOIN_FAILED, FakeLive, fail_current, fleet, midway
from tests.screens.scenes import APT_LOCKED, Stage, fail_one, run_page


def early(live: FakeLive) -> None:
    midway(live, share=0.3)


async def fail_several(stage: Stage, hosts: int = 5) -> list[str]:
    names = ["cp-2", *(host.name for host in stage.live.spec.hosts[3 : 2 + hosts])]
    ids = [
        fail_current(stage.live, name, JOIN_FAILED if name == "cp-2" else APT_LOCKED)
        for name in names
    ]
    await stage.beat()
    return ids


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_failure_looks(
    size: tuple[int, int], tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """It opens by itself: over the log, or as a page where there is little room."""
    async with run_page(tmp_path, 20, size) as stage:
        await fail_one(stage)
        assert stage.page.failing
        assert await app_snapshot(stage.pilot, f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_several_failures_look(
    size: tuple[int, int], tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """A list to choose from, above the one that is shown."""
    async with run_page(tmp_path, 20, size, scene=early) as stage:
        await fail_several(stage)
        await stage.press("down")
        assert await app_snapshot(stage.pilot, f"several-{size[0]}x{size[1]}")


async def test_first_control_plane_can_not_be_skipped_looks(
    tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """The way that is barred says why; in a rehearsal there is no shell."""
    async with run_page(tmp_path, 3, (100, 32), rehearsal=True) as stage:
        await fail_one(stage, "cp-1", APT_LOCKED)
        assert await app_snapshot(stage.pilot, "barred")
        await stage.press("s")
        assert "can't be left out" in stage.said()
        await stage.press("t")
        assert "no shell in a rehearsal" in stage.said()


async def test_r_retries(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        failed = await fail_one(stage)
        await stage.press("r")
        assert stage.live.decision(failed) == "retry"
        await stage.beat()
        assert not stage.page.failing or not stage.live.undecided


@pytest.mark.parametrize(("key", "decision"), [("s", "skip"), ("k", None), ("escape", None)])
async def test_s_asks_and_says_what_follows(key: str, decision: str | None, tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        failed = await fail_one(stage)
        await stage.press("s")
        dialog = stage.app.screen
        assert isinstance(dialog, Ask)
        assert "2 control planes remain" in str(dialog._text)
        await stage.press(key)
        assert stage.live.decision(failed) == decision


async def test_x_asks_how_to_stop(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        await stage.press("x", "f")
        assert stage.live.controls.level == "stop"


async def test_l_opens_the_log_of_the_failed_host(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        await stage.press("l")
        assert isinstance(stage.app.screen, LogScreen)
        assert stage.app.screen.log_view.host == "cp-2"
        await stage.press("escape")
        assert stage.page.failing


async def test_b_writes_a_bundle_and_says_where(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        await stage.press("b")
        await stage.page.workers.wait_for_complete()
        found = list(stage.live.store.folder.glob("haui-atlas-*.tar.gz"))
        assert len(found) == 1
        assert str(found[0]) in stage.said()


async def test_c_copies_what_is_known(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        await stage.press("c")
        assert "only promote a learner member" in stage.app.clipboard
        assert "copied" in stage.said()


async def test_escape_goes_back_and_capital_f_again(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        await stage.press("escape")
        assert not stage.page.failing
        assert stage.page.tiles.display and stage.page.log_view.size.height
        await stage.press("F")
        assert stage.page.failing
        await stage.press("escape", "escape")
        assert isinstance(stage.app.screen, ExecuteScreen)


async def test_several_are_chosen_and_decided_one_by_one(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40), scene=early) as stage:
        first, second, *_ = await fail_several(stage, 3)
        await stage.press("down")
        assert stage.page.panel.facts is not None
        assert stage.page.panel.facts.failure.id == second
        assert stage.page.selected == second.partition("@")[2]
        await stage.press("r")
        assert stage.live.decision(second) == "retry"
        assert stage.live.decision(first) is None
        await stage.beat()
        assert stage.page.failing
        assert stage.page.panel.facts.failure.decidable


async def test_what_was_decided_elsewhere_closes_the_panel(tmp_path: Path) -> None:
    """A stop takes the question away; what has failed can still be looked at."""
    async with run_page(tmp_path, 3) as stage:
        failed = await fail_one(stage)
        stage.live.decide(failed, "stop")
        await stage.beat()
        await stage.press("r")
        assert "nothing to decide" in stage.said() or not stage.page.failing


async def test_t_lends_the_terminal_and_offers_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[tuple[str, ...], str]] = []

    async def run_shell(argv: tuple[str, ...], pinned: str) -> None:
        ran.append((argv, pinned))

    @contextmanager
    def suspend(_: Any) -> Iterator[None]:
        yield

    monkeypatch.setattr("screens.deciding.run_shell", run_shell)
    monkeypatch.setattr("haui.app.HauiApp.suspend", suspend)
    async with run_page(tmp_path, 3) as stage:
        failed = await fail_one(stage)
        await stage.press("t")
        await stage.page.workers.wait_for_complete()
        await stage.pilot.pause()
        assert ran[0][0][0] == "ssh" and ran[0][0][-1] == "10.30.0.12"
        assert isinstance(stage.app.screen, Ask)
        assert not stage.page.lent
        await stage.press("r")
        assert stage.live.decision(failed) == "retry"


async def test_the_route_opens_the_run_with_the_failure(tmp_path: Path) -> None:
    def scene(live: FakeLive) -> None:
        midway(live)
        fail_current(live, "cp-3", APT_LOCKED)

    async with run_page(tmp_path, 3, scene=scene, first="failure", argument="cp-3") as stage:
        assert isinstance(stage.page, FailureScreen)
        assert stage.page.failing
        assert stage.page.panel.facts is not None
        assert stage.page.panel.facts.failure.host == "cp-3"


async def test_facts_of_a_failure(tmp_path: Path) -> None:
    live = FakeLive(fleet(5), tmp_path)
    midway(live)
    fail_current(live, "cp-2", JOIN_FAILED)
    (failure,) = failures(live)
    facts = facts_of(live, failure)
    assert facts.cause is not None and "2380" in facts.cause.cause
    assert 2 <= len(facts.lines) <= 6
    assert facts.consequence.startswith("2 control planes remain")
    assert facts.barred == ""
    assert "need cp-2" in facts.still


async def test_what_goes_on_leaves_out_what_needs_the_failed_task(tmp_path: Path) -> None:
    live = FakeLive(fleet(5), tmp_path)
    live.begin()
    everything = continuing(live.plan, live.state, ())
    assert everything == (5, len(live.plan.tasks))
    first = live.plan.tasks[0].id
    hosts, tasks = continuing(live.plan, live.state, {first})
    assert hosts == 4
    assert tasks == 4
    assert continuing(live.plan, live.state, {task.id for task in live.plan.tasks}) == (0, 0)


async def test_lines_of_a_failure_without_a_reason_come_from_its_output(tmp_path: Path) -> None:
    live = FakeLive(fleet(3), tmp_path)
    midway(live)
    fail_current(live, "cp-2", Problem(what="it ended with status 1"))
    (failure,) = failures(live)
    lines = [x for x in live.logs.lines_since("cp-2") if x.step == failure.step]
    found = decisive_lines(failure, lines, None)
    assert any("etcd cluster is not healthy" in line for line in found)


def _spec(**ssh: Any) -> ClusterSpec:
    data = fleet(3).model_dump(mode="json", exclude_defaults=True)
    return ClusterSpec.model_validate(data | {"ssh": ssh})


def test_ssh_command_uses_the_clusters_own_host_keys() -> None:
    argv = ssh_argv(_spec(user="ops", port=2222, key="/k/id"), "cp-2", Path("/s/known_hosts"))
    assert argv[:5] == ("ssh", "-l", "ops", "-p", "2222")
    assert 'UserKnownHostsFile="/s/known_hosts" ~/.ssh/known_hosts' in argv
    assert "StrictHostKeyChecking=ask" in argv
    assert argv[argv.index("-i") + 1] == "/k/id"
    assert argv[-2:] == ("--", "10.30.0.12")


def test_ssh_command_goes_through_the_jump_host_with_the_same_keys() -> None:
    argv = ssh_argv(_spec(user="ops", jump="gate@gate.lan:2200"), "cp-1", Path("/s/it's known"))
    way = next(part for part in argv if part.startswith("ProxyCommand="))
    words = shlex.split(way.removeprefix("ProxyCommand="))
    assert words[:5] == ["ssh", "-l", "gate", "-p", "2200"]
    assert words[-4:] == ["-W", "[%h]:%p", "--", "gate.lan"]
    assert 'UserKnownHostsFile="/s/it\'s known" ~/.ssh/known_hosts' in words


def test_ssh_understands_the_command(tmp_path: Path) -> None:
    """`ssh -G` reads the options and connects to nothing."""
    import shutil

    if shutil.which("ssh") is None:
        pytest.skip("no ssh on this machine")
    argv = ssh_argv(_spec(user="ops", port=2222, password=True), "cp-2", tmp_path / "known hosts")
    done = subprocess.run(["ssh", "-G", *argv[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"userknownhostsfile {tmp_path}/known hosts" in done.stdout.replace('"', "")
    assert "port 2222" in done.stdout and "user ops" in done.stdout


async def test_no_secret_is_on_the_command_line(tmp_path: Path) -> None:
    live = FakeLive(fleet(3), tmp_path)
    argv = ssh_argv(live.spec, "cp-1", live.store.known_hosts)
    assert not any("hunter2" in part for part in argv)

"""A reset as a run: its plan, what the journal says of it, resuming it, and installing again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from haui.errors import ConnectError, UsageError
from haui.events import RunFinished, RunStarted, TaskDrifted, TaskFinished, TaskIntent
from haui.plan import plan_sha
from haui.record.records import from_record, to_record
from haui.resetting import chosen_hosts, etcd_data_of, not_reset, refuse_reset, reset_plan
from haui.session.plans import INSTALL, continues, plan_behind, plan_of
from steps import CATALOGUE, reset
from tests.unit.mortal import KilledError
from tests.unit.resets import World, undoing
from tests.unit.scripted import ScriptedFleet
from tests.unit.scripted_run import Ran, cluster, on_first, step

SPEC = cluster()
UNDOING = reset.CATALOGUE
NAMES = ("cp1", "cp2", "cp3", "w1", "w2")


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps are synthetic, and so is the text of their scripts."""
    monkeypatch.setattr("haui.session.perform.body", lambda name: f"# {name}\n")
    monkeypatch.setattr(reset, "CATALOGUE", undoing())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_install_never_contains_a_reset() -> None:
    assert "reset" not in INSTALL
    assert not [each for each in CATALOGUE if each.phase == "reset"]
    assert {each.phase for each in UNDOING} == {"reset"}
    assert {t.step.phase for t in plan_of(SPEC, "reset", catalogue=UNDOING).tasks} == {"reset"}


def test_between_hosts_a_reset_has_an_order_and_no_condition() -> None:
    plan = reset_plan(SPEC, undoing())
    for task in plan.tasks:
        assert all(need.endswith(f"@{task.host.name}") for need in task.needs)
    first = next(task for task in plan.tasks if task.id == "reset.first@cp1")
    assert {"reset.joined@cp2", "reset.joined@cp3"} <= first.after
    order = [task.id for task in plan.tasks]
    assert order.index("reset.worker@w2") < order.index("reset.joined@cp2")


def test_every_script_learns_what_was_agreed_to() -> None:
    asking = step(
        "reset.all", "reset", gate=on_first("g"), supply=on_first("s"), revoke=on_first("r")
    )
    for etcd_data in ("keep", "remove"):
        (task, *_) = reset_plan(SPEC, [asking], etcd_data=etcd_data).tasks
        work, host = task.step.work(SPEC, task.host, {}), task.host
        remotes = [task.step.gate, task.step.supply, task.step.revoke]
        calls = [work.probe, work.apply, *(r.call(SPEC, host) for r in remotes if r)]
        assert len(calls) == 5
        for call in calls:
            assert call is not None
            assert call.env["HAUI_ETCD_DATA"] == etcd_data
            assert call.env["HAUI_RESET"] == "cluster"
    (alone,) = reset_plan(SPEC, [asking], ["w1"]).tasks
    probe = alone.step.work(SPEC, alone.host, {}).probe
    assert probe is not None
    assert probe.env["HAUI_RESET"] == "hosts"
    shas = {plan_sha(reset_plan(SPEC, [asking], etcd_data=d)) for d in ("keep", "remove")}
    assert len(shas) == 2


def test_only_workers_are_reset_alone() -> None:
    assert chosen_hosts(SPEC, ()) is None
    assert chosen_hosts(SPEC, NAMES) is None
    assert chosen_hosts(SPEC, ["w2"]) == frozenset({"w2"})
    for name in ("cp1", "cp2"):
        with pytest.raises(UsageError, match=f"{name} can't be reset alone"):
            chosen_hosts(SPEC, ["w1", name])
    with pytest.raises(UsageError, match="no host nobody"):
        chosen_hosts(SPEC, ["nobody"])


def test_a_worker_that_leaves_is_deleted_from_the_cluster_and_only_then() -> None:
    tasks = {task.step.id: task for task in reset_plan(SPEC, hosts=["w1"]).tasks}
    leave = tasks["reset.leave"]
    assert leave.needs == {"reset.workers@w1"}, "a kubelet that runs makes its Node anew"
    assert leave.step.supply is not None
    assert leave.step.supply.on(SPEC, leave.host) == ("cp1", "cp2", "cp3")
    assert not [t for t in reset_plan(SPEC, UNDOING).tasks if t.step.id == "reset.leave"]
    assert list(tasks).index("reset.leave") < list(tasks).index("reset.record")


def test_etcd_data_goes_only_with_the_whole_cluster() -> None:
    assert etcd_data_of(SPEC, None) == "remove"
    assert etcd_data_of(SPEC, None, keep=True) == "keep"
    assert etcd_data_of(SPEC, ["w1"]) == "keep"


def test_the_journal_tells_a_reset_from_an_install_and_old_ones_are_installs() -> None:
    begun = RunStarted(
        run="r1", cluster="atlas", haui="1", spec_sha="a", plan_sha="b", tasks=1, hosts=("w1",),
        purpose="reset", etcd_data="remove", partial=True,
    )  # fmt: skip
    assert from_record(to_record(begun)) == begun
    old = {
        k: v for k, v in to_record(begun).items() if k not in ("purpose", "etcd_data", "partial")
    }
    read = from_record(old)
    assert isinstance(read, RunStarted)
    assert (read.purpose, read.etcd_data, read.partial) == ("apply", "keep", False)


def test_a_reset_has_an_order_and_its_words(world: World) -> None:
    world.session("apply")
    assert (world.state.word, world.state.gone) == ("ok", False)
    world.store.admin_conf.write_text("a key")
    result = world.session("reset", etcd_data="remove")
    assert result.outcome == "ok"
    state = world.state
    assert (state.purpose, state.etcd_data, state.partial) == ("reset", "remove", False)
    assert (state.word, state.gone, state.unfinished) == ("reset", True, False)
    assert not world.store.admin_conf.exists()
    behind, planned = plan_behind(world.spec, state), plan_of(world.spec, "reset")
    assert [task.id for task in behind.tasks] == [task.id for task in planned.tasks]
    done = [f"{e.step}@{e.host}" for e in world.last if isinstance(e, TaskFinished)]
    assert max(map(done.index, ("reset.worker@w1", "reset.worker@w2"))) < done.index(
        "reset.joined@cp2"
    )
    assert done.index("reset.joined@cp3") < done.index("reset.first@cp1")


def test_a_host_that_is_away_keeps_no_other_from_being_reset(world: World) -> None:
    world.session("apply")
    world.store.admin_conf.write_text("a key")
    world.fleet["w1"].connect_error = ConnectError("w1 does not answer")
    result = world.session("reset")
    assert result.outcome == "unreachable"
    assert [failed.host for failed in result.failed] == ["w1"]
    state = world.state
    assert state.word == "reset unfinished"
    assert not_reset(world.spec, state, undoing()) == ("w1",)
    assert world.store.admin_conf.exists()
    for name in NAMES:
        assert ("reset.files" in world.fleet[name].true) == (name != "w1")


def test_what_fails_on_one_host_keeps_no_other_from_being_reset(world: World) -> None:
    world.session("apply")
    world.fleet["cp2"].probes["reset.joined.probe"] = [ConnectError("gone in the middle")] * 3
    assert world.session("reset").outcome != "ok"
    assert not_reset(world.spec, world.state, undoing()) == ("cp2",)
    assert "reset.first" in world.fleet["cp1"].true


def test_a_continued_reset_leaves_hosts_alone_that_were_given_back(world: World) -> None:
    world.session("apply")
    world.fleet["w1"].connect_error = ConnectError("w1 does not answer")
    world.session("reset")
    run = world.state.run
    world.fleet["w1"].connect_error = None
    world.fleet.calls.clear()
    assert world.session("reset").outcome == "ok"
    assert world.state.run == run
    assert world.state.gone
    assert {host for host, _, _ in world.fleet.calls} == {"w1"}


def test_another_choice_of_hosts_is_another_reset(world: World) -> None:
    world.session("apply")
    world.fleet["w1"].connect_error = ConnectError("w1 does not answer")
    world.session("reset", hosts=["w1"])
    run = world.state.run
    assert (world.state.partial, world.state.hosts) == (True, ("w1",))
    world.fleet["w1"].connect_error = None
    assert world.session("reset").outcome == "ok"
    assert world.state.run != run
    assert world.state.gone


def test_an_install_after_a_reset_begins_from_nothing(world: World) -> None:
    world.session("apply")
    installed = world.state.run
    world.session("reset")
    world.forget_install()
    before = world.bodies("cp.init")
    assert not continues("apply", world.state)
    result = world.session("apply")
    assert result.outcome == "ok"
    assert world.state.purpose == "apply"
    assert world.state.run not in (installed, "")
    assert not [event for event in world.last if isinstance(event, TaskDrifted)]
    assert len(world.bodies("cp.init")["cp1"]) == len(before["cp1"]) + 1
    assert world.state.settled_count == world.state.total
    # And the next reset is none of those before.
    assert world.session("reset").outcome == "ok"


def test_an_install_on_half_reset_hosts_is_refused(world: World) -> None:
    world.session("apply")
    world.fleet["w1"].connect_error = ConnectError("w1 does not answer")
    world.session("reset")
    with pytest.raises(UsageError, match="the reset of atlas is not finished: w1"):
        refuse(world)
    kept = tuple(host for host in world.spec.hosts if host.name != "w1")
    without = world.spec.model_copy(update={"hosts": kept})
    world.forget_install()
    assert world.session("apply", spec=without).outcome == "ok"


def refuse(world: World) -> None:
    from haui.resetting import refuse_install

    refuse_install(world.spec, world.state, undoing())


def test_a_reset_that_changed_nothing_is_no_reason_to_refuse(world: World) -> None:
    world.session("apply")
    with pytest.raises(KilledError):
        world.session("reset", kill_at=len(world.paper.records) + 2)
    assert world.state.purpose == "reset"
    refuse(world)
    assert continues("apply", world.state), "the cluster is still there"


def test_nothing_is_taken_back_twice_or_from_nobody(world: World) -> None:
    with pytest.raises(UsageError, match="nothing was done"):
        refuse_reset(world.spec, world.state)
    world.session("apply")
    refuse_reset(world.spec, world.state)
    world.session("reset")
    with pytest.raises(UsageError, match="was reset already"):
        refuse_reset(world.spec, world.state)


def expected() -> dict[str, list[str]]:
    plan = reset_plan(SPEC, undoing())
    return {n: [t.step.id for t in plan.tasks if t.host.name == n] for n in NAMES}


@pytest.mark.parametrize("kept", [False, True], ids=["before", "after"])
def test_a_kill_at_any_record_of_a_reset_ends_in_the_same_hosts(tmp_path: Path, kept: bool) -> None:
    """The machines themselves refuse two bodies at once and one id twice (see Machine.begin)."""
    before, undisturbed = World(tmp_path / "before"), World(tmp_path / "undisturbed")
    before.session("apply")
    undisturbed.installed(before)
    undisturbed.session("reset")
    first, last = len(before.paper.records) + 1, len(undisturbed.paper.records)
    rejoined = 0
    for kill_at in range(first, last + 1):
        world = World(tmp_path / f"{kill_at}")
        world.installed(before)
        with pytest.raises(KilledError):
            world.session("reset", kill_at=kill_at, kept=kept)
        told, done = world.state, world.state.settled()
        proved = {tuple(id_.split("@")) for id_ in done} if told.purpose == "reset" else set()
        if not told.gone:
            assert world.session("reset").outcome == "ok", f"killed at {kill_at}"
            again = {(e.step, e.host) for e in world.last if isinstance(e, TaskIntent)}
            assert not again & proved, f"killed at {kill_at}"
            rejoined += sum(e.reattached for e in world.last if isinstance(e, TaskIntent))
        assert world.state.gone
        assert world.bodies("reset") == expected(), f"killed at {kill_at}"
        assert isinstance(world.last[-1], RunFinished)
    print(f"{last - first + 1} boundaries, {rejoined} running tasks found and joined again")
    assert rejoined > 0


def test_the_order_holds_on_scripted_machines_too() -> None:
    """What only comes after a task is begun when that has ended, however it did."""
    fleet = ScriptedFleet([host.name for host in SPEC.hosts])
    ran = Ran(fleet)
    fleet.play(ran.go(reset_plan(SPEC, undoing())))
    ended = {(e.step, e.host): e.seq for e in ran.bus.of(TaskFinished)}
    begun = {(e.step, e.host): e.seq for e in ran.bus.of(TaskIntent)}
    for task in reset_plan(SPEC, undoing()).tasks:
        for id_ in task.after | task.needs:
            needed, _, where = id_.partition("@")
            assert ended[needed, where] < begun[task.step.id, task.host.name]


def test_workers_that_left_are_forgotten_so_that_nothing_resets_them_again(world: World) -> None:
    world.session("apply")
    world.store.admin_conf.write_text("a key")
    assert world.session("reset", hosts=["w1"]).outcome == "ok"
    assert (world.state.word, world.state.gone) == ("partly reset", False)
    answers = yaml.safe_load(world.store.cluster_yaml.read_text())
    assert [host["name"] for host in answers["hosts"]] == ["cp1", "cp2", "cp3", "w2"]
    assert world.store.admin_conf.exists(), "the cluster goes on"
    assert continues("apply", world.state)
    with pytest.raises(UsageError, match="can't go on without w1, w2"):
        chosen_hosts(SPEC, ["w1", "w2"])

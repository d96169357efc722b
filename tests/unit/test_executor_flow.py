"""The executor's main line: order, parallelism, lanes, outcomes."""

from __future__ import annotations

from haui.events import RunFinished, TaskIntent
from tests.unit.scripted_run import cluster, install, prepared, run_install


def test_a_fresh_install_ends_ok_and_changes_what_was_to_be_changed() -> None:
    ran = run_install(install())
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert ran.result.counts == {"ok": 10, "unchanged": 6}
    assert ran.result.changed == 10
    assert isinstance(ran.bus.events[-1], RunFinished)
    assert ran.fleet["cp2"].bodies == ["sys.prepare", "cp.join"]
    assert ran.fleet["w1"].bodies == ["sys.prepare", "w.join"]


def test_a_second_run_changes_nothing() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    run_install(install(), fleet)
    before = {name: list(machine.bodies) for name, machine in fleet.machines.items()}
    again = run_install(install(), fleet)
    assert again.result is not None
    assert (again.result.changed, again.result.counts) == (0, {"unchanged": 16})
    assert not again.bus.of(TaskIntent)
    assert {name: machine.bodies for name, machine in fleet.machines.items()} == before

"""haui is killed at every event of an install, in every kind of cluster; the next finishes it."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from haui.session.plans import plan_of
from haui.step import LANES
from tests.unit.kill_left import Left
from tests.unit.kill_sweep import Boundary, Made, Watching, resumed, sweep, undisturbed, wrong
from tests.unit.kill_twins import first_of_its_shape
from tests.unit.kill_ungrouped import cut_off, gone_on, told
from tests.unit.kill_worlds import SECRETS, SUPPLIED, World, combinations, world
from tests.unit.scripted_run import Ran

COMBINATIONS = tuple(combinations())
ONE_OF_EACH = ("single, external", "stacked, kube-vip arp", "external, keepalived-haproxy")
Say = Callable[[str, object], None]


@functools.cache
def seen(name: str) -> tuple[Ran, Watching]:
    """An install without a kill, to be looked at only."""
    return undisturbed(world(name))


def test_there_is_every_topology_with_every_endpoint() -> None:
    parts = {tuple(name.split(", ")) for name in COMBINATIONS}
    assert {topology for topology, _ in parts} == {"single", "stacked", "external"}
    assert {endpoint for _, endpoint in parts} == {
        "kube-vip arp",
        "kube-vip bgp",
        "keepalived-haproxy",
        "keepalived-haproxy on hosts of its own",
        "keepalived-nginx",
        "keepalived-nginx on hosts of its own",
        "external",
        "external on hosts of its own",
    }
    assert len(parts) == 24
    for name, asked in combinations().items():
        etcd = 3 if name.startswith("external,") else 0
        own = 2 if name.endswith("own") else 0
        planes = 1 if name.startswith("single") else 3
        assert len(asked.hosts) == planes + 2 + etcd + own


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_catalogue_runs_on_machines_that_do_as_they_are_told(name: str) -> None:
    """The undisturbed run, to which every other is compared: each change once, and a second run
    finds nothing to do."""
    ran, _ = seen(name)
    made = Made.of(ran, world(name))
    changing = {
        (task.host.name, task.step.id)
        for task in world(name).plan.tasks
        if not task.step.always and (task.host.name, task.step.id) not in world(name).only_looking
    }
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert {(host, id_) for host, ids in made.bodies.items() for id_ in ids} == changing
    assert sum(len(ids) for ids in made.bodies.values()) == len(changing)
    assert made.stored == {"admin.conf": world(name).admin_conf}
    assert not made.lent
    assert all(ran.fleet.width[id_] <= LANES[lane] for id_, lane in world(name).lanes.items())


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_kill_at_every_event_leads_to_the_same_cluster(name: str, record_property: Say) -> None:
    """The machines themselves refuse two bodies at once (see `Machine.begin`). A combination that
    the engine can't tell from one before it leaves the same at each kill, and that is enough."""
    first = first_of_its_shape(name)
    if first == name:
        swept = sweep(world(name), *seen(name), extremes=True)
        assert not swept.wrong, f"{len(swept.wrong)} times:\n" + "\n".join(swept.wrong[:12])
        assert swept.rejoined > 0
        note = f"{swept.cases} cases, {swept.rejoined} running changes joined again"
    else:
        assert cases(name) == cases(first)
        note = f"the same to the engine as {first}"
    boundaries = len(seen(name)[1].events)
    record_property("kills", (name, boundaries, len(seen(name)[1].boundaries), note))


def cases(name: str) -> set[Left]:
    """What a kill can leave, with the places of the steps for their names."""
    names = world(name).names
    return {boundary.left.renamed(names) for boundary in seen(name)[1].boundaries}


def some(boundaries: list[Boundary], share: int) -> list[Boundary]:
    """Every so many of those that are no more than a cut."""
    return [each for each in boundaries if "arrived" not in each.when][::share]


def same_as_grouped(name: str, share: int) -> None:
    """A run that is really cut off leaves a value that the sweep tries at that event, and the next
    one does on the used machines what it does on those made of that value."""
    found, boundaries = world(name), seen(name)[1].boundaries
    for boundary in some(boundaries, share):
        fleet, what = cut_off(found, boundary)
        # What arrives at the very moment of the kill may have been done.
        assert what in [each.left for each in boundaries if each.number == boundary.number]
        ran = gone_on(found, fleet, what)
        grouped = resumed(found, what, lean=False)
        assert told(ran) == told(grouped)
        assert Made.of(ran, found) == Made.of(grouped, found)


def test_the_grouping_is_true_for_some() -> None:
    same_as_grouped("stacked, kube-vip arp", 181)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_grouping_is_true(name: str) -> None:
    same_as_grouped(name, 7)


@pytest.mark.thorough
@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_kill_at_every_event_when_no_two_hosts_are_as_fast(name: str) -> None:
    """Each combination for itself, also those that the engine can't tell apart, and each proof."""
    found = World(combinations()[name], seconds=tuple(map(float, range(3, 20))))
    swept = sweep(found, *undisturbed(found))
    assert not swept.wrong, "\n".join(swept.wrong[:12])


@pytest.mark.thorough
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_kill_at_every_event_and_a_long_pause(name: str) -> None:
    """What was running has ended when the next haui comes."""
    ran, bus = seen(name)
    later = {boundary.left.later(): boundary for boundary in bus.boundaries}
    for what, boundary in later.items():
        again = resumed(world(name), what)
        trouble = wrong(world(name), Made.of(ran, world(name)), what, again)
        assert not trouble, f"killed at event {boundary.number}, {boundary.when}: {trouble}"


def test_nothing_is_minted_or_known_that_an_event_tells() -> None:
    for name in ONE_OF_EACH[1:]:
        said = repr([event.to_json() for event in seen(name)[0].bus.events])
        assert not [secret for secret in SECRETS if SUPPLIED[secret] in said]
        assert "MIIEvgIBADANBgkqhkiG9w0BAQEF" not in said
        assert "hunter2" not in said


def test_what_is_remembered_is_what_the_catalogue_says() -> None:
    """The sweep's plan is the plan that an install has."""
    found = world("stacked, kube-vip arp")
    for seen_, real in zip(found.plan.tasks, plan_of(found.spec, "apply").tasks, strict=True):
        assert (seen_.id, seen_.needs, seen_.after) == (real.id, real.needs, real.after)
        values = {"node": "x"} if real.step.supply is None else SUPPLIED
        assert seen_.step.work(found.spec, seen_.host, values) == real.step.work(
            found.spec, real.host, values
        )

"""Clocks of the hosts against one another."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from haui.events import Finding
from haui.evidence import Evidence, Reading, facts_text
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from steps.checks import BY_ID, FACTS, Look
from steps.checks.fleet_clock import offset_of
from tests.unit.checks import STEPS, Changes
from tests.unit.specs import spec

NOW = 1_000_000.0


def fleet(
    cluster: ClusterSpec,
    ahead: Mapping[str, float],
    took: Mapping[str, float],
    changes: Changes | None = None,
) -> Evidence:
    """Hosts whose clocks are ahead; asking them `took` so long besides the script itself."""
    evidence = facts.healthy(cluster, STEPS)
    for host in cluster.hosts:
        way, clock = took.get(host.name, 0.02) / 2, NOW + ahead.get(host.name, 0.0)
        told = facts.told(FACTS, cluster, host, NOW)
        told = facts.changed(told, changes or {})
        told = facts.changed(
            told, {"clock.first": f"{clock + way:.6f}", "clock.last": f"{clock + way + 3:.6f}"}
        )
        reading = Reading(facts_text(told), asked=NOW, answered=NOW + 2 * way + 3)
        evidence.keep(FACTS, host.name, reading)
    return evidence


def ask(
    check: str,
    host: str,
    ahead: Mapping[str, float],
    took: Mapping[str, float] | None = None,
    *,
    changes: Changes | None = None,
    profile: str = "production",
    hosts: int = 5,
) -> Finding:
    cluster = spec(profile=profile)
    cluster = cluster.model_copy(update={"hosts": cluster.hosts[:hosts]})
    evidence = fleet(cluster, ahead, took or {}, changes)
    return BY_ID[check].finding(Look(cluster, cluster.host(host), evidence))


@pytest.mark.parametrize(
    ("host", "ahead", "verdict"),
    [
        ("cp1", 0.0, "ok"),
        ("cp1", 0.5, "ok"),
        ("cp1", -0.51, "ok"),
        ("cp1", 0.53, "warning"),
        ("cp1", -0.53, "warning"),
        ("cp1", 2.0, "warning"),
        ("cp1", 2.03, "blocked"),
        ("cp1", -2.03, "blocked"),
        ("wk1", 2.03, "warning"),
        ("wk1", 5.0, "warning"),
        ("wk1", 5.03, "blocked"),
        ("wk1", -3600.0, "blocked"),
    ],
)
def test_what_is_surely_off_counts(host: str, ahead: float, verdict: str) -> None:
    found = ask("fleet.clock", host, {host: ahead})
    assert found.verdict == verdict, found.seen
    other = next(name for name in ("cp2", "wk2") if name != host)
    assert ask("fleet.clock", other, {host: ahead}).verdict == "ok"


@pytest.mark.parametrize(
    ("host", "ahead", "verdict"),
    [("cp1", 0.5, "ok"), ("cp1", 0.5625, "warning"), ("cp1", 2.0, "warning"),
     ("cp1", 2.0625, "blocked"), ("wk1", 5.0, "warning"), ("wk1", 5.0625, "blocked")],
)  # fmt: skip
def test_the_limits_themselves_are_allowed(host: str, ahead: float, verdict: str) -> None:
    at_once = dict.fromkeys(("cp1", "cp2", "cp3", "wk1", "wk2"), 0.0)
    assert ask("fleet.clock", host, {host: ahead}, at_once).verdict == verdict


def test_the_time_that_asking_took_is_no_trouble() -> None:
    assert ask("fleet.clock", "cp1", {"cp1": 1.0}, {"cp1": 1.0}).verdict == "ok"
    assert ask("fleet.clock", "cp1", {"cp1": 1.1}, {"cp1": 1.0}).verdict == "warning"


def test_a_clock_that_was_read_too_slowly_is_not_judged() -> None:
    found = ask("fleet.clock", "cp1", {"cp1": 100.0}, {"cp1": 5.0})
    assert found.verdict == "skipped" and "2.5 s" in found.seen
    assert ask("fleet.clock", "cp1", {"cp1": 100.0}, {"cp1": 4.0}).verdict == "blocked"


@pytest.mark.parametrize("missing", [{"clock.first": None}, {"clock.last": "soon"}])
def test_numbers_that_are_missing_are_skipped(missing: Changes) -> None:
    cluster = spec(profile="production")
    told = facts.changed(facts.told(FACTS, cluster, cluster.hosts[0], NOW), missing)
    evidence = facts.healthy(cluster, STEPS)
    evidence.keep(FACTS, "cp1", Reading(facts_text(told), asked=NOW, answered=NOW))
    look = Look(cluster, cluster.hosts[0], evidence)
    assert BY_ID["fleet.clock"].finding(look).verdict == "skipped"


def test_nobody_looked_at_this_machines_clock() -> None:
    text = facts_text([("clock.first", "1"), ("clock.last", "2")])
    assert offset_of(Reading(text)) is None
    assert offset_of(Reading(text, asked=1.0, answered=2.0)) is not None


def test_the_true_offset_is_between_what_is_least_and_most() -> None:
    text = facts_text([("clock.first", "110.5"), ("clock.last", "112.0")])
    offset = offset_of(Reading(text, asked=100.0, answered=103.0))
    assert offset is not None
    assert (offset.ahead, offset.blur) == (9.75, 0.75)


def test_all_hosts_may_be_off_together_which_is_said_once_of_this_machine() -> None:
    ahead = dict.fromkeys(("cp1", "cp2", "cp3", "wk1", "wk2"), 6.0)
    assert ask("fleet.clock", "cp2", ahead).verdict == "ok"
    found = ask("fleet.bastion-clock", "cp1", ahead)
    assert found.verdict == "warning" and "6.0 s behind" in found.seen
    check, cluster = BY_ID["fleet.bastion-clock"], spec()
    assert [host.name for host in cluster.hosts if check.on(cluster, host)] == ["cp1"]


@pytest.mark.parametrize(("ahead", "verdict"), [(5.0, "ok"), (-5.01, "ok"), (5.02, "warning")])
def test_this_machine_is_held_against_the_middle(ahead: float, verdict: str) -> None:
    off = dict.fromkeys(("cp1", "cp2", "cp3"), ahead)
    assert ask("fleet.bastion-clock", "cp1", off, hosts=3).verdict == verdict
    assert ask("fleet.bastion-clock", "cp1", {"cp1": 100.0}, hosts=3).verdict == "ok"


def test_of_two_hosts_this_machine_says_who_is_right() -> None:
    assert ask("fleet.clock", "cp1", {"cp1": 4.0}, hosts=2).verdict == "blocked"
    assert ask("fleet.clock", "cp2", {"cp1": 4.0}, hosts=2).verdict == "ok"
    assert ask("fleet.clock", "cp1", {"cp1": -4.0}, hosts=2).verdict == "blocked"
    assert ask("fleet.clock", "cp2", {"cp1": -4.0}, hosts=2).verdict == "ok"


def test_one_host_has_nobody_to_compare_with() -> None:
    assert ask("fleet.clock", "cp1", {"cp1": 4.0}, hosts=1).verdict == "skipped"
    assert ask("fleet.bastion-clock", "cp1", {"cp1": 9.0}, hosts=1).verdict == "warning"


def test_what_haui_sets_itself_does_not_block() -> None:
    alone: Changes = {"time.service": None}
    found = ask("fleet.clock", "cp1", {"cp1": 9.0}, changes=alone)
    assert (found.verdict, found.fix_kind, found.fix_with) == ("warning", "haui", "system.time")
    assert (
        ask("fleet.clock", "cp1", {"cp1": 9.0}, changes=alone, profile="test").verdict == "blocked"
    )
    machine: Changes = {"time.service": None, "virt": "systemd-nspawn"}
    found = ask("fleet.clock", "cp1", {"cp1": 9.0}, changes=machine)
    assert found.verdict == "blocked" and "machine" in found.fix

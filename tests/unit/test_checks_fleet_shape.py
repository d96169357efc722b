"""What hosts should have alike, and what takes several of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks.fleet_domains import tolerated
from tests.unit.checks import Changes, ask
from tests.unit.specs import PLANES, WORKERS, shapes, spec

DIFFERS: dict[str, Changes] = {
    "fleet.arch": {"arch": "aarch64"},
    "fleet.distribution": {"os.version": "13"},
    "fleet.kernel": {"kernel.release": "4.19.0-1"},
    "fleet.cgroup": {"cgroup": "v1"},
    "fleet.proxy": {"proxy.set": "apt http://proxy.lan:3128"},
    "fleet.mtu": {"link": "eth0 UP 9000 52:54:00:00:00:0b -"},
    "fleet.interface": {
        "address": "ens3 10.30.0.11/24 static",
        "link": "ens3 UP 1500 52:54:00:00:00:0b -",
    },
    "fleet.time-zone": {"time.zone": "Europe/Berlin"},
}
INFOS = ("fleet.interface", "fleet.time-zone")
BY_ROLE = ("fleet.distribution", "fleet.kernel", "fleet.cgroup", "fleet.proxy")


@pytest.mark.parametrize("check", DIFFERS)
def test_the_one_that_differs_is_told_and_the_others_pass(check: str) -> None:
    assert ask(check).verdict == "ok"
    found = ask(check, DIFFERS[check])
    assert found.verdict == ("info" if check in INFOS else "warning")
    assert "cp2" in found.seen and found.why
    for other in ("cp2", "wk1"):
        assert ask(check, host=other, others={"cp1": DIFFERS[check]}).verdict == "ok"


@pytest.mark.parametrize("check", BY_ROLE)
def test_roles_may_differ(check: str) -> None:
    workers = dict.fromkeys(("wk1", "wk2"), DIFFERS[check])
    assert ask(check, host="wk1", others=workers).verdict == "ok"
    assert ask(check, others=workers).verdict == "ok"


def test_architectures_are_compared_across_roles() -> None:
    others: dict[str, Changes] = {"wk2": {"arch": "aarch64"}}
    assert ask("fleet.arch", {"arch": "aarch64"}, host="wk1", others=others).verdict == "warning"


def test_where_no_value_is_the_most_frequent_each_is_told() -> None:
    told = {"kernel.release": "6.12.0-1"}
    for host, other in (("wk1", "wk2"), ("wk2", "wk1")):
        found = ask("fleet.kernel", {"kernel.release": f"{host}"}, host=host, others={other: told})
        assert found.verdict == "warning" and "6.12.0-1" in found.seen


def test_containerd_is_compared_where_it_is_there() -> None:
    assert ask("fleet.containerd", {"containerd.version": None}).verdict == "skipped"
    one = {"containerd.version": "1.7.2"}
    assert ask("fleet.containerd", one).verdict == "ok"
    two = {"containerd.version": "1.6.20"}
    assert ask("fleet.containerd", one, others={"cp2": two, "cp3": two}).verdict == "warning"


@pytest.mark.parametrize("check", ["fleet.arch", "fleet.kernel", "fleet.cgroup"])
def test_what_a_host_did_not_tell_is_skipped(check: str) -> None:
    keys = dict.fromkeys(DIFFERS[check])
    assert ask(check, keys).verdict == "skipped"
    assert ask(check, others={"cp2": keys}).verdict == "ok"
    assert ask("fleet.mtu", {"address": None}).verdict == "skipped"
    assert ask("fleet.proxy", {"proxy.asked": None}).verdict == "skipped"


def test_the_clusters_proxy_is_the_same_everywhere() -> None:
    cluster = spec(supply={"proxy": {"https": "http://proxy.lan:3128"}})
    assert ask("fleet.proxy", DIFFERS["fleet.proxy"], cluster=cluster).verdict == "ok"


def test_a_time_zone_is_set_by_a_quoted_command() -> None:
    zone: Changes = {"time.zone": "$(reboot)"}
    others = dict.fromkeys(("cp2", "cp3", "wk1"), zone)
    found = ask("fleet.time-zone", others=others)
    assert found.fix_with == "timedatectl set-timezone '$(reboot)'"


def test_a_fleet_in_which_everybody_differs_is_told_in_few_words() -> None:
    hosts = [
        {"name": f"wk{n}", "address": f"10.30.1.{n}", "roles": ["worker"]} for n in range(1, 31)
    ]
    cluster = spec(hosts=PLANES + hosts)
    others: dict[str, Changes] = {f"wk{n}": {"kernel.release": f"6.1.{n}"} for n in range(1, 31)}
    found = ask("fleet.kernel", host="wk9", cluster=cluster, others=others)
    assert "27 other values" in found.seen and len(found.seen) < 200


def labelled(key: str, *values: str) -> ClusterSpec:
    hosts: list[dict[str, Any]] = [
        {**plane, "labels": {key: value}} for plane, value in zip(PLANES, values, strict=True)
    ]
    return spec(hosts=hosts + WORKERS, profile="production")


@pytest.mark.parametrize(
    ("racks", "verdict"),
    [(("a", "b", "c"), "ok"), (("a", "a", "b"), "warning"), (("a", "a", "a"), "warning")],
)
def test_a_domain_must_not_hold_a_majority(racks: tuple[str, ...], verdict: str) -> None:
    for key in ("rack", "topology.kubernetes.io/zone"):
        found = ask("fleet.domains", cluster=labelled(key, *racks))
        assert found.verdict == verdict
        if verdict == "warning":
            assert f"{key}=a" in found.seen and "cp2" in found.seen


def test_who_is_in_a_domain_alone_is_fine() -> None:
    assert ask("fleet.domains", host="cp3", cluster=labelled("rack", "a", "a", "b")).verdict == "ok"


@pytest.mark.parametrize(("profile", "verdict"), [("production", "warning"), ("test", "info")])
def test_containers_of_one_machine_die_together(profile: str, verdict: str) -> None:
    told: Changes = {"virt": "systemd-nspawn", "boot-id": "b1"}
    cluster = spec(profile=profile)
    found = ask("fleet.domains", told, cluster=cluster, others={"cp2": told})
    assert found.verdict == verdict and "cp1, cp2" in found.seen
    away: Changes = {"virt": "systemd-nspawn", "boot-id": "b2"}
    apart = {"cp2": away, "cp3": {"virt": "systemd-nspawn", "boot-id": "b3"}}
    assert ask("fleet.domains", told, cluster=cluster, others=apart).verdict == "ok"


@pytest.mark.parametrize(
    ("serial", "verdict"),
    [
        ("CZ1234ABCD", "warning"),
        ("Not Specified", "skipped"),
        ("Default string", "skipped"),
        ("0000000000", "skipped"),
        ("To be filled by O.E.M.", "skipped"),
        ("None", "skipped"),
    ],
)
def test_blades_of_one_chassis_die_together(serial: str, verdict: str) -> None:
    told: Changes = {"virt": "none", "chassis.serial": serial}
    assert ask("fleet.domains", told, others={"cp3": told}).verdict == verdict
    guest: Changes = {"virt": "kvm", "chassis.serial": serial}
    assert ask("fleet.domains", guest, others={"cp3": guest}).verdict == "skipped"


def test_two_balancers_need_two_machines() -> None:
    told: Changes = {"virt": "lxc", "boot-id": "b1"}
    cluster = shapes()["dedicated-lb"].model_copy(update={"profile": "production"})
    found = ask("fleet.domains", told, host="lb1", cluster=cluster, others={"lb2": told})
    assert found.verdict == "warning" and "2 of 2 balancers" in found.seen


@pytest.mark.parametrize(("members", "may"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (7, 3)])
def test_how_many_may_fail(members: int, may: int) -> None:
    assert tolerated(members) == may


def test_the_quorum_is_told_once() -> None:
    found = ask("fleet.quorum")
    assert (found.verdict, found.seen) == ("info", "3 members of etcd: 1 may fail, 2 must run")
    single = ask("fleet.quorum", cluster=shapes()["single"])
    assert single.seen == "1 member of etcd: none may fail, 1 must run"

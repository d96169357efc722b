"""Checks of the network: what a host tells → what is said of it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks import Look, names, network, network_managers, virtual_address
from tests.unit.checks import ask, fleet, must_say
from tests.unit.specs import shapes, spec

PRODUCTION = spec(profile="production")
TEST = spec(profile="test")
CALICO = spec(profile="production", network={"cni": {"kind": "calico"}})
BRIDGE = shapes()["ipvs"]
ALL = (*network.CHECKS, *names.CHECKS, *virtual_address.CHECKS, *network_managers.CHECKS)
LOCAL = {
    "packages": {"mirror": "http://10.0.0.5/apt/", "unsigned": True},
    "images": {"registries": {"registry.k8s.io": "http://10.0.0.5:5000"}},
}
OFFLINE = spec(profile="production", supply=LOCAL)
OWN = "eth0 10.30.0.11/24 "
HERE = ["lo UNKNOWN 65536 - loopback", "eth0 UP 1500 52:54:00:00:00:01 -"]
ANSWER, COMMAND = "answer", "command"


@pytest.mark.parametrize("cluster", shapes().values(), ids=shapes())
@pytest.mark.parametrize("profile", ["test", "production"])
def test_a_healthy_host_passes(cluster: ClusterSpec, profile: str) -> None:
    cluster = cluster.model_copy(update={"profile": profile})
    evidence = fleet(cluster)
    for host in cluster.hosts:
        look = Look(cluster, host, evidence)
        found = [check.finding(look) for check in ALL if check.on(cluster, host)]
        assert {(f.check, f.verdict) for f in found} == {(f.check, "ok") for f in found}
        assert all(f.seen for f in found)


NOTHING = (
    "link", "link.speed", "address", "route4", "route6", "resolver", "dns.server", "dns.lookup",
    "own.name", "nsswitch", "vip.route", "vip.holder", "unit",
)  # fmt: skip


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_host_that_tells_nothing_is_not_judged(check: Any) -> None:
    found = ask(check.id, dict.fromkeys(NOTHING), cluster=CALICO)
    expected = "info" if check.id == "network.own-name" else "skipped"
    assert found.verdict == expected
    assert found.seen


def route(*lines: str) -> dict[str, object]:
    return {"route4": list(lines)}


DEFAULT = "default via 10.30.0.1 dev eth0 proto static"
SAID: list[tuple[str, dict[str, object], str, str]] = [
    ("network.address", {"address": "eth0 10.30.0.99/24 static"}, "blocked", "eth0 10.30.0.99/24"),
    ("network.address", {"address": "eth0 10.30.0.111/24 static"}, "blocked", "10.30.0.111"),
    ("network.address", {"address": f"{OWN} static,dadfailed"}, "blocked", "another host"),
    ("network.address", {"address": f"{OWN} static,secondary"}, "warning", "secondary"),
    ("network.address", {"address": f"{OWN} dynamic,deprecated"}, "warning", "deprecated"),
    ("network.address", {"address": ["garbage", "eth0 nonsense static"]}, "skipped", "ip"),
    ("network.interface", {"link": "eth0 DOWN 1500 52:54:00:00:00:01 -"}, "blocked", "DOWN"),
    ("network.interface", {"link": "eth0 LOWERLAYERDOWN 1500 - vlan"}, "blocked", "LOWER"),
    ("network.interface", {"link": "eth1 UP 1500 52:54:00:00:00:01 -"}, "blocked", "eth1"),
    ("network.interface", {"link": "eth0 UNKNOWN 1500 - -"}, "ok", "eth0"),
    ("network.static", {"address": f"{OWN} dynamic"}, "blocked", "handed out"),
    ("network.static",
     route("default via 10.30.0.1 dev eth0 proto dhcp src 10.30.0.11 metric 100"), "blocked",
     "handed out"),
    ("network.static", route("default via 10.30.0.1 dev eth0 proto dhcp src 10.30.0.119"), "ok",
     "stays"),
    ("network.static", {"address": f"{OWN} dynamic", "vendor": "Amazon EC2"}, "info", "Amazon"),
    ("network.static", {"address": f"{OWN} dynamic", "vendor": "Dell Inc."}, "blocked", "handed"),
    ("network.route", route("10.30.0.0/24 dev eth0"), "blocked", "no default"),
    ("network.route", route(f"{DEFAULT} metric 100", "default via 1.2.3.4 dev eth1 metric 200"),
     "ok", "eth0"),
    ("network.route", route(f"{DEFAULT} metric 200", "default via 1.2.3.4 dev eth1 metric 100"),
     "warning", "is on eth0"),
    ("network.route", route("default nexthop via 1.1.1.1 dev eth0 nexthop via 2.2.2.2 dev eth1"),
     "warning", "equal metrics on eth0 and eth1"),
    ("network.route", route(f"{DEFAULT} linkdown"), "blocked", "no default"),
    ("network.route", route("unreachable default metric 4278198272"), "blocked", "no default"),
    ("network.route", route("default via 10.30.0.1 dev eth0 table 100"), "blocked", "no default"),
    ("network.route", route("default via 10.30.0.1 dev eth0 table main"), "ok", "main"),
    ("network.speed", {"link.speed": "eth0 1000 full"}, "ok", "1000"),
    ("network.speed", {"link.speed": "eth0 999 full"}, "warning", "999"),
    ("network.speed", {"link.speed": "eth0 1001 half"}, "warning", "half"),
    ("network.speed", {"link.speed": "eth0 many full"}, "skipped", "driver"),
    ("network.name-sources", {"nsswitch": "dns"}, "blocked", "hosts: dns"),
    ("network.name-sources", {"nsswitch": "dns files"}, "warning", "dns files"),
    ("network.name-sources", {"nsswitch": "mymachines resolve [!UNAVAIL=return] files dns"}, "ok",
     "files"),
    ("network.resolver", {"resolver": "file /etc/resolv.conf"}, "warning", "CoreDNS"),
    ("network.resolver", {"resolver": "nameserver 127.0.0.1"}, "blocked", "127.0.0.1"),
    ("network.resolver", {"resolver": ["nameserver 127.0.0.53", "upstream 10.0.0.53"]}, "ok",
     "asks 10.0.0.53"),
    ("network.resolver", {"resolver": ["nameserver 127.0.0.53", "upstream 127.0.0.1"]}, "blocked",
     "127.0.0.53"),
    ("network.resolver", {"resolver": ["nameserver 127.0.0.1", "nameserver 10.0.0.53"]}, "ok",
     "10.0.0.53"),
    ("network.resolver", {"resolver": [f"nameserver 10.0.0.{n}" for n in (1, 2, 3)]}, "ok", "0.3"),
    ("network.resolver", {"resolver": [f"nameserver 10.0.0.{n}" for n in (1, 2, 3, 4)]}, "warning",
     "4 name servers"),
    ("network.resolver",
     {"resolver": ["nameserver 10.0.0.1", "search " + " ".join("abcdefghijklmnopqrstuvwxyzabc")]},
     "ok", "10.0.0.1"),
    ("network.resolver",
     {"resolver": ["nameserver 10.0.0.1", "search " + " ".join("abcdefghijklmnopqrstuvwxyzabcd")]},
     "warning", "30 search domains"),
    ("network.name-servers", {"dns.server": ["10.0.0.1 silent", "10.0.0.2 answers"]}, "warning",
     "10.0.0.1 silent"),
    ("network.name-servers", {"dns.server": "10.0.0.1 unreachable", "dns.lookup": None}, "blocked",
     "unreachable"),
    ("network.name-servers", {"dns.server": "10.0.0.1 silent"}, "warning", "silent"),
    ("network.lookup", {"dns.lookup": "pkgs.k8s.io none 0.006"}, "blocked", "unknown"),
    ("network.lookup", {"dns.lookup": "pkgs.k8s.io timeout 8.0"}, "blocked", "no answer"),
    ("network.lookup", {"dns.lookup": "pkgs.k8s.io found 0.999"}, "ok", "0.999"),
    ("network.lookup", {"dns.lookup": "pkgs.k8s.io found 1.0"}, "warning", "1.0 s"),
    ("network.lookup", {"dns.lookup": "pkgs.k8s.io found soon"}, "skipped", "long"),
    ("network.vip", {"vip.route": "10.30.0.100 via 10.30.0.1 dev eth0 src 10.30.0.11"}, "blocked",
     "via"),
    ("network.vip", {"vip.route": "10.30.0.100 dev eth1 src 10.40.0.11 uid 0"}, "blocked", "eth1"),
    ("network.vip", {"vip.route": "RTNETLINK answers: Network is unreachable"}, "blocked", "unrea"),
    ("network.vip", {"vip.route": "local 10.30.0.100 dev lo src 10.30.0.100 uid 0"}, "ok", "this"),
    ("network.vip-free", {"vip.holder": "aa:aa"}, "blocked", "aa:aa"),
    ("network.vip-free", {"vip.holder": "aa:aa", "vip.peer": ["10.30.0.12 bb:bb", "10.30.0.13"]},
     "blocked", "aa:aa"),
    ("network.vip-free",
     {"vip.holder": "aa:aa", "vip.peer": ["10.30.0.12 bb:bb", "10.30.0.13 aa:aa"]}, "ok",
     "by 10.30.0.13"),
    ("network.vip-free", {"vip.route": "local 10.30.0.100 dev lo", "vip.holder": None}, "ok",
     "this host"),
    ("network.vip-free", {"vip.route": "10.30.0.100 via 10.30.0.1 dev eth0"}, "skipped", "ask"),
    ("network.manager", {"unit": "NetworkManager active enabled"}, "warning", "flannel*"),
    ("network.manager", {"unit": "NetworkManager inactive disabled"}, "ok", "not run"),
    ("network.manager", {"unit": "NetworkManager active enabled",
                         "nm.unmanaged": "interface-name:flannel*;interface-name:cni*"}, "ok",
     "alone"),
    ("network.manager", {"unit": "NetworkManager active enabled",
                         "nm.unmanaged": "interface-name:flannel*"}, "warning", "cni*"),
    ("network.cloud-setup", {"unit": ["nm-cloud-setup inactive disabled",
                                      "nm-cloud-setup.timer active enabled"]}, "blocked", "timer"),
    ("network.cloud-setup", {"unit": "nm-cloud-setup inactive disabled"}, "ok", "not in use"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "verdict", "seen"), SAID)
def test_what_is_said_of_a_host(check: str, facts: Any, verdict: str, seen: str) -> None:
    must_say(check, facts, verdict, seen)


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        ("network.static", {"address": f"{OWN} dynamic"}),
        ("network.route", route("10.30.0.0/24 dev eth0")),
        ("network.resolver", {"resolver": "nameserver 127.0.0.1"}),
        ("network.lookup", {"dns.lookup": "pkgs.k8s.io none 0.006"}),
    ],
)
def test_what_stops_production_is_worth_a_look_in_a_test(check: str, facts: Any) -> None:
    assert ask(check, facts).verdict == "blocked"
    assert ask(check, facts, cluster=TEST).verdict == "warning"


def test_interfaces_of_an_own_pod_network_are_not_known() -> None:
    facts = {"unit": "NetworkManager active enabled"}
    own = spec(network={"cni": {"kind": "none"}})
    assert ask("network.manager", facts, cluster=own).verdict == "skipped"


def test_network_manager_is_told_by_haui_for_calico() -> None:
    found = ask("network.manager", {"unit": "NetworkManager active enabled"}, cluster=CALICO)
    assert (found.verdict, found.fix_kind, found.fix_with) == ("info", "haui", "network.unmanaged")


def test_a_slow_link_is_only_told_in_a_test() -> None:
    assert ask("network.speed", {"link.speed": "eth0 100 full"}, cluster=TEST).verdict == "info"


def test_workers_may_have_an_address_for_a_time() -> None:
    facts = {"address": "eth0 10.30.0.21/24 dynamic"}
    assert ask("network.static", facts, host="wk1").verdict == "warning"


def test_the_named_interface_must_exist() -> None:
    asked = spec(
        hosts=[{**h.model_dump(), "interface": "ens9"} for h in PRODUCTION.hosts],
        profile="production",
    )
    found = ask("network.interface", {"link": HERE}, cluster=asked)
    assert (found.verdict, found.fix_kind, found.fix_with) == ("blocked", ANSWER, "hosts")
    assert "no interface ens9" in found.seen


def test_a_virtual_address_on_another_interface_than_the_asked_one() -> None:
    asked = shapes()["kube-vip-1.28"]
    facts = {"vip.route": "10.30.0.100 dev eth0 src 10.30.0.11 uid 0"}
    assert ask("network.vip", facts, cluster=asked).verdict == "blocked"


def test_an_address_that_routers_learn_is_not_looked_for() -> None:
    bgp, workers = shapes()["kube-vip-bgp"], shapes()["kube-vip"]
    for check in virtual_address.CHECKS:
        assert not check.on(bgp, bgp.host("cp1"))
        assert check.on(workers, workers.host("cp1"))
        assert not check.on(workers, workers.host("wk1"))


def test_without_a_default_route_mirrors_and_the_services_count() -> None:
    none = route("10.30.0.0/24 dev eth0")
    covered = route("10.30.0.0/24 dev eth0", "10.0.0.0/8 dev eth0")
    assert ask("network.route", none, cluster=OFFLINE).verdict == "warning"
    assert ask("network.route", covered, cluster=OFFLINE).verdict == "info"
    assert ask("network.route", covered).verdict == "blocked"
    balancers = shapes()["dedicated-lb"].model_copy(
        update={"supply": OFFLINE.supply, "profile": "production"}
    )
    assert ask("network.route", none, host="cp1", cluster=balancers).verdict == "warning"
    lb = {**route("10.30.0.0/24 dev eth0")}
    assert ask("network.route", lb, host="lb1", cluster=balancers).verdict == "info"


@pytest.mark.parametrize(
    ("cluster", "facts", "verdict"),
    [
        (BRIDGE, {}, "warning"),
        (BRIDGE, {"networkd": "ManageForeignRoutes=no"}, "ok"),
        (BRIDGE, {"networkd": ["ManageForeignRoutes=no", "ManageForeignRoutes=yes"]}, "warning"),
        (CALICO, {}, "warning"),
    ],
)
def test_networkd_removes_routes(cluster: ClusterSpec, facts: Any, verdict: str) -> None:
    on = {"unit": "systemd-networkd active enabled", **facts}
    found = ask("network.networkd", on, cluster=cluster)
    assert (found.verdict, found.fix_kind == COMMAND) == (verdict, verdict == "warning")
    off = {"unit": "systemd-networkd inactive disabled"}
    assert ask("network.networkd", off, cluster=cluster).verdict == "ok"


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        ("network.name-sources", {"nsswitch": "dns"}),
        ("network.manager", {"unit": "NetworkManager active enabled"}),
        ("network.cloud-setup", {"unit": "nm-cloud-setup active enabled"}),
    ],
)
def test_commands_are_shell(check: str, facts: Any) -> None:
    found = ask(check, facts)
    assert found.fix_kind == COMMAND
    assert shlex.split(found.fix_with)

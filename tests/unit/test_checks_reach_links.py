"""What latency, packets of full size, balancers, routers and other virtual routers mean."""

from __future__ import annotations

from typing import Any

import pytest

from haui.evidence import Reading
from steps.checks import BY_ID, Look
from steps.checks.dialled import LISTEN, REACH
from steps.checks.reach_outside import free_id
from tests.unit.checks import Changes, ask, fleet
from tests.unit.specs import shapes, spec

PEER = "cp2 10.30.0.12"


@pytest.mark.parametrize(
    ("got", "average", "verdict"),
    [
        (50, "0.41", "ok"),
        (50, "9.99", "ok"),
        (50, "10.0", "warning"),
        (50, "100.0", "warning"),
        (50, "100.1", "blocked"),
        (49, "0.41", "warning"),
        (48, "0.41", "blocked"),
        (0, "-", "skipped"),
    ],
)
def test_latency(got: int, average: str, verdict: str) -> None:
    found = ask("fleet.latency", {"ping": f"{PEER} 50 {got} {average} 200"}, step=REACH)
    assert found.verdict == verdict
    if verdict in ("warning", "blocked"):
        assert found.seen.startswith(f"cp2: {float(average):.1f} ms") and found.fix


def test_the_worst_pair_counts() -> None:
    rows = [f"{PEER} 50 50 0.4 1", "cp3 10.30.0.13 50 50 120 180"]
    found = ask("fleet.latency", {"ping": rows}, step=REACH)
    assert (found.verdict, found.seen) == ("blocked", "cp3: 120.0 ms")


@pytest.mark.parametrize(
    ("row", "mtu", "verdict", "said"),
    [
        (f"{PEER} 1500 passed 1500 eth0", None, "ok", "1500 bytes arrive"),
        (f"{PEER} 1500 failed 1450 eth0", None, "blocked", "1500 bytes from eth0 do not arrive"),
        (f"{PEER} 1500 failed 1450 eth0", 1400, "warning", "small enough"),
        (f"{PEER} 1500 failed 1450 eth0", 1401, "blocked", "1450 do"),
        (f"{PEER} 1500 failed 0 eth0", None, "blocked", "1280 neither"),
        (f"{PEER} 1500 unanswered 0 eth0", None, "skipped", "drop ICMP"),
        (f"{PEER} - unknown 0 -", None, "skipped", "drop ICMP"),
    ],
)
def test_packets_of_full_size(row: str, mtu: int | None, verdict: str, said: str) -> None:
    cluster = spec(network={"cni": {"kind": "flannel", "mtu": mtu}})
    found = ask("fleet.path-mtu", {"size": row}, step=REACH, cluster=cluster)
    assert (found.verdict, said in found.seen) == (verdict, True), found


def test_the_mtu_to_set_is_that_of_the_path_without_the_overlay() -> None:
    rows = [f"{PEER} 1500 failed 1450 eth0", "wk1 10.30.0.21 1500 failed 1400 eth0"]
    found = ask("fleet.path-mtu", {"size": rows}, step=REACH)
    assert "network.cni.mtu to 1350" in found.fix
    assert (found.fix_kind, found.fix_with) == ("answer", "cluster")
    six = ask(
        "fleet.path-mtu", {"size": "cp2 fd00::2 1500 failed 1400 e"}, step=REACH,
        cluster=shapes()["ipv6"],
    )  # fmt: skip
    assert "network.cni.mtu to 1330" in six.fix


@pytest.mark.parametrize("check", ["fleet.latency", "fleet.path-mtu"])
def test_without_ping_it_says_so(check: str) -> None:
    found = ask(check, {"needs": "ping"}, step=REACH)
    assert (found.verdict, found.seen) == ("skipped", "needs ping on the host")


WHERE = "endpoint: api.atlas.lan 6443"


@pytest.mark.parametrize(
    ("said", "verdict", "seen"),
    [
        ("open haui atlas cp2 6443", "ok", "leads to cp2"),
        ("open haui atlas cp2", "ok", "leads to cp2"),
        ("open haui other cp2 6443", "blocked", "somebody else"),
        ("open haui atlas wk1 6443", "blocked", "somebody else"),
        ("open SSH-2.0-x", "blocked", "somebody else"),
        ("dropped -", "blocked", "something drops it"),
        ("rejected -", "blocked", "a firewall"),
        ("absent -", "blocked", "nobody in the network"),
        ("refused -", "info", "refuses connections"),
        ("closed -", "info", "accepts and closes"),
        ("silent -", "warning", "nothing comes through"),
        ("unresolved -", "skipped", "is not known"),
        ("failed -", "skipped", "could not be dialled"),
    ],
)
def test_a_balancer_of_the_admins_own(said: str, verdict: str, seen: str) -> None:
    cluster = shapes()["external-balancer"]
    found = ask("fleet.balancer", {"dial": f"{WHERE} {said}"}, step=REACH, cluster=cluster)
    assert (found.verdict, seen in found.seen) == (verdict, True), found


def test_a_silent_balancer_is_no_trouble_while_nobody_listens_behind_it() -> None:
    cluster = shapes()["external-balancer"]
    evidence = fleet(cluster, {"wk1": {"dial": f"{WHERE} silent -"}}, REACH)
    evidence.keep(LISTEN, "cp3", Reading("listener\tnone\nend\tok\n"))
    found = BY_ID["fleet.balancer"].finding(Look(cluster, cluster.host("wk1"), evidence))
    assert found.verdict == "info"


ROUTERS = ("router: 10.30.0.1 179", "router: 10.30.0.2 179")


@pytest.mark.parametrize(
    ("first", "second", "verdict", "seen"),
    [
        ("silent", "closed", "ok", "10.30.0.1 accepts; 10.30.0.2 accepts"),
        ("silent", "refused", "warning", "10.30.0.2: refused"),
        ("refused", "dropped", "blocked", "10.30.0.2: no answer"),
        ("unreachable", "silent", "blocked", "10.30.0.1: this host has no route"),
    ],
)
def test_routers(first: str, second: str, verdict: str, seen: str) -> None:
    rows = [f"{ROUTERS[0]} {first} -", f"{ROUTERS[1]} {second} -"]
    cluster = shapes()["kube-vip-bgp"]
    found = ask("fleet.bgp", {"dial": rows}, step=REACH, cluster=cluster)
    assert (found.verdict, seen in found.seen) == (verdict, True), found


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        (("dropped", "dropped", "absent"), "ok"),
        (("unreachable", "rejected", "dropped"), "ok"),
        (("refused", "dropped", "dropped"), "blocked"),
        (("dropped", "silent", "dropped"), "blocked"),
    ],
)
def test_an_address_that_routers_are_to_learn(results: tuple[str, ...], verdict: str) -> None:
    ports = (22, 443, 6443)
    rows = [f"virtual: 192.0.2.10 {p} {r} -" for p, r in zip(ports, results, strict=True)]
    cluster = shapes()["kube-vip-bgp"]
    found = ask("fleet.routed-address", {"dial": rows}, step=REACH, cluster=cluster)
    assert found.verdict == verdict


def test_an_address_that_this_cluster_announces_already_is_ours() -> None:
    cluster = shapes()["kube-vip-bgp"]
    evidence = fleet(cluster, {"cp1": {"dial": "virtual: 192.0.2.10 6443 silent -"}}, REACH)
    held = fleet(cluster, {"cp2": {"address": "lo 192.0.2.10/32 static"}})
    evidence.readings["preflight.facts"] = held.readings["preflight.facts"]
    found = BY_ID["fleet.routed-address"].finding(Look(cluster, cluster.host("cp1"), evidence))
    assert (found.verdict, found.seen) == ("ok", "held by this cluster: cp2")


VIP = "10.30.0.100"


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        (None, "ok", "nobody else with id 100 on eth0 in 6 s"),
        ("51 10.30.0.9 224.0.0.18 2 100 10.30.0.200", "ok", "in use: 51"),
        (f"100 10.30.0.12 10.30.0.11 2 200 {VIP}", "ok", "in use: 100"),
        ("100 10.30.0.9 224.0.0.18 3 100 10.30.0.200", "blocked", "10.30.0.9 speaks with id 100"),
        ("100 10.30.0.9 224.0.0.18 3 100 -", "blocked", "10.30.0.9 speaks with id 100"),
        ("100 10.30.0.12 224.0.0.18 2 90 10.30.0.200", "blocked", "cp2 speaks with id 100"),
        (f"7 10.30.0.9 224.0.0.18 2 90 10.30.0.5,{VIP}", "blocked", "10.30.0.9 speaks with id 7"),
    ],
)
def test_other_virtual_routers(row: str | None, verdict: str, said: str) -> None:
    found = ask("fleet.vrrp", {"vrrp": row}, step=REACH)
    assert (found.verdict, said in found.seen) == (verdict, True), found


def test_a_free_router_id_is_proposed() -> None:
    rows = [f"{number} 10.30.0.9 224.0.0.18 2 100 10.30.0.200" for number in (100, 101)]
    found = ask("fleet.vrrp", {"vrrp": rows}, step=REACH)
    assert "endpoint.virtual_router_id to 102" in found.fix
    assert (found.fix_kind, found.fix_with) == ("answer", "endpoint")
    assert free_id(255, [255, 1]) == 2
    assert free_id(3, list(range(1, 256))) == 3


def test_the_asked_router_id_counts() -> None:
    endpoint: dict[str, Any] = {
        "kind": "keepalived-nginx", "name": "api.x", "vip": VIP, "port": 8443,
        "virtual_router_id": 51,
    }  # fmt: skip
    rows: Changes = {"vrrp": "51 10.30.0.9 224.0.0.18 2 100 10.30.0.200"}
    assert ask("fleet.vrrp", rows, step=REACH).verdict == "ok"
    other = spec(endpoint=endpoint)
    assert ask("fleet.vrrp", rows, step=REACH, cluster=other).verdict == "blocked"


def test_who_could_not_listen_for_virtual_routers_says_why() -> None:
    why = "needs python3 or tcpdump on the host"
    found = ask("fleet.vrrp", {"vrrp.listened": None, "vrrp.why": why}, step=REACH)
    assert (found.verdict, found.seen) == ("skipped", why)

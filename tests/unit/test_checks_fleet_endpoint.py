"""The endpoint seen from all hosts."""

from __future__ import annotations

import pytest

from haui.events import Finding
from steps.checks import BY_ID
from tests.unit.checks import Changes, ask
from tests.unit.specs import shapes, spec


def address(row: str, *more: str) -> Changes:
    return {"address": [row, *more]}


OTHERS: dict[str, Changes] = {
    "cp2": address("eth0 10.30.0.12/24 static"),
    "cp3": address("eth0 10.30.0.13/24 static"),
}


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (("eth0 10.30.0.11/24 static",), "ok"),
        (("eth0 10.30.0.11/24 static", "eth0 10.30.0.100/32 static"), "ok"),
        (("eth0 10.30.0.11/24 static", "eth0 10.30.0.100/25 static"), "ok"),
        (("eth0 10.30.0.11/24 static", "eth1 10.30.0.0/16 static"), "ok"),
        (("eth0 10.30.0.11/25 static",), "blocked"),
        (("eth0 10.30.0.11/16 static",), "blocked"),
        (("eth0 10.30.0.11/26 static",), "skipped"),
        (("eth0 10.30.0.11/32 static",), "skipped"),
        (("eth1 10.40.0.11/24 static",), "skipped"),
    ],
)
def test_carriers_have_one_network(rows: tuple[str, ...], verdict: str) -> None:
    found = ask("fleet.vip-segment", address(*rows), others=OTHERS)
    assert found.verdict == verdict, found.seen
    if verdict == "blocked":
        assert "10.30.0.0/24 on cp2, cp3" in found.seen
        other = ask(
            "fleet.vip-segment", host="cp2", others={"cp1": address(*rows), "cp3": OTHERS["cp3"]}
        )
        assert other.verdict == "blocked" and "cp1" in other.seen


def test_the_interface_of_the_cluster_file_is_the_one_that_carries() -> None:
    endpoint = {"kind": "keepalived-haproxy", "name": "api.x", "vip": "10.50.0.9", "port": 8443}
    cluster = spec(endpoint=endpoint | {"interface": "eth1"})
    rows = [address(f"eth0 10.30.0.1{n}/24 static", f"eth1 10.50.0.{n}/24 -") for n in (1, 2, 3)]
    others = {"cp2": rows[1], "cp3": rows[2]}
    found = ask("fleet.vip-segment", rows[0], cluster=cluster, others=others)
    assert found.verdict == "ok" and "10.50.0.0/24 on eth1" in found.seen


def test_only_who_announces_the_address_is_asked() -> None:
    check = BY_ID["fleet.vip-segment"]
    asked = {
        name: [host.name for host in cluster.hosts if check.on(cluster, host)]
        for name, cluster in shapes().items()
    }
    assert asked["stacked"] == asked["kube-vip"] == ["cp1", "cp2", "cp3"]
    assert asked["dedicated-lb"] == ["lb1", "lb2"]
    assert asked["kube-vip-bgp"] == asked["external-balancer"] == asked["single"] == []


@pytest.mark.parametrize(("bits", "verdict"), [(24, "ok"), (27, "ok"), (28, "blocked")])
def test_the_bridge_needs_all_nodes_beside_one_another(bits: int, verdict: str) -> None:
    cluster = spec(network={"cni": {"kind": "bridge"}})
    found = ask("fleet.segment", address(f"eth0 10.30.0.11/{bits} static"), cluster=cluster)
    assert found.verdict == verdict
    if verdict == "blocked":
        assert "wk1, wk2" in found.seen
    assert not BY_ID["fleet.segment"].on(spec(), spec().hosts[0])
    assert ask("fleet.segment", {"address": None}, cluster=cluster).verdict == "skipped"


@pytest.mark.parametrize(
    ("kind", "encapsulation", "verdict", "instead"),
    [
        ("flannel", "never", "blocked", "encapsulation across-subnets"),
        ("cilium", "never", "blocked", "encapsulation always"),
        ("calico", "never", "warning", "speak BGP"),
        ("flannel", "across-subnets", "", ""),
        ("calico", "always", "", ""),
    ],
)
def test_without_encapsulation_nodes_are_beside_one_another(
    kind: str, encapsulation: str, verdict: str, instead: str
) -> None:
    cluster = spec(network={"cni": {"kind": kind, "encapsulation": encapsulation}})
    assert BY_ID["fleet.segment"].on(cluster, cluster.hosts[0]) is bool(verdict)
    if verdict:
        near = ask("fleet.segment", address("eth0 10.30.0.11/24 static"), cluster=cluster)
        assert near.verdict == "ok"
        found = ask("fleet.segment", address("eth0 10.30.0.11/28 static"), cluster=cluster)
        assert found.verdict == verdict
        assert instead in found.fix


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (["10.30.0.100"], "ok"),
        (["10.30.0.11"], "info"),
        (["10.30.0.100", "10.30.0.12"], "info"),
        (["127.0.1.1"], "info"),
        (None, "info"),
    ],
)
def test_a_name_that_haui_writes_is_only_said(found: list[str] | None, verdict: str) -> None:
    said = ask("fleet.endpoint-name", {"endpoint.name": found})
    assert said.verdict == verdict
    assert said.fix_with == ("" if verdict == "ok" else "system.hosts")


def by_dns(*found: str, others: dict[str, Changes] | None = None) -> Finding:
    cluster = shapes()["external-balancer"]
    return ask(
        "fleet.endpoint-name", {"endpoint.name": list(found)}, cluster=cluster, others=others
    )


@pytest.mark.parametrize(
    ("found", "verdict", "said"),
    [
        (("198.51.100.7",), "ok", ""),
        (("10.30.0.11",), "blocked", "cp1"),
        (("10.30.0.12", "10.30.0.13"), "blocked", "cp2, cp3"),
        (("10.30.0.11", "10.30.0.12", "10.30.0.13"), "warning", "every control plane"),
        (("198.51.100.7", "10.30.0.21"), "blocked", "wk1"),
        (("127.0.1.1",), "blocked", "this host"),
        ((), "blocked", "no address"),
        (("nonsense",), "blocked", "no address"),
        (("198.51.100.8",), "blocked", "198.51.100.7 on cp2, cp3, wk1, wk2"),
    ],
)
def test_a_name_that_only_dns_knows(found: tuple[str, ...], verdict: str, said: str) -> None:
    answer = by_dns(*found)
    assert answer.verdict == verdict, answer.seen
    assert said in answer.seen


def test_hosts_that_do_not_find_the_name_are_their_own_trouble() -> None:
    nothing: Changes = {"endpoint.name": None}
    assert by_dns("198.51.100.7", others={"cp2": nothing}).verdict == "ok"


def test_hosts_that_were_not_asked_are_not_judged() -> None:
    assert ask("fleet.endpoint-name", {"endpoint.asked": None}).verdict == "skipped"

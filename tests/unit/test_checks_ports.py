"""Ports: which ones the cluster needs, who holds them, and what the kernel hands out itself."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks import CATALOGUE
from steps.checks.ports import ports
from steps.ports import node_ports
from tests.unit.checks import ask
from tests.unit.specs import shapes, spec

CLUSTER = spec(profile="production")
OURS = {"kubernetes.server": "https://api.atlas.lan:8443"}


def numbers(cluster: ClusterSpec, host: str) -> list[str]:
    return [port.shown for port in ports(cluster, cluster.host(host))]


def test_ports_follow_the_roles() -> None:
    node = ["8472/udp", "10248/tcp", "10249/tcp", "10250/tcp", "10256/tcp"]
    plane = ["6443/tcp", *node, "10257/tcp", "10259/tcp"]
    etcd = ["2379/tcp", "2380/tcp", "2381/tcp"]
    dedicated, external = shapes()["dedicated-lb"], shapes()["external-etcd"]
    assert numbers(dedicated, "lb1") == ["6443/tcp", "8404/tcp"]
    assert numbers(dedicated, "wk1") == node
    assert numbers(dedicated, "cp1") == etcd + plane
    assert numbers(external, "etcd1") == etcd
    assert set(numbers(external, "cp1")) == {*plane, "8443/tcp", "8404/tcp"}
    assert "2112/tcp" in numbers(shapes()["kube-vip"], "cp1")
    assert "2112/tcp" not in numbers(shapes()["kube-vip"], "wk1")
    assert "8404/tcp" not in numbers(shapes()["nginx"], "cp1")
    assert "8443/tcp" in numbers(shapes()["nginx"], "cp1")
    assert "10249/tcp" not in numbers(shapes()["no-kube-proxy"], "wk1")
    assert "8472/udp" not in numbers(shapes()["ipvs"], "wk1")
    calico = spec(network={"cni": {"kind": "calico"}})
    assert {"4789/udp", "9099/tcp"} <= set(numbers(calico, "wk1"))
    routed = spec(network={"cni": {"kind": "calico", "encapsulation": "never"}})
    assert set(numbers(routed, "wk1")) ^ set(numbers(calico, "wk1")) == {"179/tcp", "4789/udp"}
    alone = spec(network={"cni": {"kind": "cilium"}, "kube_proxy": "none"})
    assert {"8472/udp", "4240/tcp", "9234/tcp", "9879/tcp", "10256/tcp"} <= set(
        numbers(alone, "wk1")
    )


def held(*rows: str, **more: object) -> dict[str, object]:
    return {"listener": list(rows), "listeners": str(len(rows)), **more}


@pytest.mark.parametrize(
    ("facts", "verdict", "seen"),
    [
        ({}, "ok", "all 13 free"),
        (held(), "ok", "free"),
        (held("tcp * 6443 nginx 7"), "blocked", "6443/tcp (API server) by nginx (pid 7)"),
        (held("tcp 127.0.0.1 10249 node_exporter 9"), "blocked", "node_exporter (pid 9) on 127"),
        (held("tcp 0.0.0.0 10250 - -"), "blocked", "an unnamed process"),
        (held("tcp * 16443 nginx 7", "tcp * 644 nginx 7", "udp * 6443 x 1"), "ok", "free"),
        (held("tcp * 6443 kube-apiserver 3", "tcp * 10257 kube-controller 4"), "ok", "6443/tcp by"),
        (held("tcp * 10250 kube-apiserver 3"), "blocked", "10250"),
        (held("udp 0.0.0.0 8472 - -"), "blocked", "8472/udp"),
        (held("udp 0.0.0.0 8472 - -", **OURS), "ok", "8472/udp by the kernel"),
        (held("tcp 0.0.0.0 10250 - -", **OURS), "blocked", "10250"),
        (held("tcp * 8443 haproxy 5", "tcp 127.0.0.1 8404 haproxy 5"), "ok", "8443/tcp by haproxy"),
        (held("tcp * 8443 nginx 5"), "blocked", "8443/tcp (API endpoint)"),
        (held("tcp 10.30.0.11 2379 etcd 5", "tcp * 2381 etcd 5"), "ok", "2379/tcp by etcd"),
        (held("tcp 10.30.0.11 6443 haui-probe 5"), "ok", "6443/tcp by a listener of haui's"),
        (held("garbage", "tcp * - - -"), "ok", "free"),
        ({"listeners": None, "listener": None}, "skipped", "ss"),
    ],
)  # fmt: skip
def test_who_holds_the_ports(facts: Any, verdict: str, seen: str) -> None:
    found = ask("ports.free", facts)
    assert found.verdict == verdict, found
    assert seen in found.seen
    assert verdict != "blocked" or (found.fix and found.expected and found.why)


@pytest.mark.parametrize(
    ("shape", "row"), [("nginx", "tcp * 8443 nginx 5"), ("kube-vip", "tcp * 2112 kube-vip 5")]
)
def test_what_listens_for_the_endpoint_is_ours_by_its_kind(shape: str, row: str) -> None:
    assert ask("ports.free", held(row), cluster=shapes()[shape]).verdict == "ok"
    other = held(row.replace("nginx", "haproxy").replace("kube-vip", "haproxy"))
    assert ask("ports.free", other, cluster=shapes()[shape]).verdict == "blocked"


@pytest.mark.parametrize(
    ("first_last", "reserved", "verdict", "seen"),
    [
        ("32768 60999", None, "ok", "32768"),
        ("32767 60999", None, "warning", "30000-32767 in it"),
        ("1024 65535", None, "warning", "2379"),
        ("1024 65535", "1024-40000", "ok", "1024"),
        ("10000 30000", "10248-10259", "warning", "30000-32767"),
        ("10000 30000", "10248-10259,30000", "ok", "10000"),
        ("30000 32767", "30000-31000,31001-32767", "ok", "30000"),
        ("30000 32767", "30000-31000,31002-32767", "warning", "30000"),
        ("33000 60999", "garbage", "ok", "33000"),
        ("garbage", None, "skipped", "kernel"),
    ],
)
def test_ports_of_outgoing_connections(
    first_last: str, reserved: str | None, verdict: str, seen: str
) -> None:
    found = ask("ports.range", {"port.range": first_last, "port.reserved": reserved})
    assert found.verdict == verdict, found
    assert seen in found.seen


def test_the_command_reserves_what_is_missing_and_keeps_what_is_there() -> None:
    found = ask("ports.range", {"port.range": "10200 65535", "port.reserved": "50000"})
    assert found.fix_kind == "command"
    words = shlex.split(found.fix_with)
    line = next(word for word in words if word.startswith("net.ipv4"))
    kept = line.partition(" = ")[2]
    assert kept.startswith("50000-50000,10248,")
    assert "30000-32767" in kept
    again = {"port.range": "10200 65535", "port.reserved": kept}
    assert ask("ports.range", again).verdict == "ok"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([{"name": "service-node-port-range", "value": "20000-20100"}], (20000, 20100)),
        ({"service-node-port-range": "20000-20100"}, (20000, 20100)),
        ({"service-node-port-range": "nonsense"}, (30000, 32767)),
        ([{"name": "v", "value": "2"}], (30000, 32767)),
    ],
)
def test_node_ports_of_the_admins_own(arguments: Any, wanted: tuple[int, int]) -> None:
    extra = {"ClusterConfiguration": {"apiServer": {"extraArgs": arguments}}}
    cluster = CLUSTER.model_copy(
        update={"advanced": CLUSTER.advanced.model_copy(update={"kubeadm": extra})}
    )
    assert node_ports(cluster) == wanted


ACTIVE = {"unit": ["haproxy active enabled", "keepalived active enabled"]}
FOREIGN = {"balancer.config": ["haproxy foreign", "keepalived absent", "nginx foreign"]}


@pytest.mark.parametrize(
    ("facts", "verdict", "seen"),
    [
        ({}, "ok", "haproxy: absent"),
        ({**ACTIVE, "balancer.config": ["haproxy haui", "keepalived haui"]}, "ok", "haui"),
        ({**ACTIVE, **FOREIGN}, "info", "haproxy has"),
        ({**ACTIVE, **FOREIGN, **held("tcp * 80 haproxy 5")}, "blocked", "haproxy is at work"),
        ({**ACTIVE, "balancer.config": "keepalived foreign"}, "blocked", "keepalived is at work"),
        ({"balancer.config": "keepalived foreign"}, "info", "keepalived"),
        ({**held("tcp * 80 nginx 5"), "balancer.config": "nginx foreign"}, "ok", "haproxy"),
    ],
)
def test_balancers_of_somebody_else(facts: Any, verdict: str, seen: str) -> None:
    found = ask("ports.balancer", facts)
    assert found.verdict == verdict, found
    assert seen in found.seen


def test_balancers_are_looked_at_where_haui_puts_some() -> None:
    check = next(c for c in CATALOGUE if c.id == "ports.balancer")
    dedicated = shapes()["dedicated-lb"]
    assert check.on(dedicated, dedicated.host("lb1"))
    assert not check.on(dedicated, dedicated.host("cp1"))
    nginx = shapes()["nginx"]
    facts = {**held("tcp * 80 nginx 5"), "balancer.config": "nginx foreign"}
    assert ask("ports.balancer", facts, cluster=nginx).verdict == "blocked"

"""Which ports are served and who dials them, in every shape of a cluster and on large fleets."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps import preflight_reach
from steps.checks import CATALOGUE, Look
from steps.checks.dialled import CLEAR, LISTEN, REACH
from steps.checks.paths import (
    ENDPOINT,
    ROUTER,
    VIRTUAL,
    latency_peers,
    outside,
    paths,
    served,
    size_peers,
)
from tests.unit.checks import fleet
from tests.unit.specs import BALANCERS, PLANES, WORKERS, shapes, spec


def ports(cluster: ClusterSpec, name: str) -> set[str]:
    return {f"{port}/{proto}" for proto, port in served(cluster, cluster.host(name))}


def ways(cluster: ClusterSpec, name: str, proto: str = "tcp") -> set[tuple[str, int]]:
    found = paths(cluster, cluster.host(name))
    return {(path.name, path.port) for path in found if path.proto == proto}


@pytest.mark.parametrize(
    ("shape", "host", "expected"),
    [
        ("stacked", "cp1", "6443/tcp 2379/tcp 2380/tcp 10250/tcp 8443/tcp 8472/udp"),
        ("stacked", "wk1", "10250/tcp 8472/udp"),
        ("single", "cp1", "6443/tcp 10250/tcp 8472/udp"),
        ("external-etcd", "cp1", "6443/tcp 10250/tcp 8443/tcp 8472/udp"),
        ("external-etcd", "etcd1", "2379/tcp 2380/tcp"),
        ("dedicated-lb", "lb1", "6443/tcp"),
        ("kube-vip", "cp1", "6443/tcp 2379/tcp 2380/tcp 10250/tcp 8472/udp"),
        ("ipvs", "wk1", "10250/tcp"),
    ],
)
def test_what_a_host_serves(shape: str, host: str, expected: str) -> None:
    assert ports(shapes()[shape], host) == set(expected.split())


def test_who_dials_whom() -> None:
    stacked = spec()
    for other in ("cp2", "cp3"):
        wanted = {(other, port) for port in (6443, 2379, 2380, 10250, 8443)}
        assert wanted == {way for way in ways(stacked, "cp1") if way[0] == other}
    assert {way for way in ways(stacked, "cp1") if "wk" in way[0]} == {
        ("wk1", 10250), ("wk2", 10250),
    }  # fmt: skip
    # A worker never talks to etcd or to another kubelet, but to every API server and the endpoint.
    assert ways(stacked, "wk1") == {(f"cp{n}", port) for n in (1, 2, 3) for port in (6443, 8443)}
    assert ways(stacked, "wk1", "udp") == {(n, 8472) for n in ("cp1", "cp2", "cp3", "wk2")}

    external = shapes()["external-etcd"]
    assert {w for w in ways(external, "cp1") if "etcd" in w[0]} == {
        (f"etcd{n}", 2379) for n in (1, 2, 3)
    }
    assert ways(external, "etcd1") == {(f"etcd{n}", p) for n in (2, 3) for p in (2379, 2380)}
    assert ways(external, "etcd1", "udp") == set()
    assert ways(shapes()["dedicated-lb"], "lb1") == {(f"cp{n}", 6443) for n in (1, 2, 3)}
    assert ("lb2", 6443) in ways(shapes()["dedicated-lb"], "wk1")


def test_whom_a_member_of_etcd_waits_for() -> None:
    def names(shape: str, host: str) -> list[str]:
        cluster = shapes()[shape]
        return [peer.name for peer in latency_peers(cluster, cluster.host(host))]

    assert names("stacked", "cp2") == ["cp1", "cp3"]
    assert names("stacked", "wk1") == names("single", "cp1") == []
    assert names("external-etcd", "cp1") == ["etcd1", "etcd2", "etcd3"]
    assert names("external-etcd", "etcd1") == ["etcd2", "etcd3"]
    external = shapes()["external-etcd"]
    assert "wk1" not in [h.name for h in size_peers(external, external.host("etcd1"))]


def test_what_is_no_host_of_the_cluster() -> None:
    def found(shape: str, host: str) -> list[tuple[str, str, int]]:
        cluster = shapes()[shape]
        ways = outside(cluster, cluster.host(host))
        return [(path.name, path.address, path.port) for path in ways]

    assert found("stacked", "cp1") == found("single", "cp1") == []
    assert found("external-balancer", "wk1") == [(ENDPOINT, "api.atlas.lan", 6443)]
    assert found("kube-vip-bgp", "cp1") == [
        (ROUTER, "10.30.0.1", 179),
        (ROUTER, "10.30.0.2", 179),
        *((VIRTUAL, "192.0.2.10", port) for port in (22, 443, 6443)),
    ]
    assert found("kube-vip-bgp", "wk1") == []
    assert found("sites", "wk1") == found("external-balancer", "wk1")
    sites = shapes()["sites"]
    ours = {(p.name, p.port) for p in paths(sites, sites.host("wk1")) if p.proto == "tcp"}
    assert ours == {(f"cp{n}", 6443) for n in (1, 2, 3)}
    known = spec(endpoint={"kind": "external", "name": "api.x", "vip": "10.30.0.9", "port": 443})
    way = outside(known, known.host("wk1"))[0]
    assert (way.name, way.address, way.port) == (ENDPOINT, "10.30.0.9", 443)


def large(workers: int) -> ClusterSpec:
    more: list[dict[str, Any]] = [
        {"name": f"wk{n}", "address": f"10.31.{n // 200}.{n % 200 + 1}", "roles": ["worker"]}
        for n in range(workers)
    ]
    return spec(hosts=PLANES + more)


def test_on_a_large_fleet_the_work_of_each_host_stays_in_bounds() -> None:
    cluster = large(100)
    dials = {host.name: paths(cluster, host) for host in cluster.hosts}
    assert len(dials["wk0"]) == 3 * 2 + 3 + 3
    assert [p.name for p in dials["wk99"] if p.proto == "udp"][3:] == ["wk0", "wk1", "wk2"]
    assert max(len(found) for found in dials.values()) <= 220
    # Every node is tried by every control plane and by as many neighbours.
    tried = [path.name for found in dials.values() for path in found if path.proto == "udp"]
    assert {tried.count(worker.name) for worker in cluster.workers} == {6}
    assert len(preflight_reach.plan(cluster, cluster.host("cp1"))) < 50_000


def test_a_small_fleet_tries_every_pair() -> None:
    cluster = large(5)
    assert len(size_peers(cluster, cluster.host("wk0"))) == 7


def test_the_plan_is_a_line_each() -> None:
    cluster = spec(endpoint={"kind": "external", "name": "api.x", "port": 443})
    lines = preflight_reach.plan(cluster, cluster.host("wk1")).decode().splitlines()
    assert lines[:2] == ["tcp cp1 10.30.0.11 6443", "udp cp1 10.30.0.11 8472"]
    assert "tcp endpoint: api.x 443" in lines
    assert lines[-1] == "size wk2 10.30.0.22"


def test_rehearsals_can_be_left_out() -> None:
    for step in preflight_reach.STEPS:
        assert step.on(spec(), spec().host("cp1"))
        assert not step.on(spec(preflight={"rehearsals": False}), spec().host("cp1"))


@pytest.mark.parametrize("shape", sorted(shapes()))
def test_healthy_hosts_pass_every_check_in_every_shape(shape: str) -> None:
    cluster = shapes()[shape]
    evidence = fleet(cluster)
    found = {
        (host.name, check.id): check.finding(Look(cluster, host, evidence)).verdict
        for host in cluster.hosts
        for check in CATALOGUE
        if check.step in (LISTEN, REACH, CLEAR) and check.on(cluster, host)
    }
    assert found and set(found.values()) == {"ok"}, found


def test_each_host_dials_only_what_the_other_serves() -> None:
    everything = [*shapes().values(), spec(hosts=PLANES + WORKERS + BALANCERS), large(20)]
    for cluster in everything:
        for host in cluster.hosts:
            for path in paths(cluster, host):
                assert path.name != host.name
                assert (path.proto, path.port) in served(cluster, cluster.host(path.name))

"""What a shape survives, what it takes, and what is locked."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.drawing import (
    LOCKED,
    QUORUM_TABLE,
    falls,
    hosts_needed,
    locked,
    quorum,
    quorum_text,
    shape_of,
    survives,
    tolerance,
)
from haui.spec import ClusterSpec
from tests.unit.spec_samples import steady


def hosts(**counts: int) -> list[dict[str, Any]]:
    """`hosts(control_plane=3)`: that many of each role."""
    return [
        {"name": f"{role}{n}", "roles": [role.replace("_", "-")]}
        for role, count in counts.items()
        for n in range(count)
    ]


def shape(kind: str = "stacked", endpoint: str = "kube-vip", **counts: int) -> Any:
    placement = "load-balancer" if counts.get("load_balancer") else "control-plane"
    return shape_of(
        {
            "topology": {"kind": kind},
            "endpoint": {"kind": endpoint, "placement": placement},
            "hosts": hosts(**counts),
        }
    )


def test_the_table_is_etcds() -> None:
    assert [(row.members, row.quorum, row.survives) for row in QUORUM_TABLE] == [
        (1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (6, 4, 2), (7, 4, 3),
    ]  # fmt: skip
    assert (quorum(0), tolerance(0), quorum(-1), tolerance(-1)) == (0, 0, 0, 0)


@given(st.integers(1, 1000))
@steady
def test_two_halves_never_both_have_a_quorum(members: int) -> None:
    assert 2 * quorum(members) > members
    assert members - tolerance(members) >= quorum(members) > members - tolerance(members) - 1


@pytest.mark.parametrize(
    ("planes", "alive", "dead"),
    [
        (3, "any one control plane", "two control planes at once (etcd quorum 2 of 3)"),
        (5, "any two control planes", "three control planes at once (etcd quorum 3 of 5)"),
        (7, "any three control planes", "four control planes at once (etcd quorum 4 of 7)"),
    ],
)
def test_stacked(planes: int, alive: str, dead: str) -> None:
    found = shape(control_plane=planes, worker=2)
    assert survives(found) == (alive,)
    assert falls(found) == (dead,)


def test_single() -> None:
    found = shape("single", control_plane=1, worker=2)
    assert survives(found) == ()
    assert falls(found) == ("the one control plane: the API is gone until it is back",)
    assert quorum_text(found) == "1 of 1"


def test_external_etcd_is_told_apart_from_the_control_planes() -> None:
    found = shape("external", control_plane=3, etcd=5, worker=2)
    assert survives(found) == ("any two control planes", "any two etcd members")
    assert falls(found) == (
        "all three control planes at once: the API is gone until one is back",
        "three etcd members at once (quorum 3 of 5)",
    )


def test_dedicated_balancers_count() -> None:
    found = shape("stacked", "keepalived-haproxy", control_plane=3, load_balancer=2, worker=2)
    assert survives(found) == ("any one control plane", "any one load balancer")
    assert falls(found)[-1] == "both load balancers at once: nothing reaches the API"


def test_an_external_balancer_is_the_admins() -> None:
    found = shape("stacked", "external", control_plane=3, worker=2)
    assert survives(found)[-1] == "what your load balancer survives"
    assert falls(found)[-1] == "your load balancer: while it is down, nothing reaches the API"


def test_a_single_one_without_a_balancer_is_not_said_to_have_one() -> None:
    found = shape("single", "external", control_plane=1, worker=2)
    assert not any("balancer" in phrase for phrase in survives(found) + falls(found))


def test_one_worker_is_said() -> None:
    assert "the one worker: its pods have nowhere to go" in falls(shape(control_plane=3, worker=1))
    assert len(falls(shape(control_plane=3, worker=2))) == 1


@pytest.mark.parametrize(
    ("choice", "count", "text", "parts"),
    [
        (("single",), 1, "1 host", "1 control plane"),
        (("stacked",), 3, "3 hosts", "3 control planes"),
        (("external",), 6, "6 hosts", "3 control planes + 3 etcd hosts"),
        (("stacked", "kube-vip", "load-balancer"), 3, "3 hosts", "3 control planes"),
        (
            ("external", "keepalived-nginx", "load-balancer"),
            8, "8 hosts", "3 control planes + 3 etcd hosts + 2 load balancers",
        ),
    ],
)  # fmt: skip
def test_hosts_needed(choice: tuple[str, ...], count: int, text: str, parts: str) -> None:
    needed = hosts_needed(*choice)
    assert (needed.count, needed.text, needed.parts) == (count, text, parts)


def test_locks_are_found_by_path() -> None:
    assert locked() == LOCKED
    assert [item.path for item in locked("endpoint.name")] == ["endpoint.name"]
    assert {item.path for item in locked("network")} == {
        "network.pods", "network.services", "network.dns_domain", "network.cni.kind",
    }  # fmt: skip
    assert locked("endpoint.vip") == () == locked("net")


def test_every_lock_is_a_field_of_the_cluster_file() -> None:
    for item in LOCKED:
        schema: Any = ClusterSpec.model_json_schema()
        node = schema
        for key in item.path.split("."):
            node = node["properties"][key]
            node = node.get("items", node)
            if "$ref" in node:
                node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    assert not any(a.path == b.path for a, b in combinations(LOCKED, 2))


def test_an_empty_answer_is_three_stacked_placeholders() -> None:
    found = shape_of({})
    assert [node.name for node in found.control_planes] == ["cp-1", "cp-2", "cp-3"]
    assert all(node.placeholder for node in found.control_planes + found.workers)
    assert found.etcd == found.control_planes
    assert (found.topology, found.endpoint, found.port, found.mode) == ("stacked", "", 6443, "")


def test_placeholders_fill_up_what_is_entered() -> None:
    found = shape(control_plane=2)
    assert [node.placeholder for node in found.control_planes] == [False, False, True]
    found = shape(control_plane=4)
    assert [node.placeholder for node in found.control_planes].count(True) == 1
    found = shape("external", control_plane=2, etcd=1)
    assert len(found.control_planes) == 2
    assert [node.placeholder for node in found.etcd] == [False, True, True]


def test_a_placeholder_takes_no_name_that_is_there() -> None:
    found = shape_of({"hosts": [{"name": "cp-2", "roles": ["control-plane"]}]})
    assert [node.name for node in found.control_planes] == ["cp-2", "cp-3", "cp-4"]


def test_balancers_are_the_control_planes_or_hosts_of_their_own() -> None:
    together = shape("stacked", "keepalived-nginx", control_plane=3)
    assert together.balancers == together.control_planes and not together.dedicated
    apart = shape("stacked", "keepalived-nginx", control_plane=3, load_balancer=1)
    assert [node.placeholder for node in apart.balancers] == [False, True] and apart.dedicated
    assert shape("stacked", "kube-vip", control_plane=3, load_balancer=2).balancers == ()


@pytest.mark.parametrize(
    ("given_port", "port"),
    [(8443, 8443), ("9443", 9443), (0, 6443), (True, 6443), ("x", 6443), (None, 6443), (1e3, 6443)],
)
def test_ports(given_port: object, port: int) -> None:
    assert shape_of({"endpoint": {"kind": "kube-vip", "port": given_port}}).port == port


def test_a_control_plane_that_works_is_no_worker() -> None:
    data = {"hosts": [{"name": "a", "roles": ["worker", "control-plane"]}]}
    found = shape_of(data)
    assert found.planes_work and found.workers == ()

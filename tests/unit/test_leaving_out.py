"""What may be left out of a run, and what the cluster would be like without it."""

from __future__ import annotations

from typing import Any

import pytest

from haui.execution.decisions import skip_consequence, skip_refusal
from haui.plan import build_plan
from haui.spec import ClusterSpec, HostSpec, Topology
from haui.step import Plan
from tests.unit.scripted_run import (
    cluster,
    install,
)


def plan_for(spec: ClusterSpec) -> Plan:
    return build_plan(spec, install())


def refusal(spec: ClusterSpec, id_: str, *left_out: str) -> str:
    plan = plan_for(spec)
    return skip_refusal(plan, task_of(plan, id_), left_out)


def consequence(spec: ClusterSpec, id_: str, *left_out: str) -> str:
    plan = plan_for(spec)
    return skip_consequence(plan, task_of(plan, id_), left_out)


def task_of(plan: Plan, id_: str) -> Any:
    return next(task for task in plan.tasks if task.id == id_)


@pytest.mark.parametrize(
    ("id_", "left_out", "why"),
    [
        ("pre.check@w1", (), "passed preflight"),
        ("cp.init@cp1", (), "first control plane"),
        ("sys.prepare@cp1", (), "first control plane"),
        ("cp.join@cp2", ("cp3",), "1 of 3 members, and 2 must agree"),
        ("cp.join@cp2", (), ""),
        ("sys.prepare@w1", (), ""),
        ("w.join@w1", ("w2",), ""),
        ("verify.nodes@cp1", (), ""),
    ],
)
def test_what_can_be_left_out(id_: str, left_out: tuple[str, ...], why: str) -> None:
    told = refusal(cluster(), id_, *left_out)
    assert (why in told) if why else not told


def test_in_an_install_that_has_begun_the_cluster_s_needs_decide() -> None:
    plan = plan_for(cluster())
    lost_worker, lost_first = task_of(plan, "pre.check@w1"), task_of(plan, "pre.check@cp1")
    assert skip_refusal(plan, lost_worker, (), begun=True) == ""
    assert "first control plane" in skip_refusal(plan, lost_first, (), begun=True)


def test_the_only_other_of_two_control_planes_stays() -> None:
    assert "1 of 2 members" in refusal(cluster(2, 0), "cp.join@cp2")


def test_the_last_balancer_stays() -> None:
    spec = balanced()
    assert refusal(spec, "sys.prepare@lb1") == ""
    assert "endpoint" in refusal(spec, "sys.prepare@lb1", "lb2")
    assert consequence(spec, "sys.prepare@lb1") == (
        "1 load balancer remains; losing it stops the endpoint."
    )


def balanced() -> ClusterSpec:
    spec = cluster()
    more = [
        HostSpec(name=f"lb{i}", address=f"10.0.2.{i}", roles=("load-balancer",)) for i in (1, 2)
    ]
    endpoint = spec.endpoint.model_copy(
        update={"kind": "keepalived-haproxy", "placement": "load-balancer"}
    )
    return spec.model_copy(update={"hosts": (*spec.hosts, *more), "endpoint": endpoint})


def test_members_of_an_external_etcd_are_counted_apart() -> None:
    spec = cluster(2, 1)
    members = [HostSpec(name=f"e{i}", address=f"10.0.3.{i}", roles=("etcd",)) for i in (1, 2, 3)]
    topology = Topology(kind="external")
    spec = spec.model_copy(update={"hosts": (*spec.hosts, *members), "topology": topology})
    assert refusal(spec, "cp.join@cp2") == ""
    assert consequence(spec, "cp.join@cp2") == "1 control plane remains; losing it stops the API."
    assert "every member" in refusal(spec, "sys.prepare@e1")
    assert consequence(spec, "sys.prepare@e1") == (
        "2 etcd members remain; losing one more stops the API."
    )


@pytest.mark.parametrize(
    ("planes", "id_", "left_out", "told"),
    [
        (3, "cp.join@cp2", (), "2 control planes remain; losing one more stops the API."),
        (5, "cp.join@cp2", (), "4 control planes remain; losing 2 more stops the API."),
        (5, "cp.join@cp2", ("cp5",), "3 control planes remain; losing 2 more stops the API."),
        (3, "w.join@w1", (), "1 worker remains."),
        (3, "w.join@w1", ("w2",), "No worker remains."),
        (3, "verify.nodes@cp1", (), "The rest of the proof on cp1 is left out"),
    ],
)
def test_what_leaving_out_would_mean(
    planes: int, id_: str, left_out: tuple[str, ...], told: str
) -> None:
    assert consequence(cluster(planes), id_, *left_out).startswith(told)

"""External etcd in plans: what runs where, in which order, and every file as it lands on a host."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from haui.execution.decisions import skip_refusal
from haui.plan import build_plan
from haui.spec import ClusterSpec
from steps import CATALOGUE, control_plane, etcd, etcd_pki, runtime, verify
from tests.unit.specs import BALANCERS, ETCD, PLANES, WORKERS, shapes, spec
from tests.unit.test_steps_golden import agreed, rendered

EXTERNAL = shapes()["external-etcd"]
VIP = {"name": "api.atlas.lan", "vip": "10.30.0.100", "port": 6443}
KINDS: dict[str, dict[str, Any]] = {
    "colocated": {},
    "dedicated": {
        "endpoint": {**VIP, "kind": "keepalived-haproxy", "placement": "load-balancer"},
        "hosts": PLANES + WORKERS + ETCD + BALANCERS,
    },
    "external balancer": {"endpoint": {"name": "api.atlas.lan", "port": 6443, "kind": "external"}},
}
IPV6 = spec(
    topology={"kind": "external"},
    endpoint={"kind": "external", "name": "api.atlas.lan"},
    network={"pods": "fd00:1::/56", "services": "fd00:2::/112"},
    hosts=[
        {"name": "cp1", "address": "fd00::1", "roles": ["control-plane", "worker"]},
        *({"name": f"et{n}", "address": f"fd00::4{n}", "roles": ["etcd"]} for n in (1, 2, 3)),
    ],
)


def hosts_of(cluster: ClusterSpec, step: str) -> list[str]:
    return [t.host.name for t in build_plan(cluster, CATALOGUE).tasks if t.step.id == step]


@pytest.mark.parametrize("name", ["etcd1", "etcd3", "cp2"])
def test_rendered_files_are_as_agreed(name: str) -> None:
    agreed(f"etcd-{name}.txt", rendered(EXTERNAL, name, etcd.STEPS))


def test_ipv6_addresses_stand_in_brackets() -> None:
    config = etcd.member_config(IPV6, IPV6.host("et2"))
    assert "ETCD_LISTEN_PEER_URLS=https://[fd00::42]:2380\n" in config
    assert "et3=https://[fd00::43]:2380" in config
    assert etcd_pki.names(IPV6.host("et2")) == (
        "DNS:et2", "DNS:localhost", "IP:fd00::42", "IP:127.0.0.1", "IP:::1",
    )  # fmt: skip


@pytest.mark.parametrize("shape", [name for name in shapes() if name != "external-etcd"])
def test_other_topologies_have_nothing_of_it(shape: str) -> None:
    tasks = build_plan(shapes()[shape], CATALOGUE).tasks
    assert not [task.id for task in tasks if task.step.phase == "etcd"]


def test_who_does_what() -> None:
    planes, members = ["cp1", "cp2", "cp3"], ["etcd1", "etcd2", "etcd3"]
    assert hosts_of(EXTERNAL, "etcd.ca") == ["etcd1"]
    assert hosts_of(EXTERNAL, "etcd.trust") == [*planes, *members[1:]]
    for step in ("etcd.install", "etcd.certificates", "etcd.member", "verify.etcd"):
        assert hosts_of(EXTERNAL, step) == members
    assert hosts_of(EXTERNAL, "etcd.client") == planes
    assert set(members) < set(hosts_of(EXTERNAL, "runtime.containerd"))
    assert not set(members) & set(hosts_of(EXTERNAL, "runtime.kubernetes"))


@pytest.mark.parametrize("kind", KINDS)
def test_init_waits_for_every_member_and_its_own_certificate(kind: str) -> None:
    external: dict[str, Any] = {"topology": {"kind": "external"}, "hosts": PLANES + WORKERS + ETCD}
    tasks = {t.id: t for t in build_plan(spec(**{**external, **KINDS[kind]}), CATALOGUE).tasks}
    before, open_needs = set[str](), ["control_plane.init@cp1"]
    while open_needs:
        for need in tasks[open_needs.pop()].needs - before:
            before.add(need)
            open_needs.append(need)
    wanted = {f"etcd.member@etcd{n}" for n in (1, 2, 3)} | {"etcd.client@cp1", "etcd.trust@cp1"}
    assert wanted | {"etcd.ready@etcd1"} <= before


def test_a_member_can_not_be_left_out_since_the_control_plane_waits_for_all() -> None:
    plan = build_plan(EXTERNAL, CATALOGUE)
    task = next(t for t in plan.tasks if t.id == "etcd.member@etcd3")
    assert "every member" in skip_refusal(plan, task, ())


def test_only_one_host_signs_and_its_key_goes_nowhere() -> None:
    for remote in (etcd_pki.signing("member"), etcd_pki.signing("client"), etcd_pki.publishing()):
        assert remote.on(EXTERNAL, EXTERNAL.host("etcd3")) == ("etcd1",)
    for task in build_plan(EXTERNAL, CATALOGUE).tasks:
        for call in (task.step.work(EXTERNAL, task.host, {}).apply,):
            assert not call or "ca.key" not in call.inputs


def test_keys_travel_as_inputs_and_nowhere_else() -> None:
    key = base64.b64encode(b"the key").decode()
    values = {f"{name}_{part}": key for name in ("server", "peer", "healthcheck_client")
              for part in ("crt", "key")}  # fmt: skip
    work = etcd.CERTIFICATES.work(EXTERNAL, EXTERNAL.host("etcd2"), values)
    assert work.apply is not None
    assert work.probe is not None
    assert work.apply.inputs["server.key"] == b"the key"
    assert key not in repr((work.apply.env, work.probe, work.files))
    assert "the key" not in repr((work.apply.env, work.probe, work.files))


def test_the_ca_is_placed_as_it_was_told() -> None:
    values = {"ca_crt": base64.b64encode(b"PEM\n").decode()}
    (member,) = etcd.TRUST.work(EXTERNAL, EXTERNAL.host("etcd2"), values).files
    (client,) = etcd.TRUST.work(EXTERNAL, EXTERNAL.host("cp3"), values).files
    assert (member.path, member.content) == ("/etc/etcd/pki/ca.crt", b"PEM\n")
    assert (client.path, client.content) == ("/etc/kubernetes/pki/etcd/ca.crt", b"PEM\n")


def test_kubeadm_is_asked_for_an_etcd_image_as_if_etcd_were_local() -> None:
    supply = etcd.INSTALL.supply
    assert supply is not None
    call = supply.call(EXTERNAL, EXTERNAL.host("etcd2"))
    (document,) = yaml.safe_load_all(call.inputs["kubeadm.yaml"])
    assert document["etcd"] == {"local": {"dataDir": "/var/lib/etcd"}}
    assert supply.on(EXTERNAL, EXTERNAL.host("etcd2")) == ("cp1", "cp2", "cp3")
    assert "etcd" not in runtime.image_names(EXTERNAL, EXTERNAL.host("cp1"))


def test_the_control_plane_knows_the_members_and_only_then() -> None:
    cp1 = EXTERNAL.host("cp1")
    told = control_plane.environment(EXTERNAL, cp1)
    assert told["HAUI_ETCD_MEMBERS"] == "etcd1=10.30.0.41 etcd2=10.30.0.42 etcd3=10.30.0.43"
    assert "HAUI_ETCD_MEMBERS" not in control_plane.environment(spec(), cp1)


def test_one_member_tells_of_the_whole() -> None:
    works = [verify.ETCD.work(EXTERNAL, member, {}) for member in EXTERNAL.having("etcd")]
    assert [work.probe and work.probe.env["HAUI_WHOLE"] for work in works] == ["yes", "no", "no"]

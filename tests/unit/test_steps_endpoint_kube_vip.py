"""kube-vip: its manifest, and when which form of it is in place, run by /bin/sh with fakes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from haui.plan import build_plan
from haui.spec import ClusterSpec
from haui.step import Call, Step
from steps import CATALOGUE, control_plane, endpoint_kube_vip, endpoint_settled, runtime
from steps.endpoint_kube_vip import FINAL, INITIAL, INTERFACE_MARK
from tests.unit.shell_fakes import Ran, Shell
from tests.unit.specs import PLANES, WORKERS, shapes, spec
from tests.unit.test_steps_control_plane_init import API, MADE, RESET

ARP, BGP = shapes()["kube-vip"], shapes()["kube-vip-bgp"]
PLACE, MEND = endpoint_kube_vip.PLACE, endpoint_settled.AFTER_INIT
VERIFY = endpoint_settled.VERIFY
MANIFEST = "/etc/kubernetes/manifests/kube-vip.yaml"
IP = """
echo "1: lo    inet 127.0.0.1/8 scope host lo"
echo "2: ens7    inet 10.30.0.11/24 scope global ens7"
test -e "$FAKE/vip" && echo "2: ens7    inet 10.30.0.100/32 scope global ens7"; true
"""
POD = """
test -e "$FAKE/api" || exit 1
path=$(sed -n 's/^ *path: //p' "$ROOT/etc/kubernetes/manifests/kube-vip.yaml" | head -n 1)
printf '%s %s True' "$path" "ghcr.io/kube-vip/kube-vip:v1.2.3"
"""


def parsed(text: bytes) -> dict[str, Any]:
    (document,) = yaml.safe_load_all(text)
    assert isinstance(document, dict)
    return document


def settings(text: bytes) -> dict[str, str]:
    env = parsed(text)["spec"]["containers"][0]["env"]
    return {entry["name"]: entry["value"] for entry in env if "value" in entry}


def volumes(text: bytes) -> dict[str, str]:
    return {v["name"]: v["hostPath"]["path"] for v in parsed(text)["spec"]["volumes"]}


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path, {"HAUI_HOST": "cp1", "HAUI_ADDRESS": "10.30.0.11"})
    shell.rules = [
        ("ip -o addr show", IP),
        ("kubectl *get --raw /readyz*", 'test -e "$FAKE/api" && echo ok'),
        (
            "kubectl *get clusterrolebinding kubeadm:cluster-admins*",
            'test -e "$FAKE/rights" && echo yes',
        ),
        ("kubectl *get pod kube-vip-cp1*", POD),
        ("kubectl *get lease plndr-cp-lock*", 'cat "$FAKE/leader"'),
    ]
    return shell


def run(shell: Shell, step: Step, part: str = "probe", cluster: ClusterSpec = ARP) -> Ran:
    work = step.work(cluster, cluster.host("cp1"), {})
    call: Call | None = work.probe if part == "probe" else work.apply
    assert call is not None
    shell.env = {**shell.env, **call.env}
    shell.inputs = {name: content.decode() for name, content in call.inputs.items()}
    return shell.run(call.script)


def in_place(shell: Shell) -> bytes:
    return (shell.root / MANIFEST.lstrip("/")).read_bytes()


def put(shell: Shell, form: str, cluster: ClusterSpec = ARP) -> None:
    text = endpoint_kube_vip.initial_inputs(cluster, cluster.host("cp1"))[form].decode()
    shell.put(MANIFEST, text.replace(INTERFACE_MARK, "ens7"))


def test_arp_elects_a_leader_in_kubernetes_own_time() -> None:
    seen = settings(endpoint_kube_vip.manifest(ARP, ARP.host("cp2")))
    assert seen["vip_arp"] == seen["vip_leaderelection"] == seen["cp_enable"] == "true"
    lease, renew, retry = (
        int(seen[f"vip_{name}"]) for name in ("leaseduration", "renewdeadline", "retryperiod")
    )
    assert lease > renew > 1.2 * retry
    assert seen["address"] == "10.30.0.100" and seen["vip_subnet"] == "32"
    assert seen["kubernetes_addr"] == "https://10.30.0.12:6443"
    assert not any(name.startswith("bgp") for name in seen)


def test_bgp_announces_from_everywhere_while_the_api_is_well() -> None:
    text = endpoint_kube_vip.manifest(BGP, BGP.host("cp3"))
    seen = settings(text)
    assert seen["vip_leaderelection"] == "false" and "vip_arp" not in seen
    assert seen["bgp_peers"] == "10.30.0.1:65001::false,10.30.0.2:65002::true"
    assert (seen["bgp_as"], seen["bgp_routerid"]) == ("65000", "10.30.0.13")
    assert seen["vip_interface"] == "lo"
    assert seen["control_plane_health_check_address"] == "https://10.30.0.13:6443/livez"
    assert volumes(text)["ca"] == seen["control_plane_health_check_ca_path"]
    hold, keepalive = int(seen["bgp_hold_time"]), int(seen["bgp_keepalive_interval"])
    assert 3 * keepalive <= hold < 30


def test_peers_of_version_6_and_asked_interfaces() -> None:
    bgp = {
        "peers": [{"address": "fd00::ff", "asn": 65001}],
        "router_interface": "ens3",
        "source_interface": "ens4",
    }
    vip = {"kind": "kube-vip", "name": "api.x", "vip": "fd00::64", "mode": "bgp", "bgp": bgp}
    hosts = [{**plane, "address": f"fd00::{n}"} for n, plane in enumerate(PLANES, 1)]
    cluster = spec(endpoint={**vip, "interface": "dummy0"}, hosts=hosts)
    seen = settings(endpoint_kube_vip.manifest(cluster, cluster.hosts[0]))
    assert seen["bgp_peers"] == "[fd00::ff]:65001::false"
    assert seen["bgp_routerinterface"] == "ens3" and "bgp_routerid" not in seen
    assert seen["bgp_sourceif"] == "ens4"
    assert (seen["vip_interface"], seen["vip_subnet"]) == ("dummy0", "128")
    assert seen["kubernetes_addr"] == "https://[fd00::1]:6443"


@pytest.mark.parametrize(
    ("version", "mode", "file"),
    [
        ("1.20.2", "arp", "admin.conf"),
        ("1.28.15", "arp", "admin.conf"),
        ("1.29.0", "arp", "super-admin.conf"),
        ("1.36.4", "arp", "super-admin.conf"),
        ("1.36.4", "bgp", "admin.conf"),
    ],
)
def test_only_init_of_newer_kubernetes_and_only_a_leader_needs_more_than_admin_conf(
    version: str, mode: str, file: str
) -> None:
    endpoint = (ARP if mode == "arp" else BGP).endpoint.model_dump()
    cluster = spec(endpoint=endpoint, kubernetes={"version": version})
    forms = endpoint_kube_vip.initial_inputs(cluster, cluster.host("cp1"))
    assert volumes(forms[INITIAL])["kubeconfig"] == f"/etc/kubernetes/{file}"
    assert volumes(forms[FINAL])["kubeconfig"] == "/etc/kubernetes/admin.conf"
    assert b"super-admin" not in forms[FINAL]


def test_the_asked_interface_is_named_and_an_unknown_one_is_marked() -> None:
    hosts = [{**PLANES[0], "interface": "bond0"}, PLANES[1], PLANES[2], *WORKERS]
    asked = spec(endpoint=ARP.endpoint.model_dump() | {"interface": "ens3"}, hosts=hosts)
    seen = [
        settings(endpoint_kube_vip.manifest(asked, h))["vip_interface"] for h in asked.hosts[:2]
    ]
    assert seen == ["bond0", "ens3"]
    assert endpoint_kube_vip.manifest(ARP, ARP.hosts[0]).decode().count(INTERFACE_MARK) == 1


def test_the_image_is_pulled_on_control_planes() -> None:
    images = next(step for step in runtime.STEPS if step.id == "runtime.images")
    for name, expected in (("cp2", True), ("wk1", False)):
        call = images.work(ARP, ARP.host(name), {}).apply
        assert call is not None
        pulled = call.env["HAUI_OTHER_IMAGES"].split()
        assert (endpoint_kube_vip.image(ARP) in pulled) is expected


def test_nobody_joins_before_the_first_one_is_mended() -> None:
    tasks = {task.id: task for task in build_plan(ARP, CATALOGUE).tasks}
    assert "endpoint.kube_vip@cp1" in tasks["control_plane.init@cp1"].needs
    assert "control_plane.init@cp1" in tasks["control_plane.kube_vip@cp1"].needs
    for name in ("cp2", "cp3"):
        assert "control_plane.kube_vip@cp1" in tasks[f"control_plane.join@{name}"].needs
        assert f"control_plane.join@{name}" in tasks[f"control_plane.kube_vip_join@{name}"].needs
        assert f"endpoint.kube_vip@{name}" not in tasks
    assert not any("kube_vip" in task.id for task in build_plan(spec(), CATALOGUE).tasks)


def test_the_holder_loses_its_api_server_only_when_the_others_can_take_over() -> None:
    older = spec(endpoint=ARP.endpoint.model_dump(), kubernetes={"version": "1.28.15"})
    tasks = {task.id: task for task in build_plan(older, CATALOGUE).tasks}
    refresh = tasks["control_plane.refresh@cp1"]
    assert {f"control_plane.kube_vip_join@{name}" for name in ("cp2", "cp3")} <= set(refresh.needs)


def test_a_fresh_host_gets_the_form_for_init(host: Shell) -> None:
    assert run(host, PLACE).verdicts()["manifest of kube-vip"] == "differs"
    assert run(host, PLACE, "apply").status == 0
    assert volumes(in_place(host))["kubeconfig"].endswith("/super-admin.conf")
    assert settings(in_place(host))["vip_interface"] == "ens7"
    assert set(run(host, PLACE).verdicts().values()) == {"ok"}
    assert not list(host.root.glob("etc/kubernetes/*.new"))


def test_a_settled_host_is_left_alone(host: Shell) -> None:
    host.put("/etc/kubernetes/admin.conf")
    put(host, FINAL)
    assert set(run(host, PLACE).verdicts().values()) == {"ok"}


def test_after_a_reset_the_form_for_init_is_due_again(host: Shell) -> None:
    put(host, FINAL)
    assert run(host, PLACE).verdicts()["manifest of kube-vip"] == "differs"
    run(host, PLACE, "apply")
    assert b"super-admin.conf" in in_place(host)


@pytest.mark.parametrize(
    ("marks", "super_admin", "expected"),
    [
        (("api", "rights"), True, "admin.conf"),
        (("api",), True, "super-admin.conf"),
        ((), True, "super-admin.conf"),
        ((), False, "admin.conf"),
    ],
)
def test_a_lost_manifest_comes_back_in_the_form_that_works(
    host: Shell, marks: tuple[str, ...], super_admin: bool, expected: str
) -> None:
    host.put("/etc/kubernetes/admin.conf")
    if super_admin:
        host.put("/etc/kubernetes/super-admin.conf")
    for mark in marks:
        host.mark(mark)
    assert run(host, PLACE, "apply").status == 0
    assert volumes(in_place(host))["kubeconfig"] == f"/etc/kubernetes/{expected}"


def test_without_an_interface_a_person_is_asked(host: Shell) -> None:
    host.rules.insert(0, ("ip *", "true"))
    assert run(host, PLACE).verdicts() == {"interface of the virtual address": "blocked"}
    ran = run(host, PLACE, "apply")
    assert ran.status == 1
    assert "hosts[].interface" in ran.errors
    assert not (host.root / MANIFEST.lstrip("/")).exists()


def test_the_manifest_is_mended_after_init(host: Shell) -> None:
    host.put("/etc/kubernetes/admin.conf")
    put(host, INITIAL)
    host.mark("api")
    before = run(host, MEND)
    assert before.verdicts()["manifests that use super-admin.conf"] == "differs"
    assert before.verdicts()["pod of kube-vip"] == "differs"
    assert run(host, MEND, "apply").status == 0
    assert b"super-admin" not in in_place(host)
    assert set(run(host, MEND).verdicts().values()) == {"ok"}


def test_a_pod_that_does_not_follow_is_an_error(host: Shell) -> None:
    host.put("/etc/kubernetes/admin.conf")
    host.mark("api")
    host.rules.insert(0, ("kubectl *get pod kube-vip-cp1*", "printf 'x y False'"))
    ran = run(host, MEND, "apply")
    assert ran.status == 1
    assert "kube-vip does not run on this host; seen: x y False" in ran.errors


@pytest.mark.parametrize(
    ("leader", "vip", "verdict"),
    [
        ("cp1", True, "ok"),
        ("cp2", False, "ok"),
        ("cp2", True, "differs"),
        ("cp1", False, "differs"),
        ("", False, "differs"),
    ],
)
def test_the_leader_alone_holds_the_address(
    host: Shell, leader: str, vip: bool, verdict: str
) -> None:
    put(host, FINAL)
    host.mark("api")
    (host.folder / "fake" / "leader").write_text(leader)
    if vip:
        host.mark("vip")
    assert run(host, VERIFY).verdicts()["virtual address on cp1"] == verdict


def test_by_bgp_every_control_plane_has_the_address_and_a_session(host: Shell) -> None:
    put(host, FINAL, BGP)
    host.mark("api")
    ss = host.folder / "bin" / "ss"
    ss.write_text("#!/bin/sh\n[ ! -e \"$FAKE/up\" ] || echo '0 0 10.30.0.11:40000 10.30.0.1:179'\n")
    ss.chmod(0o755)
    rows = run(host, VERIFY, cluster=BGP).verdicts()
    assert rows["virtual address on cp1"] == rows["routers that cp1 talks to"] == "differs"
    host.rules.insert(0, ("ip *", 'echo "1: lo    inet 192.0.2.10/32 scope global lo"'))
    host.mark("up")
    rows = run(host, VERIFY, cluster=BGP).verdicts()
    assert set(rows.values()) == {"ok"}


def test_a_script_never_puts_a_strange_name_into_the_manifest(host: Shell) -> None:
    host.rules.insert(0, ("ip *", 'echo "2: a/b&c    inet 10.30.0.11/24"'))
    assert run(host, PLACE, "apply").status == 1
    assert re.search("strange name", run(host, PLACE, "apply").errors)


def test_init_after_a_reset_begins_with_its_own_form(tmp_path: Path) -> None:
    """The reset brings the static pods of balancers back, among them the form that stays."""
    shell = Shell(
        tmp_path, {"HAUI_HOST": "cp1", "HAUI_ADDRESS": "10.30.0.11", "TOKENS": "none none"}
    )
    shell.rules = [
        ("ip -o addr show", IP),
        ("kubectl *--raw /version*", """echo '{ "gitVersion": "v1.34.2" }'"""),
        ("kubeadm init --config*", f'cp "$ROOT{MANIFEST}" "$FAKE/seen"\n{MADE}'),
        ("kubeadm init phase*", "true"),
        ("kubeadm reset -f", RESET),
        *API,
    ]
    endpoint = {**ARP.endpoint.model_dump(), "name": "api.lab.lan"}
    cluster = spec(endpoint=endpoint, kubernetes={"version": "1.34.2"})
    shell.put_all("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/admin.conf")
    put(shell, FINAL)
    ran = run(shell, control_plane.INIT, "apply", cluster)
    assert ran.status == 0, ran.errors
    assert ran.called("kubeadm reset")
    assert b"super-admin.conf" in (tmp_path / "fake/seen").read_bytes()

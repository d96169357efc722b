"""Another Kubernetes, what one has left, runtimes that are there already."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks import Look, kubernetes, runtimes
from steps.checks.kubernetes import is_joined
from tests.unit.checks import ask, fleet, must_say
from tests.unit.specs import shapes, spec

CLUSTER = spec(profile="production")
OURS: dict[str, object] = {"kubernetes.server": "https://api.atlas.lan:8443"}
LINKS = ["eth0 UP 1500 52:54:00:00:00:01 -", "lo UNKNOWN 65536 - loopback"]
ALL = (*kubernetes.CHECKS, *runtimes.CHECKS)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_healthy_host_passes(check: Any) -> None:
    for cluster in (CLUSTER, spec(profile="test")):
        found = ask(check.id, cluster=cluster)
        assert found.verdict == "ok", found
        assert found.seen


def link(*names: str) -> dict[str, object]:
    return {"link": [*LINKS, *(f"{name} UP 1450 aa:bb:cc:dd:ee:ff bridge" for name in names)]}


STATIC = "/etc/kubernetes/manifests/"
SAID: list[tuple[str, dict[str, object], str, str]] = [
    ("kubernetes.other", {"kubernetes.other": "k3s /etc/rancher/k3s"}, "blocked", "k3s (/etc"),
    ("kubernetes.other", {"kubernetes.other": ["k0s /etc/k0s", "rke2 /etc/rancher/rke2"]},
     "blocked", "rke2"),
    ("kubernetes.other", {"unit": "k3s-agent active enabled"}, "blocked", "k3s-agent.service"),
    ("kubernetes.other", {"unit": "k3s-agent inactive enabled"}, "blocked", "k3s-agent.service"),
    ("kubernetes.other", {"unit": "k3s-agent inactive disabled"}, "ok", "none"),
    ("kubernetes.other", {"unit": "kubelet active enabled"}, "ok", "none"),
    ("kubernetes.cluster", {"kubernetes.server": "https://other:6443"}, "blocked", "other:6443"),
    ("kubernetes.cluster", {"kubernetes.server": "https://api.atlas.lan:6443"}, "blocked", "6443"),
    ("kubernetes.cluster", OURS, "ok", "this cluster"),
    ("kubernetes.cluster", {"kubernetes.server": "https://10.30.0.11:6443"}, "ok", "this cluster"),
    ("kubernetes.cluster", {"kubernetes.server": "https://10.30.0.12:6443"}, "blocked", "0.12"),
    ("kubernetes.cluster", {"kubernetes.file": f"{STATIC}kube-vip.yaml"}, "ok", "none"),
    ("kubernetes.cluster", {"kubernetes.file": "/etc/kubernetes/pki/ca.crt"}, "ok", "none"),
    ("kubernetes.cluster", {"kubernetes.file": [f"{STATIC}kube-vip.yaml", f"{STATIC}etcd.yaml"]},
     "blocked", "etcd.yaml"),
    ("kubernetes.links", link("cni0", "flannel.1"), "warning", "cni0, flannel.1"),
    ("kubernetes.links", link("cali1234abcd", "vxlan.calico"), "warning", "vxlan.calico"),
    ("kubernetes.links", link("cilium_host", "kube-ipvs0"), "warning", "kube-ipvs0"),
    ("kubernetes.links", link("nodelocaldns"), "warning", "nodelocaldns"),
    ("kubernetes.links", link("tunl0"), "ok", "none"),
    ("kubernetes.links", {**link("tunl0"), "address": ["tunl0 10.9.0.1/32 static"]}, "warning",
     "tunl0"),
    ("kubernetes.links", link("docker0", "lxcbr0", "cni-podman0", "calibre"), "ok", "none"),
    ("kubernetes.links", {**link("cni0"), **OURS}, "ok", "this cluster"),
    ("kubernetes.links", {"link": None}, "skipped", "ip"),
    ("kubernetes.chains", {"netfilter.chains": ["KUBE- 12", "CNI- 3"]}, "warning", "12 of KUBE-*"),
    ("kubernetes.chains", {"netfilter.chains": "KUBE- 12", **OURS}, "ok", "this cluster"),
    ("kubernetes.chains", {"firewall.asked": "no"}, "skipped", "nft"),
    ("kubernetes.paths", {"leftover": "/var/lib/calico"}, "warning", "/var/lib/calico"),
    ("kubernetes.paths", {"leftover": "/run/flannel", **OURS}, "ok", "this cluster"),
    ("kubernetes.cni", {"cni.config": "/etc/cni/net.d/10-flannel.conflist"}, "ok", "10-flannel"),
    ("kubernetes.cni", {"cni.config": "/etc/cni/net.d/10-calico.conflist"}, "blocked", "10-calico"),
    ("kubernetes.cni", {"cni.config": "/etc/cni/net.d/87-podman-bridge.conflist"}, "warning",
     "podman"),
    ("kubernetes.cni", {"cni.config": "/etc/cni/net.d/10-calico.conflist", **OURS}, "ok", "calico"),
    ("kubernetes.containerd", {"containerd.version": "1.6.0"}, "ok", "1.6.0"),
    ("kubernetes.containerd", {"containerd.version": "1.5.13"}, "blocked", "1.5.13"),
    ("kubernetes.containerd", {"containerd.version": "2.1.3"}, "ok", "2.1.3"),
    ("kubernetes.containerd-config", {"containerd.config": "haui"}, "ok", "haui"),
    ("kubernetes.containerd-config", {"containerd.config": "foreign"}, "info", "somebody else"),
    ("kubernetes.containerd-config",
     {"containerd.config": "foreign", "containerd.disabled": '["cri"]'}, "info", '["cri"]'),
    ("kubernetes.containerd-config", {"containerd.config": "foreign", "containerd.disabled": "[]"},
     "info", "somebody else"),
    ("kubernetes.runtimes", {"unit": "docker active enabled"}, "warning", "docker"),
    ("kubernetes.runtimes", {"unit": "docker inactive enabled"}, "ok", "none"),
    ("kubernetes.runtimes", {"kubernetes.process": "crio"}, "warning", "crio"),
    ("kubernetes.containers", {"runtime.containers": "containerd moby 3"}, "warning", "3 of cont"),
    ("kubernetes.containers", {"runtime.containers": "containerd k8s.io 9"}, "warning", "k8s.io"),
    ("kubernetes.containers", {"runtime.containers": "containerd k8s.io 9", **OURS}, "ok", "none"),
    ("kubernetes.containers",
     {"runtime.containers": ["containerd k8s.io 9", "docker - 2"], **OURS}, "warning", "docker"),
    ("kubernetes.containers", {"kubernetes.process": "conmon"}, "warning", "podman"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "verdict", "seen"), SAID)
def test_what_is_said_of_a_host(check: str, facts: Any, verdict: str, seen: str) -> None:
    must_say(check, facts, verdict, seen)


def test_a_host_that_tells_nothing_belongs_to_nobody() -> None:
    look = Look(CLUSTER, CLUSTER.host("cp1"), fleet(CLUSTER, {"cp1": {"link": None}}))
    assert not is_joined(look)


def test_another_containerd_for_an_old_kubernetes() -> None:
    old = shapes()["offline"]
    for version, verdict in (("2.0.0", "blocked"), ("1.7.20", "ok"), ("1.4.1", "ok")):
        found = ask("kubernetes.containerd", {"containerd.version": version}, cluster=old)
        assert found.verdict == verdict
    for minor, verdict in ((22, "blocked"), (23, "ok")):
        cluster = spec(kubernetes={"version": f"1.{minor}.0"})
        new = {"containerd.version": "2.0.0"}
        assert ask("kubernetes.containerd", new, cluster=cluster).verdict == verdict
    middle = spec(kubernetes={"version": "1.25.3"})
    facts = {"containerd.version": "1.5.0"}
    assert ask("kubernetes.containerd", facts, cluster=middle).verdict == "ok"
    just = spec(kubernetes={"version": "1.26.0"})
    assert ask("kubernetes.containerd", facts, cluster=just).verdict == "blocked"


@pytest.mark.parametrize(
    ("cluster", "file", "verdict"),
    [
        (shapes()["ipvs"], "10-haui-bridge.conflist", "ok"),
        (shapes()["ipvs"], "10-flannel.conflist", "blocked"),
        (spec(network={"cni": {"kind": "cilium"}}), "05-cilium.conflist", "ok"),
        (spec(network={"cni": {"kind": "cilium"}}), "10-flannel.conflist", "warning"),
        (spec(network={"cni": {"kind": "none"}}), "10-flannel.conflist", "warning"),
    ],
)
def test_configurations_of_pod_networks(cluster: ClusterSpec, file: str, verdict: str) -> None:
    facts = {"cni.config": f"/etc/cni/net.d/{file}"}
    assert ask("kubernetes.cni", facts, cluster=cluster).verdict == verdict


def test_links_are_deleted_by_a_command(tmp_path: Path) -> None:
    found = ask("kubernetes.links", link("cilium_host", "cni0"))
    assert found.fix_kind == "command"
    (tmp_path / "ip").write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\nexit 1\n')
    (tmp_path / "ip").chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    ran = subprocess.run(["/bin/sh", "-c", found.fix_with], env={"PATH": path}, check=False)
    # Deleting one end of a pair takes the other with it, so a failure is none.
    assert ran.returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["link delete cilium_host", "link delete cni0"]


def test_rules_are_removed_by_a_command(tmp_path: Path) -> None:
    found = ask("kubernetes.chains", {"netfilter.chains": "KUBE- 2"})
    for tool in ("iptables", "ip6tables"):
        save = "*nat\\n:KUBE-SVC - [0:0]\\n:MINE - [0:0]\\n-A INPUT -j KUBE-SVC\\nCOMMIT\\n"
        (tmp_path / f"{tool}-save").write_text(f"#!/bin/sh\nprintf '{save}'\n")
        (tmp_path / f"{tool}-restore").write_text(f"#!/bin/sh\ncat >{tmp_path}/{tool}\n")
    (tmp_path / "nft").write_text("#!/bin/sh\nexit 1\n")
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert subprocess.run(["/bin/sh", "-c", found.fix_with], env=env, check=False).returncode == 0
    assert (tmp_path / "ip6tables").read_text() == "*nat\n:MINE - [0:0]\nCOMMIT\n"
    (tmp_path / "iptables-save").unlink()
    ran = subprocess.run(
        ["/bin/sh", "-c", found.fix_with], env=env, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "restart the host" in ran.stderr


def test_names_that_a_host_tells_are_quoted() -> None:
    facts = {"cni.config": "/etc/cni/net.d/00-$(touch x);'.conf"}
    command = ask("kubernetes.cni", facts).fix_with
    assert "/etc/cni/net.d/00-$(touch x);'.conf" in [w.rstrip(";") for w in shlex.split(command)]
    paths = ask("kubernetes.paths", {"leftover": ["/var/lib/$(x)", "/run/flannel"]}).fix_with
    assert paths == "rm -rf -- '/var/lib/$(x)' /run/flannel"


def test_only_nodes_are_asked_what_matters_to_nodes() -> None:
    dedicated = shapes()["dedicated-lb"]
    lb = dedicated.host("lb1")
    on = {check.id for check in ALL if check.on(dedicated, lb)}
    assert on == {"kubernetes.other", "kubernetes.cluster", "kubernetes.links", "ports.balancer"}

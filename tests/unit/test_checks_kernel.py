"""Checks of the kernel: what a host tells → what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from haui.rehearsal.facts import kernel as healthy
from haui.spec import ClusterSpec
from steps.checks import kernel
from steps.checks.kernel import newest_of, version_of
from tests.unit.checks import ask
from tests.unit.specs import PLANES, WORKERS, shapes, spec

PRODUCTION = spec(profile="production")
TEST = spec(profile="test")
STORAGE = spec(
    profile="production", hosts=[*PLANES, {**WORKERS[0], "roles": ["worker", "storage"]}]
)
DEDICATED = shapes()["dedicated-lb"].model_copy(update={"profile": "production"})
IPVS = spec(network={"kube_proxy": "ipvs"})
NFTABLES = spec(network={"kube_proxy": "nftables"}, kubernetes={"version": "1.34.2"})
CILIUM = spec(network={"cni": {"kind": "cilium"}})
CALICO = spec(network={"cni": {"kind": "calico"}})
NEW = spec(kubernetes={"version": "1.35.0"}, profile="production")
TOLERANT = spec(
    kubernetes={"version": "1.35.0"},
    advanced={"kubeadm": {"KubeletConfiguration": {"failCgroupV1": False}}},
)
STRICT = spec(advanced={"kubeadm": {"KubeletConfiguration": {"failCgroupV1": True}}})
CONTAINER = {"virt": "systemd-nspawn"}
ALL_MODULES = {
    **dict.fromkeys(healthy.LOADED, "works"), **dict.fromkeys(healthy.LOADABLE, "loadable")
}  # fmt: skip


def modules(**states: str) -> dict[str, object]:
    return {"module": [f"{name} {state}" for name, state in {**ALL_MODULES, **states}.items()]}


@pytest.mark.parametrize("check", kernel.CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize(
    "cluster", [PRODUCTION, TEST, IPVS, NFTABLES], ids=["production", "test", "ipvs", "nftables"]
)
def test_a_healthy_host_passes(check: Any, cluster: ClusterSpec) -> None:
    found = ask(check.id, cluster=cluster)
    assert found.verdict == "ok", found
    assert found.seen


TOLD = ("kernel.release", "kernel.installed", "kernel.modules", "module", "reboot.required",
        "cgroup", "cgroup.controllers", "root.propagation", "lockdown", "secureboot", "sysctl",
        "rp_filter", "arp_ignore", "address")  # fmt: skip


@pytest.mark.parametrize("check", kernel.CHECKS, ids=lambda check: check.id)
def test_a_host_that_tells_nothing_is_not_judged(check: Any) -> None:
    found = ask(check.id, dict.fromkeys(TOLD))
    assert found.verdict == "skipped", found
    assert found.seen


@pytest.mark.parametrize(
    ("cluster", "release", "verdict"),
    [
        (PRODUCTION, "6.1.0-41-amd64", "ok"),
        (PRODUCTION, "5.4.0-216-generic", "ok"),
        (PRODUCTION, "5.3.9", "warning"),
        (PRODUCTION, "4.18.0-553.el8_10.x86_64", "warning"),
        (PRODUCTION, "4.17.0", "blocked"),
        (PRODUCTION, "3.10.0-1160.el7.x86_64", "blocked"),
        (NFTABLES, "5.13.0", "ok"),
        (NFTABLES, "5.12.19", "blocked"),
        (CILIUM, "5.10.0-30-amd64", "ok"),
        (CILIUM, "5.9.16", "blocked"),
        (CILIUM, "4.18.0-553.el8_10.x86_64", "warning"),
        (CALICO, "5.10.0-30-amd64", "ok"),
        (CALICO, "5.9.16", "blocked"),
        (CALICO, "4.18.0-553.el8_10.x86_64", "warning"),
        (PRODUCTION, "unknown", "skipped"),
    ],
)
def test_floors_of_the_kernel(cluster: ClusterSpec, release: str, verdict: str) -> None:
    found = ask("kernel.version", {"kernel.release": release}, cluster=cluster)
    assert found.verdict == verdict, found


def test_releases_of_kernels() -> None:
    assert version_of("6.18.44-fc-v669") == (6, 18)
    assert version_of("²3.4") is None
    installed = ("6.1.0-9-amd64", "6.1.0-41-amd64", "6.1.0-50-rt-amd64", "0-rescue-ab12")
    assert newest_of("6.1.0-9-amd64", installed) == "6.1.0-41-amd64"
    assert newest_of("6.1.0-41-amd64", installed) == "6.1.0-41-amd64"
    assert newest_of("custom", installed) == "custom"
    old, new = "5.14.0-362.8.1.el9_3.x86_64", "5.14.0-503.11.1.el9_5.x86_64"
    assert newest_of(old, (old, new)) == new


@pytest.mark.parametrize(
    ("facts", "verdict", "seen"),
    [
        ({"kernel.installed": ["6.1.0-41-amd64", "6.1.0-40-amd64"]}, "ok", "6.1.0-41"),
        ({"kernel.installed": "6.1.0-42-amd64"}, "warning", "6.1.0-42-amd64 is installed"),
        ({"kernel.installed": "6.1.0-42-amd64", **CONTAINER}, "ok", "6.1.0-41"),
        ({"reboot.required": "yes", "reboot.packages": "libc6"}, "warning", "libc6"),
        ({"reboot.required": "yes"}, "warning", "/run/reboot-required"),
    ],
)
def test_pending_reboots(facts: dict[str, object], verdict: str, seen: str) -> None:
    found = ask("kernel.reboot", facts)
    assert found.verdict == verdict
    assert seen in found.seen


BUILT_IN = modules(**dict.fromkeys(healthy.LOADED, "works"))
NO_BRIDGE = modules(br_netfilter="missing")


@pytest.mark.parametrize(
    ("facts", "verdict", "fix"),
    [
        ({"kernel.modules": "no", **NO_BRIDGE}, "blocked", "Install the modules"),
        ({"kernel.modules": "no", **NO_BRIDGE, "kernel.installed": "6.1.0-42-amd64"}, "blocked",
         "Reboot"),
        ({"kernel.modules": "no", **BUILT_IN}, "info", ""),
        ({"kernel.modules": "no", **NO_BRIDGE, **CONTAINER}, "ok", ""),
    ],
)  # fmt: skip
def test_folders_of_modules(facts: dict[str, object], verdict: str, fix: str) -> None:
    found = ask("kernel.modules-folder", facts)
    assert found.verdict == verdict
    assert fix in found.fix


OFF = "off /etc/modprobe.d/cis.conf"


@pytest.mark.parametrize(
    ("check", "cluster", "facts", "verdict", "seen"),
    [
        ("kernel.modules", PRODUCTION, modules(), "ok", "overlay"),
        ("kernel.modules", PRODUCTION, modules(overlay="loadable"), "ok", "loadable: overlay"),
        ("kernel.modules", PRODUCTION, modules(overlay="missing"), "blocked", "no overlay"),
        ("kernel.modules", PRODUCTION, modules(overlay=OFF), "blocked", "cis.conf"),
        ("kernel.modules", PRODUCTION, modules(ip_vs="missing"), "ok", "overlay"),
        ("kernel.modules", IPVS, modules(ip_vs="missing"), "blocked", "no ip_vs"),
        ("kernel.modules", IPVS, modules(ip_vs_rr="unknown", ip_vs="works"), "ok", "ip_vs"),
        ("kernel.overlay-network", PRODUCTION, modules(vxlan="missing"), "blocked", "no vxlan"),
        ("kernel.overlay-network", PRODUCTION, modules(vxlan="unknown"), "skipped", "vxlan"),
        ("kernel.packet-filter", TEST, modules(nf_tables="missing"), "ok", "ip_tables"),
        ("kernel.packet-filter", TEST, modules(ip_tables="missing"), "ok", "nf_tables"),
        ("kernel.packet-filter", TEST, modules(ip_tables="missing", nft_compat="missing"),
         "blocked", "no nft_compat"),
        ("kernel.packet-filter", TEST, modules(xt_comment="missing"), "blocked", "no xt_comment"),
        ("kernel.packet-filter", TEST, modules(nft_numgen="missing"), "ok", "xt_comment"),
        ("kernel.packet-filter", NFTABLES, modules(nft_numgen="missing"), "blocked", "nft_numgen"),
        ("kernel.packet-filter", NFTABLES, modules(xt_comment="missing"), "ok", "nft_numgen"),
        ("kernel.packet-filter", TEST, {"module": None}, "skipped", "modules"),
        ("kernel.packet-filter", TEST, {"module": "garbage"}, "skipped", "modules"),
    ],
)  # fmt: skip
def test_modules(
    check: str, cluster: ClusterSpec, facts: dict[str, object], verdict: str, seen: str
) -> None:
    found = ask(check, facts, cluster=cluster)
    assert found.verdict == verdict, found
    assert seen in found.seen
    if verdict == "blocked":
        assert found.fix


def test_ipv6_needs_tables_of_its_own() -> None:
    cluster = shapes()["ipv6"]
    facts = modules(ip6_tables="missing", nft_compat="missing")
    assert ask("kernel.packet-filter", facts, cluster=cluster).verdict == "blocked"
    facts = modules(ip_tables="missing", nft_compat="missing")
    assert ask("kernel.packet-filter", facts, cluster=cluster).verdict == "ok"


def test_how_modules_come_to_be_there_depends_on_the_distribution() -> None:
    missing = modules(vxlan="missing")
    ubuntu = ask("kernel.overlay-network", {**missing, "os.id": "ubuntu"})
    assert "linux-modules-extra-$(uname -r)" in ubuntu.fix_with
    assert ask("kernel.overlay-network", missing).fix_with == ""
    gone = ask("kernel.overlay-network", {**missing, "kernel.modules": "no", "os.id": "ubuntu"})
    assert "reboot" in gone.fix


def on(check: str, cluster: ClusterSpec, host: str) -> bool:
    found = next(one for one in kernel.CHECKS if one.id == check)
    return found.on(cluster, cluster.host(host))


def test_who_is_asked_for_what() -> None:
    assert not on("kernel.overlay-network", shapes()["ipvs"], "cp1"), "bridge needs no overlay"
    assert not on("kernel.packet-filter", shapes()["no-kube-proxy"], "cp1")
    assert not on("kernel.modules", DEDICATED, "lb1")
    assert on("kernel.cgroup", shapes()["external-etcd"], "etcd1")
    assert not on("kernel.controllers", shapes()["external-etcd"], "etcd1")
    assert on("kernel.conntrack", DEDICATED, "lb1")
    assert not on("kernel.conntrack", PRODUCTION, "cp1"), "kube-proxy sets it"
    assert on("kernel.arp", PRODUCTION, "cp1")
    assert not on("kernel.arp", shapes()["kube-vip-bgp"], "cp1")
    assert on("kernel.storage", STORAGE, "wk1")
    assert not on("kernel.storage", STORAGE, "cp1")
    assert on("kernel.reboot", DEDICATED, "lb1")


def test_storage_needs_its_module() -> None:
    missing = modules(rbd="missing")
    assert ask("kernel.storage", missing, host="wk1", cluster=STORAGE).verdict == "blocked"


@pytest.mark.parametrize(
    ("cluster", "facts", "verdict"),
    [
        (PRODUCTION, {"cgroup": "v1"}, "warning"),
        (PRODUCTION, {"cgroup": "hybrid"}, "warning"),
        (TEST, {"cgroup": "hybrid", **CONTAINER}, "info"),
        (NEW, {"cgroup": "v1"}, "blocked"),
        (NEW, {"cgroup": "hybrid", **CONTAINER}, "blocked"),
        (NEW, {"cgroup": "v2"}, "ok"),
        (TOLERANT, {"cgroup": "v1"}, "warning"),
        (STRICT, {"cgroup": "v1"}, "blocked"),
    ],
)
def test_cgroup_v1_is_refused_where_kubernetes_refuses_it(
    cluster: ClusterSpec, facts: dict[str, object], verdict: str
) -> None:
    assert ask("kernel.cgroup", facts, cluster=cluster).verdict == verdict


def test_hosts_without_a_kubelet_may_have_cgroup_v1() -> None:
    etcd = shapes()["external-etcd"].model_copy(update={"kubernetes": NEW.kubernetes})
    found = ask("kernel.cgroup", {"cgroup": "v1"}, host="etcd1", cluster=etcd)
    assert found.verdict == "warning"


V1 = "cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event pids"


@pytest.mark.parametrize(
    ("cgroup", "controllers", "verdict"),
    [
        ("v2", "cpuset cpu io memory pids", "ok"),
        ("v2", "cpuset cpu io pids", "blocked"),
        ("v2", "cpu memory pids", "blocked"),
        ("v1", V1, "ok"),
        ("hybrid", V1, "ok"),
        ("v1", V1.replace("memory ", ""), "blocked"),
        ("v1", V1.replace("freezer ", ""), "blocked"),
    ],
)
def test_controllers(cgroup: str, controllers: str, verdict: str) -> None:
    facts = {"cgroup": cgroup, "cgroup.controllers": controllers}
    assert ask("kernel.controllers", facts).verdict == verdict


@pytest.mark.parametrize(
    ("check", "cluster", "facts", "verdict"),
    [
        ("kernel.propagation", PRODUCTION, {"root.propagation": "private"}, "warning"),
        ("kernel.propagation", PRODUCTION, {"root.propagation": "slave"}, "warning"),
        ("kernel.propagation", TEST, {"root.propagation": "slave", **CONTAINER}, "info"),
        ("kernel.lockdown", PRODUCTION, {"lockdown": "integrity"}, "ok"),
        ("kernel.lockdown", CILIUM, {"lockdown": "none"}, "ok"),
        ("kernel.lockdown", CILIUM, {"lockdown": "integrity"}, "warning"),
        ("kernel.lockdown", CILIUM, {"lockdown": "confidentiality"}, "warning"),
        ("kernel.arp", PRODUCTION, {"arp_ignore": ["all 0", "ens3 1"]}, "ok"),
        ("kernel.arp", PRODUCTION, {"arp_ignore": ["all 0", "ens3 2"]}, "warning"),
        ("kernel.arp", PRODUCTION, {"arp_ignore": ["all 8", "ens3 0"]}, "warning"),
        ("kernel.arp", PRODUCTION, {"arp_ignore": ["all 0", "lo 8"]}, "ok"),
        ("kernel.arp", shapes()["ipv6"], {"arp_ignore": ["all 8"]}, "ok"),
    ],
)
def test_what_is_said_of_a_host(
    check: str, cluster: ClusterSpec, facts: dict[str, object], verdict: str
) -> None:
    found = ask(check, facts, cluster=cluster)
    assert found.verdict == verdict, found
    if verdict == "warning":
        assert found.fix
        assert found.expected

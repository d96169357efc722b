"""Checks of the system: what a host tells → what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks import system, system_security
from steps.checks.system_machine import AZURE_TAG, ORACLE_TAG
from tests.unit.checks import ask, must_say
from tests.unit.specs import PLANES, WORKERS, shapes, spec

PRODUCTION = spec(profile="production")
TEST = spec(profile="test")
STORAGE = spec(
    profile="production",
    hosts=[*PLANES, *WORKERS[1:], {**WORKERS[0], "roles": ["worker", "storage"]}],
)
DEDICATED = shapes()["dedicated-lb"].model_copy(update={"profile": "production"})
NGINX = shapes()["nginx"].model_copy(update={"profile": "production"})
ARM = {"arch": "aarch64", "cpu.missing": None}
CONTAINER = {"virt": "lxc"}


def containerd(**settings: object) -> ClusterSpec:
    return spec(profile="production", advanced={"containerd": settings})


@pytest.mark.parametrize("check", system.CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize("cluster", [PRODUCTION, TEST], ids=["production", "test"])
def test_a_healthy_host_passes(check: Any, cluster: ClusterSpec) -> None:
    found = ask(check.id, {"cpus": "8"}, cluster=cluster)
    assert found.verdict == "ok", found
    assert found.seen


@pytest.mark.parametrize("check", system.CHECKS, ids=lambda check: check.id)
def test_a_host_that_tells_nothing_is_not_judged(check: Any) -> None:
    told = ask(check.id, dict.fromkeys(EVERYTHING))
    assert told.verdict == ("blocked" if check.id == "system.os" else "skipped"), told
    assert told.seen


EVERYTHING = (
    "os.id", "os.like", "os.version", "os.name", "arch", "uid", "init", "systemd.state", "virt",
    "vendor", "product", "cpu.missing", "hostname", "hostname.static", "cloudinit", "selinux",
    "apparmor", "apparmor.parser", "fips", "uptime", "load", "cpu.steal", "kernel.log",
    "limit.files", "limit.tasks", "hugepages", "numa", "cpus",
)  # fmt: skip


def os_is(own: str | None, like: str | None, version: str | None) -> dict[str, object]:
    return {"os.id": own, "os.like": like, "os.version": version, "os.name": None}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (os_is("debian", None, "13"), "ok"),
        (os_is("debian", None, "11"), "ok"),
        (os_is("debian", None, "10"), "warning"),
        (os_is("debian", None, None), "info"),
        (os_is("ubuntu", "debian", "24.04"), "ok"),
        (os_is("ubuntu", "debian", "20.04"), "ok"),
        (os_is("ubuntu", "debian", "18.04"), "warning"),
        (os_is("linuxmint", "ubuntu debian", "21"), "ok"),
        (os_is("rhel", "fedora", "9.4"), "info"),
        (os_is("rocky", "rhel centos fedora", "9.4"), "info"),
        (os_is("almalinux", "rhel centos fedora", "10.0"), "info"),
        (os_is("centos", "rhel fedora", "10"), "info"),
        (os_is("rocky", "rhel centos fedora", "8.10"), "warning"),
        (os_is("rocky", "rhel centos fedora", "11.0"), "info"),
        (os_is("centos", "rhel fedora", "7"), "blocked"),
        (os_is("centos", "rhel fedora", None), "info"),
        (os_is("fedora", None, "43"), "info"),
        (os_is("amzn", "fedora", "2023"), "info"),
        (os_is("amzn", "centos rhel fedora", "2"), "blocked"),
        (os_is("arch", None, None), "blocked"),
        (os_is(None, None, None), "blocked"),
        (os_is("\x7fELF", "garbage", "x"), "blocked"),
    ],
)
def test_distributions(facts: dict[str, object], verdict: str) -> None:
    found = ask("system.os", facts)
    assert found.verdict == verdict, found
    if verdict in ("blocked", "warning"):
        assert found.fix
    if facts["os.id"] in ("rhel", "rocky", "almalinux"):
        assert str(facts["os.version"]) in found.seen
        assert "whole cluster" in found.seen or verdict == "warning"


UNIT = "systemd.failed"

SAID = [
    ("system.root", {"uid": "1000"}, "blocked", "1000"),
    ("system.arch", {"arch": "aarch64"}, "ok", "aarch64"),
    ("system.arch", {"arch": "riscv64"}, "blocked", "riscv64"),
    ("system.arch", {"arch": "i686"}, "blocked", "i686"),
    ("system.cpu-level", {"cpu.missing": "sse4_2 popcnt"}, "warning", "popcnt"),
    ("system.cpu-level", ARM, "ok", "aarch64"),
    ("system.init", {"init": "openrc-init"}, "blocked", "openrc-init"),
    ("system.units", {"systemd.state": "starting"}, "warning", "starting"),
    ("system.units", {"systemd.state": "maintenance"}, "blocked", "maintenance"),
    ("system.units", {"systemd.state": "offline"}, "skipped", "systemd"),
    ("system.units", {"init": "sysvinit"}, "skipped", "systemd"),
    ("system.units", {"systemd.state": "degraded", UNIT: ["a.mount", "b.service"]}, "warning",
     "a.mount, b.service"),
    ("system.units", {"systemd.state": "degraded", UNIT: "a.mount", **CONTAINER}, "info",
     "a.mount"),
    ("system.virtualisation", {"virt": "none"}, "ok", "bare metal"),
    ("system.virtualisation", {"virt": "lxc"}, "blocked", "lxc"),
    ("system.virtualisation", {"virt": "systemd-nspawn"}, "blocked", "nspawn"),
    ("system.hostname", {"hostname": "localhost"}, "blocked", "localhost"),
    ("system.hostname", {"hostname": "localhost.localdomain"}, "blocked", "localhost"),
    ("system.hostname", {"hostname.static": "localhost"}, "blocked", "localhost"),
    ("system.hostname", {"hostname": "12345"}, "blocked", "number"),
    ("system.hostname", {"hostname": "my_host"}, "blocked", "my_host"),
    ("system.hostname", {"hostname": "-cp1"}, "blocked", "-cp1"),
    ("system.hostname", {"hostname": "a" * 63, "hostname.static": None}, "info", "aaa"),
    ("system.hostname", {"hostname": "a" * 64}, "blocked", "64 characters"),
    ("system.hostname", {"hostname.static": "a" * 300}, "blocked", "300 characters"),
    ("system.hostname", {"hostname": "cp1.lan", "hostname.static": "cp1.lan"}, "ok", "cp1.lan"),
    ("system.hostname", {"hostname": "web7", "hostname.static": "web7"}, "info", "cp1"),
    ("system.hostname-kept", {"cloudinit": "disabled"}, "ok", "disabled"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "cp1"}, "ok", "cp1"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "cp1.lan"}, "ok", "cp1"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "vm-1"}, "warning",
     "vm-1"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "vm-1",
     "cloudinit.preserve": "yes"}, "ok", "preserve_hostname"),
    ("system.selinux", {"selinux": "permissive"}, "ok", "permissive"),
    ("system.selinux", {"selinux": "permissive", "selinux.config": "enforcing"}, "info",
     "after the next boot"),
    ("system.selinux", {"selinux": "enforcing", "selinux.container": "no"}, "blocked", "policy"),
    ("system.selinux", {"selinux": "enforcing", "selinux.container": "yes"}, "info",
     "containerd"),
    ("system.apparmor", {"apparmor.parser": "no"}, "blocked", "apparmor_parser"),
    ("system.apparmor", {"apparmor": "no", "apparmor.parser": "no"}, "ok", "off"),
    ("system.agents", {"process": "fapolicyd"}, "warning", "fapolicyd"),
    ("system.agents", {"process": ["falcon-sensor", "s1-agent"]}, "warning", "CrowdStrike"),
    ("system.agents", {"process": "multipathd"}, "ok", "none"),
    ("system.fips", {"fips": "yes"}, "warning", "on"),
    ("system.first-boot", {"cloudinit": "running"}, "warning", "cloud-init"),
    ("system.first-boot", {"uptime": "299.9"}, "info", "299"),
    ("system.first-boot", {"uptime": "300"}, "ok", "5 min"),
    ("system.load", {"cpus": "4", "load": "9 9 4.0"}, "ok", "4"),
    ("system.load", {"cpus": "4", "load": "0 0 4.1"}, "warning", "4.1"),
    ("system.load", {"cpus": "4", "load": "0 0 4.1", **CONTAINER}, "info", "4.1"),
    ("system.load", {"cpus": "4", "load": "a b c"}, "skipped", "load"),
    ("system.load", {"cpus": "0", "load": "0 0 1"}, "skipped", "load"),
    ("system.steal", {"cpu.steal": "10.0"}, "ok", "10"),
    ("system.steal", {"cpu.steal": "10.1"}, "warning", "10.1"),
    ("system.steal", {"cpu.steal": "nan"}, "skipped", "processors"),
    ("system.kernel-log", {"kernel.log": "unreadable"}, "skipped", "log"),
    ("system.kernel-log", {"kernel.trouble": "io 3 I/O error, dev sda"}, "warning", "dev sda"),
    ("system.kernel-log", {"kernel.trouble": "oom 1 Killed process 7"}, "warning", "memory"),
    ("system.kernel-log", {"kernel.trouble": "hung 1 task x"}, "warning", "hung"),
    ("system.kernel-log", {"kernel.trouble": "hardware 1 mce"}, "warning", "hardware"),
    ("system.kernel-log", {"kernel.trouble": "io 3 I/O error", **CONTAINER}, "info", "machine"),
    ("system.limits", {"limit.files": "65535"}, "warning", "65535 open files"),
    ("system.limits", {"limit.files": "65536"}, "ok", "enough"),
    ("system.limits", {"limit.tasks": "511"}, "warning", "511 tasks"),
    ("system.limits", {"limit.tasks": "512"}, "ok", "enough"),
    ("system.limits", {"limit.files": "infinity", "limit.tasks": "infinity"}, "ok", "enough"),
    ("system.limits", {"limit.files": "many", "limit.tasks": None}, "skipped", "limits"),
    ("system.layout", {"hugepages": "512 2048"}, "info", "1024 MB"),
    ("system.layout", {"isolcpus": "2-7", "numa": "2"}, "info", "2-7"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "verdict", "seen"), SAID)
def test_what_is_said_of_a_host(check: str, facts: Any, verdict: str, seen: str) -> None:
    must_say(check, facts, verdict, seen)


@pytest.mark.parametrize(
    ("virt", "verdict"),
    [("systemd-nspawn", "info"), ("docker", "warning"), ("openvz", "warning"), ("kvm", "ok")],
)
def test_containers_in_a_test(virt: str, verdict: str) -> None:
    assert ask("system.virtualisation", {"virt": virt}, cluster=TEST).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict", "seen"),
    [
        ({"vendor": "Amazon EC2"}, "blocked", "AWS"),
        ({"vendor": "Google", "product": "Google Compute Engine"}, "blocked", "Google"),
        ({"vendor": "Microsoft Corporation", "chassis.tag": AZURE_TAG}, "blocked", "Azure"),
        ({"vendor": "Microsoft Corporation"}, "ok", "Microsoft"),
        ({"vendor": "Xen", "product-uuid": "EC2A1B2C-0"}, "blocked", "AWS"),
        ({"vendor": "Xen"}, "ok", "Xen"),
        ({"vendor": "QEMU", "chassis.tag": ORACLE_TAG}, "blocked", "Oracle"),
        ({"vendor": "Hetzner"}, "blocked", "Hetzner"),
        ({"vendor": "OpenStack Foundation"}, "warning", "OpenStack"),
        ({"vendor": "RDO", "product": "OpenStack Compute"}, "warning", "OpenStack"),
        ({"vendor": "Dell Inc."}, "ok", "Dell"),
        ({"vendor": None}, "skipped", "firmware"),
        ({"vendor": "Amazon EC2", "virt": "systemd-nspawn"}, "skipped", "container"),
    ],
)
def test_virtual_addresses_in_clouds(facts: Any, verdict: str, seen: str) -> None:
    found = ask("system.virtual-address", facts)
    assert found.verdict == verdict
    assert seen in found.seen
    if verdict in ("blocked", "warning"):
        assert (found.fix_kind, found.fix_with) == ("answer", "endpoint")


def on(check: str, cluster: ClusterSpec, host: str) -> bool:
    found = next(one for one in system.CHECKS if one.id == check)
    return found.on(cluster, cluster.host(host))


def test_only_hosts_that_announce_an_address_are_asked_for_their_cloud() -> None:
    assert on("system.virtual-address", PRODUCTION, "cp1")
    assert on("system.virtual-address", shapes()["kube-vip"], "cp1")
    assert on("system.virtual-address", DEDICATED, "lb1")
    assert not on("system.virtual-address", DEDICATED, "cp1")
    assert not on("system.virtual-address", PRODUCTION, "wk1")
    assert not on("system.virtual-address", shapes()["kube-vip-bgp"], "cp1")
    assert not on("system.virtual-address", shapes()["external-balancer"], "cp1")


ETC, RUN = "/etc/systemd/system", "/run/systemd/system"


@pytest.mark.parametrize(
    ("cluster", "host", "rows", "command"),
    [
        (PRODUCTION, "cp1", [f"kubelet.service {ETC}/kubelet.service"],
         "systemctl unmask kubelet.service"),
        (PRODUCTION, "cp1", [f"kubelet.service {ETC}/kubelet.service",
         f"containerd.service {RUN}/containerd.service"],
         "systemctl unmask kubelet.service && systemctl unmask --runtime containerd.service"),
        (PRODUCTION, "cp1", [f"haproxy.service {ETC}/haproxy.service",
         f"keepalived.service {ETC}/keepalived.service"],
         "systemctl unmask haproxy.service keepalived.service"),
        (PRODUCTION, "wk1", [f"haproxy.service {ETC}/haproxy.service"], ""),
        (DEDICATED, "lb1", [f"kubelet.service {ETC}/kubelet.service"], ""),
        (NGINX, "cp1", [f"nginx.service {ETC}/nginx.service"], "systemctl unmask nginx.service"),
        (NGINX, "cp1", [f"nginx.service {RUN}/nginx.service"], ""),
        (NGINX, "cp1", [f"haproxy.service {ETC}/haproxy.service"], ""),
        (TEST, "cp1", [f"chrony.service {ETC}/chrony.service"], ""),
    ],
)  # fmt: skip
def test_masked_units(cluster: ClusterSpec, host: str, rows: list[str], command: str) -> None:
    found = ask("system.masked", {"unit.masked": rows}, host=host, cluster=cluster)
    assert found.verdict == ("blocked" if command else "ok")
    assert found.fix_with == command


def test_chrony_is_needed_only_where_nobody_else_sets_the_clock() -> None:
    masked = {"unit.masked": f"chrony.service {ETC}/chrony.service"}
    assert ask("system.masked", {**masked, "time.service": None}).verdict == "blocked"
    assert ask("system.masked", {**masked, "time.service": "systemd-timesyncd"}).verdict == "ok"


def test_the_host_is_named_as_in_the_cluster_file() -> None:
    found = ask("system.hostname", {"hostname": "$(reboot)"})
    assert found.fix_with == "hostnamectl set-hostname cp1"


def test_containerd_may_leave_security_modules_alone() -> None:
    off = containerd(disable_apparmor=True)
    assert ask("system.apparmor", {"apparmor.parser": "no"}, cluster=off).verdict == "ok"
    told = containerd(enable_selinux=True)
    selinux = {"selinux": "enforcing", "selinux.container": "yes"}
    assert ask("system.selinux", selinux, cluster=told).verdict == "ok"


def test_the_policy_of_containers_is_installed_where_there_is_one() -> None:
    enforcing = {"selinux": "enforcing", "selinux.container": "no"}
    assert ask("system.selinux", enforcing).fix_with == system_security.PERMISSIVE
    found = ask("system.selinux", {**enforcing, "os.id": "rocky"})
    assert (found.verdict, found.fix_kind, found.fix_with) == ("info", "haui", "packages.base")
    permissive = spec(system={"selinux": "permissive"})
    found = ask("system.selinux", enforcing, cluster=permissive)
    assert (found.verdict, found.fix_with) == ("info", "system.selinux")


def test_multipath_matters_to_storage() -> None:
    running = {"process": "multipathd"}
    assert ask("system.multipath", running, host="wk1", cluster=STORAGE).verdict == "warning"
    assert on("system.multipath", STORAGE, "wk1")
    assert not on("system.multipath", STORAGE, "wk2")


def test_the_worst_complaint_of_the_kernel_comes_first() -> None:
    troubles = ["hung 2 task", "oom 1 killed", "io 9 dev sdb"]
    found = ask("system.kernel-log", {"kernel.trouble": troubles})
    assert found.seen.index("sdb") < found.seen.index("killed") < found.seen.index("task")

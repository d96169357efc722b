"""Preflight of one host: each trouble is named, with the fix, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps import endpoint, preflight
from tests.unit.shell_host import Ran, ShellHost, with_systemctl
from tests.unit.specs import PLANES, WORKERS, shapes, spec

(STEP,) = preflight.STEPS
FREE = "127.0.0.1:22 sshd"


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    """A host on which nothing is wrong."""
    host = ShellHost(tmp_path)
    with_systemctl(host)
    (host.folder / "root/run/systemd/system").mkdir(parents=True)
    (host.folder / "root/var/lib").mkdir(parents=True)
    (host.folder / "root/sys/fs/cgroup").mkdir(parents=True)
    host.write("/proc/filesystems", "nodev\toverlay\n")
    host.write("/proc/sys/net/bridge/x", "")
    host.write("/proc/sys/net/netfilter/nf_conntrack_max", "1")
    memory(host, 64000)
    host.fake("modprobe", "exit 1")
    host.fake("id", "echo 0")
    host.fake("nproc", "echo 32")
    host.fake("uname", "case $1 in -m) echo x86_64 ;; *) echo 6.1.0-1 ;; esac")
    host.fake("df", "echo head; echo /dev/sda 2000000000 1 1 1% /")
    host.fake("stat", "echo cgroup2fs")
    host.fake("timedatectl", "echo yes")
    host.fake("chronyc", "exit 1")
    host.fake("systemd-detect-virt", "exit 1")
    host.fake("ping", "exit 1")
    host.fake("ss")
    host.fake("ip", IP)
    return host


IP = """
case "$*" in
    "-o addr show"*) echo "2: eth0    inet 10.30.0.11/24 scope global eth0" ;;
    "-o route get"*) cat "$STATE/route" 2>/dev/null || echo "$4 dev eth0 src 10.30.0.11 uid 0" ;;
    "neigh show"*) cat "$STATE/neigh-$3" 2>/dev/null ;;
esac
"""


def memory(host: ShellHost, megabytes: int) -> None:
    host.write("/proc/meminfo", f"MemTotal: {megabytes * 1024} kB\n")


def check(host: ShellHost, cluster: ClusterSpec | None = None, name: str = "cp1") -> Ran:
    cluster = cluster or spec(profile="production")
    call = STEP.work(cluster, cluster.host(name), {}).probe
    assert call is not None
    return host.run(call.script, call.env)


def blocked(ran: Ran) -> set[str]:
    assert ran.status == 0, ran.stderr
    found = [f for f in ran.findings.values() if f.verdict == "blocked"]
    assert all(f.expected.endswith(".") for f in found), "each needs a fix in words"
    return {f.what for f in found}


def test_a_good_host_passes_with_evidence_for_each_check(host: ShellHost) -> None:
    ran = check(host)
    assert ran.done, ran.stdout
    assert {f.verdict for f in ran.findings.values()} == {"ok"}
    assert len(ran.findings) >= 15


def test_nothing_is_changed(host: ShellHost) -> None:
    before = sorted(str(path) for path in (host.folder / "root").rglob("*"))
    check(host)
    assert sorted(str(path) for path in (host.folder / "root").rglob("*")) == before
    assert not any(call.startswith("systemctl") and "is-" not in call for call in host.calls)


@pytest.mark.parametrize("text", ['ID="rhel"', 'ID=rocky\nID_LIKE="rhel centos fedora"', "ID=arch"])
def test_other_families_are_refused(host: ShellHost, text: str) -> None:
    host.write("/etc/os-release", f"{text}\nPRETTY_NAME=X\n")
    assert blocked(check(host)) == {"operating system"}


def test_derivatives_of_debian_are_debian(host: ShellHost) -> None:
    host.write("/etc/os-release", 'ID=linuxmint\nID_LIKE="ubuntu debian"\nPRETTY_NAME=Mint\n')
    assert check(host).done


def test_small_hosts_stop_production_and_are_said_in_a_test(host: ShellHost) -> None:
    host.fake("nproc", "echo 2")
    memory(host, 2000)
    host.fake("df", "echo head; echo /dev/sda 8000000 1 1 1% /")
    small = {"processors", "memory", "disk of /var/lib"}
    assert blocked(check(host)) == small
    said = check(host, spec(profile="test"))
    assert said.done
    assert {what for what in small if said.verdict(what) == "info"} == small - {"processors"}


def test_kubeadms_own_floor_holds_in_every_profile(host: ShellHost) -> None:
    host.fake("nproc", "echo 1")
    memory(host, 1600)
    assert blocked(check(host, spec(profile="test"))) == {"processors", "memory"}
    assert check(host, spec(profile="test"), "wk1").done
    told = spec(profile="test", advanced={"ignore_preflight_errors": ["NumCPU", "Mem"]})
    assert check(host, told).done


def test_memory_may_miss_what_firmware_takes(host: ShellHost) -> None:
    memory(host, 15000)
    assert check(host).verdict("memory") == "ok"


def test_cgroup_v1_is_refused_where_kubernetes_refuses_it(host: ShellHost) -> None:
    host.fake("stat", "echo tmpfs")
    assert check(host).verdict("cgroups") == "info"
    new: dict[str, Any] = {"kubernetes": {"version": "1.35.0"}, "profile": "production"}
    assert blocked(check(host, spec(**new))) == {"cgroups"}
    kubelet = {"KubeletConfiguration": {"failCgroupV1": False}}
    assert check(host, spec(**new, advanced={"kubeadm": kubelet})).verdict("cgroups") == "info"


def test_a_missing_module_is_found_before_the_first_change(host: ShellHost) -> None:
    (host.folder / "root/proc/sys/net/bridge/x").unlink()
    (host.folder / "root/proc/sys/net/bridge").rmdir()
    assert blocked(check(host)) == {"kernel module br_netfilter"}


def test_a_node_of_another_cluster_is_left_alone(host: ShellHost) -> None:
    config = "clusters:\n- cluster:\n    server: https://{}\n"
    host.write("/etc/kubernetes/kubelet.conf", config.format("other:6443"))
    assert blocked(check(host)) == {"other Kubernetes"}
    host.write("/etc/kubernetes/kubelet.conf", config.format("api.atlas.lan:8443"))
    assert check(host).done
    host.write("/etc/kubernetes/kubelet.conf", config.format("10.0.0.11:6443"))
    host.env["HAUI_ADDRESS"] = "10.0.0.11"
    assert check(host).verdict("other Kubernetes") == "ok"
    host.write("/etc/kubernetes/admin.conf", config.format("other:6443"))
    assert check(host).verdict("other Kubernetes") == "blocked"


def test_other_distributions_of_kubernetes_are_found(host: ShellHost) -> None:
    host.write("/etc/rancher/k3s/config.yaml", "")
    assert blocked(check(host)) == {"other Kubernetes"}


@pytest.fixture(autouse=True)
def address(host: ShellHost) -> None:
    host.env["HAUI_ADDRESS"] = "10.30.0.11"


def test_the_address_must_be_the_hosts_own(host: ShellHost) -> None:
    host.env["HAUI_ADDRESS"] = "10.30.0.1"
    ran = check(host, name="wk1")
    assert blocked(ran) == {"address 10.30.0.1"}
    assert "10.30.0.11/24" in ran.findings["address 10.30.0.1"].seen


@pytest.mark.parametrize(
    ("route", "verdict"),
    [
        ("10.30.0.100 dev eth0 src 10.30.0.11 uid 0", "ok"),
        ("local 10.30.0.100 dev lo src 10.30.0.100 uid 0", "ok"),
        ("10.30.0.100 via 10.30.0.1 dev eth0 src 10.30.0.11 uid 0", "blocked"),
        ("10.30.0.100 dev eth1 src 10.40.0.11 uid 0", "blocked"),
        ("RTNETLINK answers: Network is unreachable", "blocked"),
    ],
)
def test_the_virtual_address_must_be_in_the_subnet(
    host: ShellHost, route: str, verdict: str
) -> None:
    (Path(host.env["STATE"]) / "route").write_text(route)
    assert check(host).verdict("virtual address 10.30.0.100") == verdict
    assert "virtual address 10.30.0.100" not in check(host, name="wk1").findings


def test_a_virtual_address_that_somebody_else_holds_is_found(host: ShellHost) -> None:
    def neighbour(address: str, link: str) -> None:
        path = Path(host.env["STATE"]) / f"neigh-{address}"
        path.write_text(f"{address} dev eth0 lladdr {link} REACHABLE\n")

    neighbour("10.30.0.100", "aa:aa")
    neighbour("10.30.0.12", "bb:bb")
    assert blocked(check(host)) == {"virtual address in use"}
    neighbour("10.30.0.13", "aa:aa")
    ran = check(host)
    assert ran.done
    assert ran.findings["virtual address in use"].seen == "by 10.30.0.13"


def test_clocks(host: ShellHost) -> None:
    host.fake("timedatectl", "echo no")
    assert check(host).verdict("time") == "info"  # no service yet: a step installs one
    (Path(host.env["STATE"]) / "active").write_text("chrony\n")
    assert blocked(check(host)) == {"time"}
    assert check(host, spec(profile="test")).verdict("time") == "info"
    host.fake("chronyc", "echo 'Leap status     : Normal'")
    assert check(host).verdict("time") == "ok"


def listening(host: ShellHost, *held: tuple[int, str]) -> None:
    rows = [f"echo 'LISTEN 0 1 *:{p} *:* users:((\"{name}\",pid=7,fd=3))'" for p, name in held]
    host.fake("ss", "\n".join(rows))


def test_ports_held_by_strangers_are_found_and_those_of_the_cluster_are_not(
    host: ShellHost,
) -> None:
    listening(host, (6443, "nginx"), (10250, "kubelet"), (80, "nginx"), (2379, "etcd"))
    ran = check(host)
    assert blocked(ran) == {"port 6443"}
    assert ran.findings["port 6443"].seen == "held by nginx"
    listening(host, (6443, "kube-apiserver"), (10257, "kube-controller"), (8443, "haproxy"))
    assert check(host).done


@pytest.mark.parametrize(
    ("shape", "held"), [("nginx", (8443, "nginx")), ("kube-vip", (2112, "kube-vip"))]
)
def test_what_listens_for_the_endpoint_is_ours_by_its_kind(
    host: ShellHost, shape: str, held: tuple[int, str]
) -> None:
    listening(host, held)
    assert check(host, shapes()[shape]).verdict(f"port {held[0]}") == "ok"
    listening(host, (held[0], "haproxy"))
    assert blocked(check(host, shapes()[shape])) == {f"port {held[0]}"}


def test_an_address_that_is_announced_by_arp_is_looked_for_and_a_routed_one_is_not(
    host: ShellHost,
) -> None:
    assert check(host, shapes()["kube-vip"]).verdict("virtual address in use") == "ok"
    assert "virtual address in use" not in check(host, shapes()["kube-vip-bgp"]).findings


def test_a_port_that_ends_like_another_is_another(host: ShellHost) -> None:
    listening(host, (16443, "nginx"))
    assert check(host).done


def test_ports_follow_the_roles() -> None:
    cluster = shapes()["dedicated-lb"]
    assert preflight.ports(cluster, cluster.host("lb1")) == (6443, endpoint.LOCAL_PORT)
    assert preflight.ports(cluster, cluster.host("wk1")) == (10250,)
    assert 2379 in preflight.ports(cluster, cluster.host("cp1"))
    external = shapes()["external-etcd"]
    assert 2379 not in preflight.ports(external, external.host("cp1"))
    assert 2380 in preflight.ports(external, external.host("etcd1"))
    assert 8443 in preflight.ports(external, external.host("cp1"))


def test_sizes_of_several_roles_add_up() -> None:
    both = [{**PLANES[0], "roles": ["control-plane", "worker"]}]
    single = {"topology": {"kind": "single"}, "hosts": both + WORKERS}
    assert preflight.minimum(spec(**single), spec(**single).hosts[0]) == (6, 11776, 40)
    production = spec(**single, profile="production")
    assert preflight.minimum(production, production.hosts[0]) == (16, 32768, 80)
    assert preflight.minimum(production, production.host("wk1")) == (8, 16384, 40)

"""What the scripts tell of other clusters, runtimes and services, on faked hosts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from haui.evidence import Facts
from tests.unit.facts_of import look_at_garbage, look_with
from tests.unit.network_host import quiet_host, state
from tests.unit.shell_host import ShellHost

UNITS = """Id=chrony.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=chrony.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

UnitFileState=
ActiveState=inactive
Id=nosuch.service
LoadState=not-found

LoadState=masked
ActiveState=inactive
Id=firewalld.service
UnitFileState=masked

Id=nm-cloud-setup.timer
LoadState=loaded
ActiveState=active
UnitFileState="""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = quiet_host(tmp_path)
    for name in ("containerd", "ctr", "docker"):
        host.fake(name, "exit 1")
    return host


def kubernetes(host: ShellHost) -> Facts:
    return look_with(host, "facts_programs", "facts_kubernetes")


def test_services_in_one_question(host: ShellHost) -> None:
    state(host, "show", UNITS)
    host.fake("systemctl", 'cat "$STATE/show"')
    assert kubernetes(host).all("unit") == (
        "chrony active enabled", "firewalld inactive masked", "nm-cloud-setup.timer active -",
    )  # fmt: skip
    assert len([call for call in host.calls if call.startswith("systemctl")]) == 1


CONFIG = "clusters:\n- cluster:\n    server: {}\n  name: x\n"


def test_the_server_of_admin_conf_comes_first(host: ShellHost) -> None:
    assert kubernetes(host).one("kubernetes.server") is None
    host.write("/etc/kubernetes/kubelet.conf", CONFIG.format("https://10.0.0.11:6443"))
    assert kubernetes(host).one("kubernetes.server") == "https://10.0.0.11:6443"
    host.write("/etc/kubernetes/admin.conf", CONFIG.format('"https://u:secret@api.lan:8443"'))
    facts = kubernetes(host)
    assert facts.all("kubernetes.server") == ("https://api.lan:8443",)
    assert facts.all("kubernetes.file") == (
        "/etc/kubernetes/admin.conf", "/etc/kubernetes/kubelet.conf",
    )  # fmt: skip


def test_what_lies_about(host: ShellHost) -> None:
    for path in ("/etc/kubernetes/manifests/etcd.yaml", "/etc/kubernetes/pki/ca.crt",
                 "/var/lib/kubelet/config.yaml", "/etc/rancher/k3s/config.yaml",
                 "/var/lib/k0s/x", "/etc/cni/net.d/10-calico.conflist", "/etc/cni/net.d/README",
                 "/etc/cni/net.d/a b.conf", "/var/lib/calico/nodename",
                 "/var/lib/cni/networks/cbr0/10.244.0.2",
                 "/var/lib/cni/networks/podman/x"):  # fmt: skip
        host.write(path, "x")
    facts = kubernetes(host)
    assert facts.all("kubernetes.file") == (
        "/etc/kubernetes/manifests/etcd.yaml", "/etc/kubernetes/pki/ca.crt",
        "/var/lib/kubelet/config.yaml",
    )  # fmt: skip
    assert facts.all("kubernetes.other") == ("k3s /etc/rancher/k3s", "k0s /var/lib/k0s")
    assert facts.all("cni.config") == (
        "/etc/cni/net.d/a b.conf", "/etc/cni/net.d/10-calico.conflist",
    )  # fmt: skip
    assert facts.all("leftover") == ("/var/lib/calico", "/var/lib/cni/networks/cbr0")


def test_processes(host: ShellHost) -> None:
    for pid, name in ((1, "systemd"), (20, "kubelet"), (21, "conmon"), (22, "conmon"), (23, "")):
        host.write(f"/proc/{pid}/comm", f"{name}\n")
    host.write("/proc/net/comm", "kubelet\n")
    assert kubernetes(host).all("kubernetes.process") == ("conmon", "kubelet")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1", "1.6.20"),
        ("containerd containerd.io 1.7.27 05044ec0a9a7", "1.7.27"),
        ("containerd github.com/containerd/containerd/v2 v2.1.3 c787fb98", "2.1.3"),
        ("containerd x v2.0.0-rc.1 c787fb98", "2.0.0"),
        ("containerd: error", None),
    ],
)
def test_versions_of_containerd(host: ShellHost, said: str, version: str | None) -> None:
    host.fake("containerd", f"echo '{said}'")
    assert kubernetes(host).one("containerd.version") == version


def test_whose_configurations_are(host: ShellHost) -> None:
    host.write("/etc/containerd/config.toml", 'version = 2\ndisabled_plugins = ["cri"]\n')
    host.write("/etc/haproxy/haproxy.cfg", "# Written by haui; changes are lost\n")
    host.write("/etc/nginx/nginx.conf", "user www-data;\n")
    host.write("/etc/keepalived/keepalived.conf", "")
    facts = kubernetes(host)
    assert facts.one("containerd.config") == "foreign"
    assert facts.one("containerd.disabled") == '["cri"]'
    assert facts.all("balancer.config") == ("haproxy haui", "nginx foreign", "keepalived absent")


def test_running_containers(host: ShellHost, tmp_path: Path) -> None:
    host.fake(
        "ctr",
        """case "$*" in
    *"namespaces list -q") printf 'k8s.io\\nmoby\\nempty\\n' ;;
    *"-n k8s.io tasks list") printf 'TASK PID STATUS\\na 1 RUNNING\\nb 2 PAUSED\\nc 3 RUNNING\\n' ;;
    *"-n moby tasks list") printf 'TASK PID STATUS\\nd 4 RUNNING\\n' ;;
esac""",
    )
    host.fake("docker", "printf 'abc\\ndef\\n'")
    assert kubernetes(host).all("runtime.containers") == ()
    run = host.folder / "root/run/containerd"
    run.mkdir(parents=True)
    (host.folder / "root/var/run").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        one.bind(str(run / "containerd.sock"))
        two.bind(str(host.folder / "root/var/run/docker.sock"))
        assert kubernetes(host).all("runtime.containers") == (
            "containerd k8s.io 2", "containerd moby 1", "docker - 2",
        )  # fmt: skip


def test_chains_are_counted_by_how_their_names_begin(host: ShellHost) -> None:
    chains = ("KUBE-SERVICES", "KUBE-SEP-1", "CNI-HOSTPORT-DNAT", "INPUT", "cali-INPUT")
    text = "table ip filter {\n" + "".join(f"\tchain {name} {{\n\t}}\n" for name in chains)
    state(host, "nft", text + "}\ntable ip kube-proxy {\n}\n")
    host.fake("nft", 'cat "$STATE/nft"')
    host.write("/proc/net/ip_tables_names", "nat\n")
    host.fake(
        "iptables-legacy-save", "printf '*nat\\n:KUBE-OLD - [0:0]\\n:MINE - [0:0]\\nCOMMIT\\n'"
    )
    assert kubernetes(host).all("netfilter.chains") == (
        "CNI- 1", "KUBE- 3", "cali- 1", "kube-proxy 1",
    )  # fmt: skip


def test_nothing_is_there(host: ShellHost) -> None:
    facts = kubernetes(host)
    for key in ("unit", "kubernetes.server", "kubernetes.file", "kubernetes.other", "cni.config",
                "leftover", "netfilter.chains", "runtime.containers"):  # fmt: skip
        assert facts.all(key) == (), key
    assert facts.one("containerd.config") == "absent"


def test_files_of_garbage(host: ShellHost) -> None:
    paths = ("/etc/kubernetes/admin.conf", "/etc/kubernetes/kubelet.conf", "/proc/7/comm",
             "/etc/containerd/config.toml", "/etc/haproxy/haproxy.cfg")  # fmt: skip
    assert look_at_garbage(host, paths, "facts_kubernetes").one("containerd.config") == "foreign"

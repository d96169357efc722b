"""The reset of a node: kubeadm, the pod network, containerd; by /bin/sh in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.events import EtcdData
from steps.load import body
from tests.unit.reset_host import ResetHost, rooted, undone
from tests.unit.specs import spec


@pytest.fixture
def host(tmp_path: Path) -> ResetHost:
    return ResetHost(tmp_path)


STEP = "reset.first_control_plane"
ENDPOINT = f"https://{spec().endpoint.name}:{spec().endpoint.port}"


def node(host: ResetHost, server: str = ENDPOINT) -> None:
    """A control plane that haui has made."""
    text = body("node_notes_lib") + "\nnote_node\n"
    host.on_record(text)
    host.begun("control_plane.init")
    host.write("/etc/kubernetes/kubelet.conf", f"    server: {server}\n")
    host.write("/etc/kubernetes/manifests/kube-vip.yaml", "x")
    host.write("/etc/kubernetes/pki/ca.key", "x")
    host.write("/var/lib/kubelet/pods/1/x", "x")
    host.write("/var/lib/etcd/member/wal", "x")
    host.write("/root/.kube/cache/x", "x")
    host.write("/var/log/pods/a/0.log", "x")
    host.unit("kubelet", "active", "enabled")


@pytest.mark.parametrize("data", ["keep", "remove"])
def test_nothing_of_a_node_stays_and_etcd_s_data_as_agreed(host: ResetHost, data: EtcdData) -> None:
    before = set(host.tree())
    node(host)
    assert not host.step(STEP, "probe", data).done
    undone(host, STEP, data)
    kept = {"var/lib/etcd", "var/lib/etcd/member", "var/lib/etcd/member/wal"}
    more = {"root", "var/log"}  # of the system, elsewhere
    assert set(host.tree()) - before - more == (kept if data == "keep" else set())
    (call,) = {call for call in host.calls if call.startswith("kubeadm")}
    flags = "--skip-phases=remove-etcd-member --kubeconfig /dev/null"
    assert call.startswith(f"kubeadm reset -f {flags} --cri-socket ")
    assert call.endswith(" unix:///run/containerd/containerd.sock")
    assert "systemctl stop kubelet" in host.calls


def test_a_node_is_undone_without_kubeadm_and_runtime(host: ResetHost) -> None:
    node(host)
    for command in ("kubeadm", "ctr"):
        host.fake(command, "exit 1")
    undone(host, STEP, "remove")


def test_the_node_of_another_cluster_is_left_alone(host: ResetHost) -> None:
    node(host, "https://other.lan:6443")
    probe = host.step(STEP, "probe", "remove")
    assert probe.verdict("node") == "blocked"
    assert "https://other.lan:6443" in probe.findings["node"].seen
    assert host.step(STEP, "apply", "remove").status == 1
    assert host.read("/etc/kubernetes/pki/ca.key") == "x"
    assert not any(call.startswith(("kubeadm", "systemctl stop")) for call in host.calls)


def test_folders_that_were_there_keep_what_was_in_them(host: ResetHost) -> None:
    host.write("/etc/cni/net.d/99-theirs.conf", "x")
    host.write("/opt/cni/bin/theirs", "x")
    node(host)
    host.write("/etc/cni/net.d/10-flannel.conflist", "x")
    host.write("/opt/cni/bin/flannel", "x")
    host.write("/var/lib/cni/networks/x", "x")
    assert not host.step("reset.network", "probe").done
    undone(host, "reset.network")
    assert sorted(p.name for p in rooted(host, "/etc/cni/net.d").iterdir()) == ["99-theirs.conf"]
    assert sorted(p.name for p in rooted(host, "/opt/cni/bin").iterdir()) == ["theirs"]
    assert not rooted(host, "/var/lib/cni").exists()


RULES = """\
*nat
:KUBE-SERVICES - [0:0]
:PREROUTING ACCEPT [7:8]
:DOCKER - [0:0]
[1:2] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
[3:4] -A PREROUTING -j DOCKER
[0:0] -A DOCKER -s 10.1.2.3/32 -m comment --comment "our KUBE-like rule" -j ACCEPT
[5:6] -A FORWARD -m comment --comment "flanneld forward" -j ACCEPT
[0:0] -A POSTROUTING -m comment --comment haui-pods-outward -j MASQUERADE
COMMIT
"""


def test_rules_of_services_and_pods_go_and_those_of_others_stay(host: ResetHost) -> None:
    node(host)
    table = host.state / "iptables"
    table.write_text(RULES)
    show = f"cat {table}" + r" | { [ $# -gt 0 ] && cat || sed 's/^\[[0-9:]*\] //'; }"
    host.fake("iptables-save", show)
    host.fake("iptables-restore", f"cat >{table}.new && mv {table}.new {table}")
    links = host.state / "links"
    links.write_text("1: eth0@if7: <UP>\n2: cni0: <UP>\n3: flannel.1: <UP>\n4: cali12@if3: <UP>\n")
    drop = 'grep -v ": $3[:@]" "$STATE/links" >"$STATE/new"; mv "$STATE/new" "$STATE/links"'
    host.fake(
        "ip", f'case "$*" in *"link show") cat "$STATE/links" ;; "link delete "*) {drop} ;; esac'
    )
    host.on_record("note_before interface cali12 present")
    seen = host.step("reset.network", "probe")
    assert seen.findings["rules of Services and pods in iptables"].seen == "4"
    undone(host, "reset.network")
    assert table.read_text().splitlines() == [
        line for line in RULES.splitlines()
        if "KUBE-SERVICES" not in line and "flanneld" not in line and "haui-pods" not in line
    ]  # fmt: skip
    left = [line.split()[1] for line in links.read_text().splitlines()]
    assert left == ["eth0@if7:", "cali12@if3:"]


def test_a_containerd_of_haui_goes_with_its_data_and_another_stays(host: ResetHost) -> None:
    host.unit("containerd", "active", "enabled")
    host.on_record("note_before unit containerd 'enabled active'")
    host.write("/var/lib/containerd/x", "x")
    assert host.step("reset.runtime", "probe").findings["containerd"].seen.startswith("stays")
    undone(host, "reset.runtime")
    assert "systemctl stop containerd" not in host.calls
    assert host.read("/var/lib/containerd/x") == "x"


def test_a_containerd_of_haui_is_stopped_and_its_data_goes(host: ResetHost) -> None:
    host.on_record(
        'note_before unit containerd "not-found inactive"\n'
        'note_folder "$HAUI_ROOT/var/lib/containerd"'
    )
    host.unit("containerd", "active", "enabled")
    host.write("/var/lib/containerd/x/y", "x")
    host.write("/run/containerd/z", "x")
    assert not host.step("reset.runtime", "probe").done
    undone(host, "reset.runtime")
    assert not rooted(host, "/var/lib/containerd").exists()
    assert not rooted(host, "/run/containerd").exists()


def test_a_link_to_a_plugin_goes_and_one_that_others_made_stays(host: ResetHost) -> None:
    host.write("/usr/lib/cni/bridge", "program")
    host.on_record(
        'keep_before "$HAUI_ROOT/opt/cni/bin/bridge"; mkdir -p "$HAUI_ROOT/opt/cni/bin"\n'
        'note_before link /opt/cni/bin/bridge "$HAUI_ROOT/usr/lib/cni/bridge"\n'
        'ln -s "$HAUI_ROOT/usr/lib/cni/bridge" "$HAUI_ROOT/opt/cni/bin/bridge"'
    )
    link = rooted(host, "/opt/cni/bin/bridge")
    assert host.step("reset.files", "probe").verdict("/opt/cni/bin/bridge") == "differs"
    link.unlink()
    link.symlink_to("/elsewhere")
    assert host.step("reset.files", "probe").verdict("/opt/cni/bin/bridge") == "info"
    link.unlink()
    link.symlink_to(rooted(host, "/usr/lib/cni/bridge"))
    assert host.step("reset.files", "apply").status == 0
    assert not link.is_symlink()

"""The rules between fields: what is contradictory, what this version does not build."""

from __future__ import annotations

import pytest

from haui.clusterfile.load import load_text
from haui.clusterfile.rules import notes
from haui.errors import SpecError
from tests.unit.spec_samples import (
    BALANCERS,
    BASE,
    DATA,
    DEDICATED,
    SINGLE,
    broken,
    line_of,
    problems_of,
)

WK_A = "{name: wk-a, address: 10.30.0.21, roles: [worker]}"
WK_B = "{name: wk-b, address: 10.30.0.22, roles: [worker]}"
CP_C = "{name: cp-c, address: 10.30.0.13, roles: [control-plane]}"
PLACED = ("  placement: control-plane\n", DEDICATED)
HOSTS = ("hosts:\n", "hosts: # here\n")
ETCD = "".join(f"  - {{name: et-{i}, address: 10.30.0.3{i}, roles: [etcd]}}\n" for i in range(1, 4))
REGISTRY = "  - {name: rg-a, address: 10.30.0.41, roles: [registry]}\n"
MIRROR = "packages: {mirror: 'https://mirror.lan'}"
KUBE_VIP = ("kind: keepalived-haproxy", "kind: kube-vip")
BGP = "port: 6443\n  mode: bgp\n  bgp:\n    peers:\n"
ROUTER = "    - {address: 10.30.0.1, asn: 65001}"

Edit = tuple[str, str]
CASES: dict[str, tuple[list[Edit], str, str]] = {
    "name twice": (
        [(WK_B, WK_B.replace("wk-b", "wk-a") + " # here")], "hosts[4].name", "hosts[3]'s name",
    ),
    "address twice": (
        [(WK_B, WK_B.replace(".22", ".21") + " # here")], "hosts[4].address", "hosts[3]'s address",
    ),
    "address twice in two spellings": (
        [(WK_A, WK_A.replace("10.30.0.21", "fd00::1")),
         (WK_B, WK_B.replace("10.30.0.22", "'fd00:0::1'") + " # here")],
        "hosts[4].address", "hosts[3]'s address",
    ),
    "ssh endpoint twice": (
        [(WK_A, WK_A.replace("}", ", ssh: {address: 203.0.113.7}}")),
         (WK_B, WK_B.replace("}", ", ssh: {address: 203.0.113.7}}") + " # here")],
        "hosts[4].ssh.address", "hosts[3]'s SSH endpoint",
    ),
    "the folder of rehearsals": (
        [("name: atlas", "name: rehearsals # here")], "name", "haui's rehearsals",
    ),
    "endpoint is a host": (
        [("api.atlas.lan", "cp-a # here")], "endpoint.name", "the name of a host",
    ),
    "vip is a host": (
        [("vip: 10.30.0.10", "vip: 10.30.0.21 # here")], "endpoint.vip", "hosts[3] (wk-a)",
    ),
    "vip in the pods": (
        [("vip: 10.30.0.10", "vip: 10.30.0.10 # here"), ("10.60.0.0/16", "10.30.0.0/28")],
        "endpoint.vip", "inside network.pods",
    ),
    "vip far away": (
        [("vip: 10.30.0.10", "vip: 10.31.0.10 # here")], "endpoint.vip", "share a /16",
    ),
    "vip of another family": (
        [("vip: 10.30.0.10", "vip: fd00::10 # here")], "endpoint.vip", "is IPv6, but cp-a has",
    ),
    "vip multicast": (
        [("vip: 10.30.0.10", "vip: 224.0.0.18 # here")], "endpoint.vip", "can't be reached",
    ),
    "no vip": (
        [("endpoint:\n", "endpoint: # here\n"), ("  vip: 10.30.0.10\n", "")],
        "endpoint.vip", "needs a virtual address",
    ),
    "overlap": (
        [("10.61.0.0/16", "10.60.128.0/17 # here")],
        "network.services", "overlaps with network.pods",
    ),
    "families": (
        [("10.61.0.0/16", "'fd00::/112' # here")], "network.services", "is IPv6 while network.pods",
    ),
    "host in the services": (
        [(WK_B, WK_B.replace("10.30.0.22", "10.61.3.4") + " # here")],
        "hosts[4].address", "inside network.services",
    ),
    "host of another family": (
        [(WK_B, WK_B.replace("10.30.0.22", "fd00::5") + " # here")],
        "hosts[4].address", "is IPv6 while network.pods is IPv4",
    ),
    "loopback host": (
        [(WK_B, WK_B.replace("10.30.0.22", "127.0.0.1") + " # here")],
        "hosts[4].address", "can't be reached",
    ),
    "pods on loopback": (
        [("10.60.0.0/16", "127.8.0.0/16 # here")], "network.pods", "overlaps with 127.0.0.0/8",
    ),
    "pods too small": (
        [("10.60.0.0/16", "10.60.0.0/22 # here")], "network.pods", "room for 4 nodes",
    ),
    "pods far too small": (
        [("10.60.0.0/16", "10.60.0.0/25 # here")], "network.pods", "room for 0 nodes",
    ),
    "services too large": (
        [("10.61.0.0/16", "172.0.0.0/11 # here")], "network.services", "between /12 and /24",
    ),
    "services too small": (
        [("10.61.0.0/16", "10.61.0.0/25 # here")], "network.services", "between /12 and /24",
    ),
    "two control planes": (
        [(f"  - {CP_C}\n", ""), HOSTS], "hosts", "2 control planes",
    ),
    "four control planes": (
        [(WK_B, "{name: cp-d, address: 10.30.0.14, roles: [control-plane]}"), HOSTS],
        "hosts", "an even number survives no more",
    ),
    "no worker": (
        [(f"  - {WK_A}\n", ""), (f"  - {WK_B}\n", ""), HOSTS],
        "hosts", "no host has the role worker",
    ),
    "single with three": (
        [("kind: stacked", "kind: single # here")], "topology.kind", "but 3 hosts have the role",
    ),
    "etcd role in stacked": (
        [(CP_C, CP_C.replace("plane]", "plane, etcd]") + " # here")],
        "hosts[2].roles", "keeps etcd on the control planes",
    ),
    "balancer role without use": (
        [(WK_B, WK_B.replace("worker]", "worker, load-balancer]") + " # here")],
        "hosts[4].roles", "no balancer is set up",
    ),
    "one dedicated balancer": (
        [(PLACED[0], "  placement: load-balancer # here\n"),
         (f"  - {WK_B}\n", BALANCERS.splitlines(keepends=True)[0])],
        "endpoint.placement", "1 host has the role load-balancer",
    ),
    "labels on a balancer": (
        [PLACED, ("advanced: {}", BALANCERS.replace("]}", "], labels: {a: b}} # here", 1)
         + "advanced: {}")],
        "hosts[5].labels", "only nodes",
    ),
    "own balancer before one proxy": (
        [("kind: keepalived-haproxy", "kind: external"),
         (PLACED[0], "  placement: load-balancer # here\n"),
         (f"  - {WK_B}\n", BALANCERS.splitlines(keepends=True)[0])],
        "endpoint.placement", "1 host has the role load-balancer",
    ),
    "kube-vip with placement": (
        [("kind: keepalived-haproxy", "kind: kube-vip"), ("port: 8443", "port: 6443"),
         (PLACED[0], "  placement: load-balancer # here\n")],
        "endpoint.placement", "no hosts of its own",
    ),
    "external with router id": (
        [("kind: keepalived-haproxy", "kind: external\n  virtual_router_id: 3 # here")],
        "endpoint.virtual_router_id", "does not speak VRRP",
    ),
    "external with interface": (
        [("kind: keepalived-haproxy", "kind: external\n  interface: ens3 # here")],
        "endpoint.interface", "no address on any interface",
    ),
    "kube-vip on another port": (
        [("kind: keepalived-haproxy", "kind: kube-vip"), ("port: 8443", "port: 8443 # here")],
        "endpoint.port", "forwards nothing",
    ),
    "mode of keepalived": (
        [("  port: 8443", "  mode: bgp # here\n  port: 8443")],
        "endpoint.mode", "only kube-vip announces",
    ),
    "bgp without its mode": (
        [KUBE_VIP, ("port: 8443", "port: 6443\n  bgp: {asn: 65001} # here")],
        "endpoint.bgp", "only kube-vip with mode bgp",
    ),
    "bgp without a router": (
        [KUBE_VIP, ("port: 8443", "port: 6443\n  mode: bgp\n  bgp: {peers: []} # here")],
        "endpoint.bgp.peers", "at least one router",
    ),
    "a router twice": (
        [KUBE_VIP, ("port: 8443", BGP + ROUTER + "\n" + ROUTER + " # here")],
        "endpoint.bgp.peers[1].address", "is peers[0]'s address already",
    ),
    "a control plane as router": (
        [KUBE_VIP, ("port: 8443", BGP + ROUTER.replace(".1,", ".12,") + " # here")],
        "endpoint.bgp.peers[0].address", "is cp-b",
    ),
    "the virtual address as router": (
        [KUBE_VIP, ("port: 8443", BGP + ROUTER.replace(".1,", ".10,") + " # here")],
        "endpoint.bgp.peers[0].address", "virtual address itself",
    ),
    "a virtual address of another family": (
        [KUBE_VIP, ("port: 8443", BGP + ROUTER), ("vip: 10.30.0.10", "vip: fd00::10 # here")],
        "endpoint.vip", "is IPv6, but cp-a has 10.30.0.11",
    ),
    "sshd's port": ([("port: 8443", "port: 22 # here")], "endpoint.port", "sshd on cp-a"),
    "sshd's port of one balancer": (
        [PLACED, ("port: 8443", "port: 2222 # here"),
         ("advanced: {}", BALANCERS.replace("]}", "], ssh: {port: 2222}}", 1) + "advanced: {}")],
        "endpoint.port", "sshd on lb-a",
    ),
    "statistics": ([("port: 8443", "port: 8404 # here")], "endpoint.port", "statistics"),
    "node port": ([("port: 8443", "port: 30443 # here")], "endpoint.port", "type NodePort"),
    "balancer on a worker": (
        [PLACED, ("port: 8443", "port: 10250 # here"),
         (WK_A, WK_A.replace("worker]", "worker, load-balancer]")),
         (WK_B, WK_B.replace("worker]", "worker, load-balancer]"))],
        "endpoint.port", "taken by the kubelet on wk-a",
    ),
    "old without mirror": (
        [("1.36.4", "1.23.17 # here")], "kubernetes.version", "nothing older than 1.24",
    ),
    "unsigned without mirror": (
        [("packages: {}", "packages: {unsigned: true} # here")],
        "supply.packages.unsigned", "there is none",
    ),
    "unsigned with key": (
        [("packages: {}", MIRROR.replace("}", ", key: mirror.asc, unsigned: true} # here"))],
        "supply.packages.unsigned", "not both",
    ),
    "key without mirror": (
        [("packages: {}", "packages: {key: mirror.asc} # here")],
        "supply.packages.key", "there is none",
    ),
    "plain mirror without key": (
        [("packages: {}", MIRROR.replace("https", "http") + " # here")],
        "supply.packages.mirror", "without https needs its key",
    ),
    "ca without registry": (
        [("images: {}", "images: {ca: hub-ca.pem} # here")], "supply.images.ca", "no registry",
    ),
    "login without registry": (
        [("images: {}", "images: {username: puller} # here")],
        "supply.images.username", "no registry",
    ),
    "said twice": (
        [("advanced: {}",
          "advanced: {kubeadm: {ClusterConfiguration: {networking: {podSubnet: x}}}} # here")],
        "advanced.kubeadm.ClusterConfiguration.networking.podSubnet", "said by network.pods",
    ),
    "secret": (
        [("advanced: {}", "advanced: {kubeadm: {InitConfiguration: {certificateKey: x}}} # here")],
        "advanced.kubeadm.InitConfiguration.certificateKey", "a secret that haui makes itself",
    ),
    "api version": (
        [("advanced: {}", "advanced: {kubeadm: {KubeletConfiguration: {apiVersion: x}}} # here")],
        "advanced.kubeadm.KubeletConfiguration.apiVersion", "leave it out",
    ),
    "no field of kubeadm": (
        [("advanced: {}",
          "advanced: {kubeadm: {ClusterConfiguration: {apiServer: {certSans: []}}}} # here")],
        "advanced.kubeadm.ClusterConfiguration.apiServer.certSans", "did you mean certSANs",
    ),
    "field of another minor": (
        [("advanced: {}",
          "advanced: {kubeadm: {JoinConfiguration: {skipFazes: [], dryRun: 1}}} # here"),
         ("version: 1.36.4", "version: 1.28.9")],
        "advanced.kubeadm.JoinConfiguration.dryRun", "is no field of it",
    ),
    "all checks in a file of old kubeadm": (
        [("advanced: {}", "advanced: {ignore_preflight_errors: [Swap, all]} # here"),
         ("version: 1.36.4", "version: 1.27.16")],
        "advanced.ignore_preflight_errors[1]", "name the checks",
    ),
    "other kind of etcd": (
        [("advanced: {}",
          "advanced: {kubeadm: {ClusterConfiguration: {etcd: {external: {}}}}} # here")],
        "advanced.kubeadm.ClusterConfiguration.etcd.external", "does not go with topology.kind",
    ),
    "missing manifest": (
        [("{kind: flannel}", "{kind: none, manifest: nothing.yaml} # here")],
        "network.cni.manifest", "can't be read: No such file",
    ),
    "wrong ca": (
        [("images: {}", "images: {repository: hub.lan, ca: mirror.asc} # here")],
        "supply.images.ca", "is not a PEM certificate",
    ),
    "wrong key": (
        [("packages: {}", MIRROR.replace("}", ", key: hub-ca.pem} # here"))],
        "supply.packages.key", "not an armored public key",
    ),
    "no login key": (
        [("user: ops", "key: ./nobody # here")], "ssh.key", "there is no file",
    ),
    "no login key of a host": (
        [(WK_B, WK_B.replace("}", ", ssh: {key: ./nobody}}") + " # here")],
        "hosts[4].ssh.key", "there is no file",
    ),
    # What the format knows and this version does not build.
    "storage role": (
        [(WK_B, WK_B.replace("worker]", "storage]") + " # here")],
        "hosts[4].roles", "storage (storage set up by haui) is not in this version",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edits", "path", "words"), CASES.values(), ids=CASES.keys())
def test_a_contradiction_is_named_with_its_place(edits: list[Edit], path: str, words: str) -> None:
    text = broken(*edits[0], *edits[1:])
    found = [problem for problem in problems_of(text) if problem.path == path]
    assert words in " · ".join(problem.what for problem in found)
    assert {problem.line for problem in found} == {line_of(text)}


GOOD: dict[str, list[Edit]] = {
    "kube-vip": [KUBE_VIP, ("port: 8443", "port: 6443")],
    "a routed virtual address": [
        KUBE_VIP, ("port: 8443", BGP + ROUTER), ("vip: 10.30.0.10", "vip: 192.0.2.10"),
    ],
    "nginx": [("kind: keepalived-haproxy", "kind: keepalived-nginx")],
    "nginx where haproxy would show its statistics": [
        ("kind: keepalived-haproxy", "kind: keepalived-nginx"), ("port: 8443", "port: 8404"),
    ],
    "dedicated balancers on 6443": [
        PLACED, ("port: 8443", "port: 6443"), ("advanced: {}", BALANCERS + "advanced: {}"),
    ],
    "balancers on workers on 6443": [
        PLACED, ("port: 8443", "port: 6443"),
        (WK_A, WK_A.replace("worker]", "worker, load-balancer]")),
        (WK_B, WK_B.replace("worker]", "worker, load-balancer]")),
    ],
    "external with its address": [
        ("kind: keepalived-haproxy", "kind: external"), ("vip: 10.30.0.10", "vip: 192.0.2.1"),
        ("port: 8443", "port: 6443"),
    ],
    "a /16 apart within": [("vip: 10.30.0.10", "vip: 10.30.255.1")],
    "exactly enough pods": [("10.60.0.0/16", "10.60.0.0/21")],
    "smallest and largest services": [("10.61.0.0/16", "172.16.0.0/12")],
    "bridge": [("{kind: flannel}", "{kind: bridge, mtu: 1400}")],
    "none": [("{kind: flannel}", "{kind: none}")],
    "nftables": [("1.36.4", "1.31.0"), ("kube_proxy: iptables", "kube_proxy: nftables")],
    "old with mirror": [("1.36.4", "1.20.2"), ("packages: {}", MIRROR)],
    "all workers": [
        (f"  - {WK_A}\n", ""), (f"  - {WK_B}\n", ""),
        (CP_C, CP_C.replace("plane]", "plane, worker]")),
    ],
    "a registry on a host of its own": [("hosts:\n", f"hosts:\n{REGISTRY}")],
    "a registry on a worker, with a login": [
        (WK_B, WK_B.replace("worker]", "worker, registry]")),
        ("images: {}", "images: {username: puller}"),
    ],
    "same gate, other ports": [
        (WK_A, WK_A.replace("}", ", ssh: {address: 203.0.113.7, port: 2201}}")),
        (WK_B, WK_B.replace("}", ", ssh: {address: 203.0.113.7, port: 2202}}")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("edits", GOOD.values(), ids=GOOD.keys())
def test_what_can_be_built_passes(edits: list[Edit]) -> None:
    assert problems_of(broken(*edits[0], *edits[1:])) == ()


def test_front_port_6443_is_refused_on_control_planes() -> None:
    (found,) = problems_of(broken("  port: 8443\n", ""))
    assert (found.path, found.line) == ("endpoint.port", 8)
    assert "taken by the API server itself on cp-a" in found.what


def test_single_needs_no_address_but_its_own() -> None:
    spec = load_text("name: solo\n" + SINGLE, name="solo.yaml").spec
    assert spec.endpoint_address == "10.30.0.11"
    pinned = SINGLE.replace("api.atlas.lan}", "api.atlas.lan, vip: 10.30.0.11}")
    assert problems_of("name: solo\n" + pinned) == ()


def test_stacked_with_one_control_plane_is_sent_to_single() -> None:
    found = problems_of("name: solo\n" + SINGLE.replace("kind: single", "kind: stacked"))
    assert [(p.path, p.example) for p in found] == [("topology.kind", "kind: single")]


@pytest.mark.parametrize(("count", "fine"), [(0, False), (1, False), (2, False), (3, True)])
def test_external_etcd_is_counted(count: int, fine: bool) -> None:
    hosts = "".join(ETCD.splitlines(keepends=True)[:count])
    text = broken("kind: stacked", "kind: external", ("advanced: {}", hosts + "advanced: {}"))
    counted = [p for p in problems_of(text) if p.path == "hosts"]
    assert not counted if fine else f"{count} hosts with the role etcd" in counted[0].what


def test_external_etcd_and_control_plane_are_apart() -> None:
    text = broken("kind: stacked", "kind: external", (CP_C, CP_C.replace("plane]", "plane, etcd]")))
    assert any(
        "hosts of its own" in p.what and p.path == "hosts[2].roles" for p in problems_of(text)
    )


def test_ipv6_with_flannel_is_refused_and_bridge_knows_only_ipv4() -> None:
    six = [
        ("10.60.0.0/16", "'fd60::/48'"),
        ("10.61.0.0/16", "'fd61::/112'"),
        ("vip: 10.30.0.10", "vip: 'fd30::10'"),
    ]
    six += [(f"10.30.0.{n},", f"'fd30::{n}',") for n in (11, 12, 13, 21, 22)]
    flannel = problems_of(broken(*six[0], *six[1:]))
    assert [(p.path, p.line) for p in flannel] == [("network.pods", 15)]
    bridge = problems_of(broken(*six[0], *six[1:], ("{kind: flannel}", "{kind: bridge}")))
    assert [p.what for p in bridge] == ["bridge knows only IPv4"]
    assert problems_of(broken(*six[0], *six[1:], ("{kind: flannel}", "{kind: none}"))) == ()


def test_all_problems_come_at_once_sorted_by_line() -> None:
    text = broken(
        "vip: 10.30.0.10", "vip: 10.31.0.10", (WK_B, WK_A), ("flannel}", "calico, version: 3.9.0}")
    )
    with pytest.raises(SpecError) as caught:
        load_text(text, name="atlas.yaml")
    error = caught.value
    lines = [int(line.split(":")[1]) for line in error.why.splitlines()]
    assert error.what == "atlas.yaml has 4 problems"
    assert lines == sorted(lines) == [11, 18, 31, 31]
    assert error.exit_code == 3


def test_a_single_problem_is_one_sentence_with_an_example() -> None:
    with pytest.raises(SpecError) as caught:
        load_text(BASE.replace("10.30.0.22", "10.30.0.222.1"), name="dir/atlas.yaml")
    assert caught.value.render().splitlines() == [
        "dir/atlas.yaml:31: hosts[4].address: '10.30.0.222.1' is not an IPv4 or IPv6 address",
        "  → for example: address: 10.30.0.11",
    ]


def test_many_problems_are_cut_with_a_count() -> None:
    extra = "".join(f"x{i}: 1\n" for i in range(60))
    with pytest.raises(SpecError) as caught:
        load_text(BASE + extra, name="atlas.yaml")
    assert caught.value.why.splitlines()[-1] == "and 10 more"


def test_notes_warn_without_refusing() -> None:
    text = broken("kube_proxy: iptables", "kube_proxy: ipvs")
    assert [n.path for n in notes(load_text(text, name="a", base=DATA).spec)] == [
        "network.kube_proxy"
    ]
    older = text.replace("1.36.4", "1.34.2")
    assert notes(load_text(older, name="a", base=DATA).spec) == ()
    text = broken("advanced: {}", "advanced: {ignore_preflight_errors: [all]}",
                  ("packages: {}", MIRROR.replace("}", ", unsigned: true}")))  # fmt: skip
    assert len(notes(load_text(text, name="a", base=DATA).spec)) == 2
    solo = load_text("name: solo\n" + SINGLE, name="a").spec
    assert [note.path for note in notes(solo)] == ["topology.kind"]

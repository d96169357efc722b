"""The one table of ports: who serves what to whom, and the rules that firewalls get from it."""

from __future__ import annotations

import pytest

from haui.spec import ClusterSpec
from steps.checks.paths import paths, served
from steps.checks.ports import ports
from steps.firewall import ANYONE, FIREWALL, MOST_PORTS, let_in, rules
from steps.ports import Opening, openings
from tests.unit.specs import BALANCERS, PLANES, WORKERS, shapes, spec

VIP = {"name": "api.atlas.lan", "vip": "10.30.0.100", "port": 6443}


def table(cluster: ClusterSpec, name: str) -> dict[str, Opening]:
    return {f"{o.first}/{o.proto}": o for o in openings(cluster, cluster.host(name))}


def lines(cluster: ClusterSpec, name: str) -> list[str]:
    return [" ".join(rule) for rule in rules(cluster, cluster.host(name))]


def test_a_control_plane_of_a_stacked_cluster() -> None:
    assert lines(spec(), "cp1") == [
        "open 10.30.0.12 tcp 2379,2380,6443,10250",
        "open 10.30.0.13 tcp 2379,2380,6443,10250",
        "open 10.30.0.21 tcp 6443,10250",
        "open 10.30.0.22 tcp 6443,10250",
        "open 10.30.0.12 udp 8472",
        "open 10.30.0.13 udp 8472",
        "open 10.30.0.21 udp 8472",
        "open 10.30.0.22 udp 8472",
        "open any tcp 8443",
        "open 10.30.0.12 vrrp -",
        "open 10.30.0.13 vrrp -",
        "trust 10.244.0.0/16",
        "trust 10.96.0.0/12",
        "forward any 10.244.0.0/16",
    ]


def test_only_hosts_for_ordinary_pods_let_everybody_in_to_services() -> None:
    assert {line for line in lines(spec(), "wk1") if " any " in line} == {
        "open any tcp 30000-32767", "open any udp 30000-32767", "forward any 10.244.0.0/16",
    }  # fmt: skip
    assert "open any udp 30000-32767" in lines(shapes()["single"], "cp1")
    assert not any("30000" in line for line in lines(spec(), "cp1"))


def test_hosts_without_pods_trust_no_network() -> None:
    assert lines(shapes()["external-etcd"], "etcd1") == [
        *(f"open 10.30.0.1{n} tcp 2379" for n in (1, 2, 3)),
        *(f"open 10.30.0.4{n} tcp 2379,2380" for n in (2, 3)),
    ]
    assert lines(shapes()["dedicated-lb"], "lb1") == [
        "open any tcp 6443", "open 10.30.0.32 vrrp -",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "anyone"),
    [
        ("stacked", False), ("nginx", False), ("dedicated-lb", False), ("sites", False),
        ("single", True), ("kube-vip", True), ("external-balancer", True),
    ],
)  # fmt: skip
def test_clients_reach_the_api_server_itself_only_without_a_proxy_of_ours(
    shape: str, anyone: bool
) -> None:
    assert table(shapes()[shape], "cp1")["6443/tcp"].anyone is anyone


def test_balancers_reach_the_api_servers_and_nothing_else() -> None:
    cluster = spec(
        endpoint={**VIP, "kind": "keepalived-haproxy", "placement": "load-balancer"},
        hosts=PLANES + WORKERS + BALANCERS,
    )
    assert [line for line in lines(cluster, "cp1") if "10.30.0.31" in line] == [
        "open 10.30.0.31 tcp 6443"
    ]


@pytest.mark.parametrize(
    ("cni", "expected", "routed"),
    [
        ({"kind": "flannel"}, {"8472/udp"}, False),
        ({"kind": "flannel", "encapsulation": "never"}, set(), True),
        ({"kind": "calico"}, {"4789/udp"}, False),
        ({"kind": "calico", "encapsulation": "across-subnets"}, {"4789/udp"}, True),
        ({"kind": "calico", "encapsulation": "never"}, {"179/tcp"}, True),
        ({"kind": "cilium"}, {"8472/udp", "4240/tcp"}, False),
        ({"kind": "bridge"}, set(), True),
        ({"kind": "none"}, set(), False),
    ],
)
def test_the_pod_network(cni: dict[str, str], expected: set[str], routed: bool) -> None:
    cluster = spec(network={"cni": cni})
    found = table(cluster, "wk1")
    assert {name for name, opening in found.items() if opening.mesh} == expected
    assert all(found[name].hosts == {"cp1", "cp2", "cp3", "wk1", "wk2"} for name in expected)
    direct = [line for line in lines(cluster, "wk1") if line.startswith("forward 10.30.0.")]
    assert (direct == [f"forward 10.30.0.{n} 10.244.0.0/16" for n in (11, 12, 13, 22)]) is routed
    assert bool(direct) is routed


def test_node_ports_of_the_admins_own() -> None:
    own = {"ClusterConfiguration": {"apiServer": {"extraArgs": {
        "service-node-port-range": "20000-20100"}}}}  # fmt: skip
    assert "open any tcp 20000-20100" in lines(spec(advanced={"kubeadm": own}), "wk1")


def test_ufw_takes_every_rule() -> None:
    for cluster in shapes().values():
        for host in cluster.hosts:
            for what, _, *rest in rules(cluster, host):
                if what == "open":
                    assert len(rest[1].replace("-", ",").split(",")) <= MOST_PORTS


@pytest.mark.parametrize("shape", sorted(shapes()))
def test_what_is_rehearsed_is_what_is_opened(shape: str) -> None:
    """Whatever a host will dial, the firewall at the other end lets in from its address."""
    cluster = shapes()[shape]
    for host in cluster.hosts:
        for path in paths(cluster, host):
            other = cluster.host(path.name)
            opening = table(cluster, path.name)[f"{path.port}/{path.proto}"]
            assert opening.anyone or host.address in let_in(cluster, other, opening)
            opened = {
                (rule[1], proto, number)
                for rule in rules(cluster, other)
                if rule[0] == "open"
                for proto in (rule[2],)
                for number in rule[3].split(",")
            }
            sources = {source for source, *port in opened if port == [path.proto, str(path.port)]}
            assert sources & {host.address, ANYONE}
        own = {(port.proto, port.number) for port in ports(cluster, host)}
        known = served(cluster, host)
        assert set(known) - {("tcp", cluster.registry.port)} <= own


def test_the_step_is_for_every_host_unless_the_admin_keeps_his_firewalls() -> None:
    cluster = spec()
    assert all(FIREWALL.on(cluster, host) for host in cluster.hosts)
    kept = spec(system={"firewall": "keep"})
    assert not any(FIREWALL.on(kept, host) for host in kept.hosts)

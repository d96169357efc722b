"""The cluster's networks against those of the hosts, and where free ones are."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

import pytest

from haui.clusterfile.types import IPNetwork
from haui.events import Finding
from steps.checks.fleet_free import free_network, ranges
from steps.checks.fleet_routes import route_of
from tests.unit.checks import Changes, ask
from tests.unit.specs import shapes, spec

CHECK = "fleet.networks"
OWN = ["default via 10.30.0.1 dev eth0", "10.30.0.0/24 dev eth0 proto kernel scope link"]
JOINED = {"kubernetes.server": "https://api.atlas.lan:8443"}


def routes(*lines: str, **more: object) -> Finding:
    changes: dict[str, object] = {"route4": [*OWN, *lines]}
    return ask(CHECK, changes | more)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("10.244.7.0/24 dev wg0 scope link", "blocked"),
        ("10.244.7.9 via 10.30.0.1 dev eth0", "blocked"),
        ("10.240.0.0/13 dev eth1 proto kernel scope link src 10.240.0.1", "blocked"),
        ("10.244.0.0/16 via 10.30.0.1 dev eth0", "blocked"),
        ("10.244.0.0/16 proto bird nexthop via 10.30.0.1 dev eth0 weight 1", "blocked"),
        ("10.100.0.0/16 dev tun0 table 220 proto static", "blocked"),
        ("blackhole 10.244.1.0/26 proto bird", "blocked"),
        ("local 10.96.0.10 dev nodelocaldns table local scope host", "blocked"),
        ("10.0.0.0/8 via 10.30.0.1 dev eth0", "warning"),
        ("10.0.0.0/8 via inet6 fe80::1 dev eth0", "warning"),
        ("unreachable 10.0.0.0/8 metric 4096", "ok"),
        ("0.0.0.0/1 via 10.8.0.1 dev tun0", "ok"),
        ("128.0.0.0/1 via 10.8.0.1 dev tun0", "ok"),
        ("172.17.0.0/16 dev docker0 linkdown", "ok"),
        ("10.245.0.0/16 dev eth1", "ok"),
        ("10.95.255.0/24 dev eth1", "ok"),
        ("broadcast 10.244.0.255 dev cni0 table local", "ok"),
        ("default via 10.244.0.1 dev eth9", "ok"),
        ("garbage", "ok"),
    ],
)
def test_routes_into_the_clusters_networks(line: str, verdict: str) -> None:
    found = routes(line)
    assert found.verdict == verdict, found.seen
    assert bool(found.fix) == (verdict != "ok")


def test_a_clash_names_field_network_and_way_and_offers_free_ones() -> None:
    found = routes("10.244.7.0/24 via 10.30.0.1 dev eth0")
    assert found.seen == (
        "network.pods 10.244.0.0/16 overlaps with the route 10.244.7.0/24 via 10.30.0.1 eth0"
    )
    assert (found.fix_kind, found.fix_with) == ("answer", "cluster")
    assert "pods: 10.128.0.0/16" in found.fix and "services" not in found.fix
    both = routes("10.0.0.0/8 dev eth1")
    assert "pods: 172.16.0.0/16, services: 100.64.0.0/12" in both.fix


def test_interfaces_without_a_route_count_too() -> None:
    rows = ["eth0 10.30.0.11/24 static", "docker0 10.244.0.1/24 static"]
    assert ask(CHECK, {"address": rows}).verdict == "blocked"
    assert ask(CHECK, {"address": rows[:1]}).verdict == "ok"


@pytest.mark.parametrize("kind", ["nameserver", "upstream"])
def test_a_name_server_in_the_way(kind: str) -> None:
    found = ask(CHECK, {"resolver": [f"{kind} 10.96.0.53", "search lan"]})
    assert found.verdict == "blocked" and "name server 10.96.0.53" in found.seen
    assert ask(CHECK, {"resolver": [f"{kind} 10.30.0.53"]}).verdict == "ok"
    assert ask(CHECK, {"resolver": ["nameserver x", "search"]}).verdict == "ok"
    assert ask(CHECK, {"resolver": [f"{kind} 10.96.0.10"], **JOINED}).verdict == "ok"


def test_servers_of_the_cluster_file_may_not_be_in_the_way() -> None:
    cluster = spec(supply={"proxy": {"http": "http://10.100.0.1:3128"}})
    found = ask(CHECK, cluster=cluster)
    assert found.verdict == "blocked" and "supply.proxy.http 10.100.0.1" in found.seen
    named = spec(supply={"proxy": {"http": "http://proxy.lan:3128"}})
    assert ask(CHECK, cluster=named).verdict == "ok"


@pytest.mark.parametrize(
    "line",
    [
        "10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1",
        "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink",
        "10.244.2.0/24 via 10.30.0.12 dev eth0",
        "blackhole 10.244.3.0/26 proto bird",
        "10.244.3.4 dev cali0123 scope link",
        "local 10.96.0.1 dev kube-ipvs0 table local proto kernel scope host",
    ],
)
def test_what_a_node_of_this_cluster_has_made_is_its_own(line: str) -> None:
    assert routes(line, **JOINED).verdict == "ok"
    assert routes(line).verdict == "blocked"
    strange = {"kubernetes.server": "https://other:6443"}
    assert routes(line, **strange).verdict == "blocked"


def test_what_a_node_of_this_cluster_has_not_made_is_not() -> None:
    found = routes("10.244.9.0/24 via 10.30.0.1 dev eth0", **JOINED)
    assert (found.verdict, found.fix_kind) == ("blocked", "")
    assert routes("10.240.0.0/12 dev cni0", **JOINED).verdict == "blocked"


def test_a_way_to_a_nodes_pods_stays_on_a_host_that_was_taken_out() -> None:
    """The cluster lives, so these networks are its own; what would be in a join's way is not."""
    facts = {"route4": [*OWN, "10.244.2.0/24 via 10.30.0.12 dev eth0"]}
    others = {"cp1": JOINED}
    assert ask(CHECK, facts, host="wk1", others=others).verdict == "ok"
    assert ask(CHECK, facts, host="wk1").verdict == "blocked"
    facts["route4"] += ["10.244.1.0/24 dev cni0 proto kernel scope link"]
    found = ask(CHECK, facts, host="wk1", others=others)
    assert (found.verdict, found.fix_with) == ("blocked", "ip link delete cni0")


def test_what_another_cluster_left_is_removed_by_a_command() -> None:
    found = routes(
        "10.244.0.0/24 dev cni0 proto kernel scope link",
        "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink",
    )
    assert found.fix_kind == "command"
    assert found.fix_with == "ip link delete cni0 && ip link delete flannel.1"
    mixed = routes("10.244.0.0/24 dev cni0", "10.244.1.0/24 dev eth1")
    assert mixed.fix_kind == "answer"


def test_a_host_that_is_no_node_is_only_warned() -> None:
    cluster = shapes()["dedicated-lb"]
    line = {"route4": "10.244.0.0/16 dev eth1"}
    assert ask(CHECK, line, host="lb1", cluster=cluster).verdict == "warning"
    assert ask(CHECK, line, host="wk1", cluster=cluster).verdict == "blocked"


def test_many_clashes_are_counted() -> None:
    found = routes(*(f"10.244.{n}.0/24 dev eth1" for n in range(9)))
    assert found.seen.endswith("6 more")


def test_ipv6() -> None:
    cluster = shapes()["ipv6"]
    line = "fd00:1:0:7::/64 dev wg0 metric 1024"
    found = ask(CHECK, {"route6": line}, cluster=cluster)
    assert found.verdict == "blocked" and "pods: fd" in found.fix
    assert ask(CHECK, {"route6": "2000::/3 via fe80::1 dev eth0"}, cluster=cluster).verdict == "ok"
    assert ask(CHECK, {"route6": "fc00::/7 via fe80::1 dev eth0"}, cluster=cluster).verdict == (
        "warning"
    )


def test_no_routes_is_no_pass() -> None:
    assert ask(CHECK, {"route4": None, "route6": None}).verdict == "skipped"


def test_a_route_of_another_host_is_that_hosts_finding_and_shapes_the_offer() -> None:
    others: dict[str, Changes] = {"wk1": {"route4": [*OWN, "10.128.0.0/10 dev eth1"]}}
    assert ask(CHECK, others=others).verdict == "ok"
    found = ask(CHECK, {"route4": [*OWN, "10.244.0.0/24 dev eth1"]}, others=others)
    assert "pods: 10.192.0.0/16" in found.fix


@pytest.mark.parametrize(
    ("network", "verdict", "said"),
    [
        ({"pods": "10.60.0.0/16", "services": "10.61.0.0/16"}, "ok", ""),
        ({"pods": "100.64.0.0/16"}, "ok", ""),
        ({"pods": "11.0.0.0/16"}, "warning", "public"),
        ({"pods": "100.60.0.0/14", "services": "10.61.0.0/16"}, "warning", "public"),
        ({"pods": "172.16.0.0/14"}, "warning", "docker"),
        ({"pods": "192.168.0.0/16"}, "warning", "libvirt"),
        ({"services": "198.18.0.0/16"}, "warning", "measurements"),
    ],
)
def test_networks_that_others_will_want(network: dict[str, str], verdict: str, said: str) -> None:
    found = ask("fleet.network-ranges", cluster=spec(network=network))
    assert found.verdict == verdict and said in found.seen
    assert ("for instance" in found.fix) == (verdict == "warning")


def nets(*texts: str) -> set[IPNetwork]:
    return {ip_network(text) for text in texts}


@pytest.mark.parametrize(
    ("wanted", "taken", "free"),
    [
        ("10.244.0.0/16", (), "10.128.0.0/16"),
        ("10.244.0.0/16", ("10.128.0.0/24",), "10.129.0.0/16"),
        ("10.244.0.0/16", ("10.128.0.0/9",), "10.0.0.0/16"),
        ("10.244.0.0/16", ("10.0.0.0/8",), "172.16.0.0/16"),
        ("10.244.0.0/16", ("10.0.0.0/8", "172.16.5.0/24"), "172.18.0.0/16"),
        ("10.244.0.0/16", ("10.0.0.0/8", "172.16.0.0/12"), "100.64.0.0/16"),
        ("10.244.0.0/16", ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10"), None),
        ("10.244.0.0/24", ("10.0.0.0/8", "172.16.0.0/12"), "192.168.0.0/24"),
        ("10.96.0.0/12", ("10.128.0.0/10",), "10.192.0.0/12"),
    ],
)
def test_free_networks(wanted: str, taken: Iterable[str], free: str | None) -> None:
    found = free_network(ip_network(wanted), nets(*taken), "atlas")
    assert found == (ip_network(free) if free else None)


def test_free_networks_of_ipv6_are_unique_local_and_stay() -> None:
    wanted = ip_network("fd00:1::/56")
    one, again = (free_network(wanted, (), "atlas") for _ in range(2))
    other = free_network(wanted, (), "hydra")
    assert one == again != other
    assert one is not None and one.prefixlen == 56
    assert one.subnet_of(ip_network("fd00::/8"))  # type: ignore[arg-type]
    beside = free_network(wanted, {one}, "atlas")
    assert beside is not None and not beside.overlaps(one)


def test_ranges_are_merged() -> None:
    taken = nets("10.0.1.0/24", "10.0.0.0/24", "10.0.0.0/25", "10.2.0.0/24", "fd00::/8")
    base = int(ip_network("10.0.0.0/24").network_address)
    assert ranges(taken, 4) == [(base, base + 511), (base + 0x20000, base + 0x200FF)]


def test_lines_that_are_no_way() -> None:
    for line in ("", "local", "multicast ff00::/8 dev eth0", "::/0 via fe80::1", "x via y dev z"):
        assert route_of(line) is None

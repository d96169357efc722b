"""keepalived and haproxy: who holds the address, and where connections go."""

from __future__ import annotations

import re

import pytest

import steps
from steps import endpoint
from tests.unit.specs import PLANES, shapes, spec

VIP = {"kind": "keepalived-haproxy", "name": "api.x", "vip": "10.30.0.100", "port": 8443}


def number(text: str, word: str) -> int:
    found = re.search(rf"^ *{word} (-?\d+)$", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


def planes(count: int) -> list[dict[str, object]]:
    return [
        {"name": f"cp{n}", "address": f"10.30.0.{10 + n}", "roles": ["control-plane"]}
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [2, 3, 5, 7])
def test_a_host_whose_check_passes_beats_every_host_whose_check_fails(count: int) -> None:
    cluster = spec(hosts=planes(count))
    texts = [endpoint.keepalived_config(cluster, host) for host in cluster.hosts]
    priorities = [number(text, "priority") for text in texts]
    weight = number(texts[0], "weight")
    assert priorities == sorted(set(priorities), reverse=True)
    assert max(priorities) + weight < min(priorities)
    assert min(priorities) + weight >= 1
    assert max(priorities) < 255


def test_a_failing_check_is_not_ignored() -> None:
    text = endpoint.keepalived_config(spec(), spec().hosts[0])
    settings = [line.split("#")[0].split() for line in text.splitlines()]
    assert ["nopreempt"] not in settings
    assert ["init_fail"] in settings
    assert ["state", "BACKUP"] in settings


def test_peers_are_the_others() -> None:
    text = endpoint.keepalived_config(spec(), spec().hosts[1])
    inside = text.partition("unicast_peer {")[2].partition("}")[0].split()
    assert inside == ["10.30.0.11", "10.30.0.13"]
    assert "unicast_src_ip 10.30.0.12" in text


def test_a_single_balancer_has_no_peers_to_name() -> None:
    cluster = spec(hosts=PLANES[:1], topology={"kind": "single"})
    assert "unicast" not in endpoint.keepalived_config(cluster, cluster.hosts[0])


@pytest.mark.parametrize(
    ("vip", "asked", "expected"),
    [
        ("10.30.0.100", None, 100),
        ("10.30.1.0", None, 1),
        ("10.30.0.100", 51, 51),
        ("fd00::1:0", None, 1),
    ],
)
def test_the_router_id_is_derived_from_the_address(
    vip: str, asked: int | None, expected: int
) -> None:
    cluster = spec(endpoint={**VIP, "vip": vip, "virtual_router_id": asked})
    assert endpoint.router_id(cluster) == expected


def haproxy(shape: str, host: str) -> str:
    cluster = shapes()[shape]
    return endpoint.haproxy_config(cluster, cluster.host(host))


def test_a_site_prefers_its_own_api_servers_and_falls_back_to_all_others() -> None:
    cluster = shapes()["sites"]
    sites = {host.name: host.site for host in cluster.control_planes}
    for balancer, site in (("lb1", "north"), ("lb2", "south")):
        text = haproxy("sites", balancer)
        backup = set(re.findall(r"^ *server (\S+) \S+ backup$", text, re.MULTILINE))
        assert backup == {name for name, where in sites.items() if where != site}
        assert text.count("option allbackups") == 1
    assert "backup" not in haproxy("dedicated-lb", "lb1")


def test_a_site_without_an_api_server_of_its_own_uses_all_alike() -> None:
    cluster = shapes()["sites"]
    alone = cluster.host("lb1").model_copy(update={"site": "west"})
    assert "backup" not in endpoint.haproxy_config(cluster, alone)


def test_behind_an_own_balancer_there_is_haproxy_and_no_virtual_address() -> None:
    cluster = shapes()["sites"]
    on = {
        step.id: [host.name for host in cluster.hosts if step.on(cluster, host)]
        for step in steps.CATALOGUE
        if step.id.startswith(("endpoint.", "verify.balancer"))
    }
    assert on["endpoint.haproxy"] == ["lb1", "lb2"]
    assert on["endpoint.keepalived"] == on["verify.balancer"] == []


def test_all_control_planes_are_backends_from_the_beginning() -> None:
    text = haproxy("dedicated-lb", "lb1")
    servers = re.findall(r"^ *server (\S+) (\S+)$", text, re.MULTILINE)
    assert servers == [(f"cp{n}", f"10.30.0.{10 + n}:6443") for n in (1, 2, 3)]
    assert "bind *:6443" in text


def test_addresses_of_version_6_are_written_in_brackets() -> None:
    text = haproxy("ipv6", "cp1")
    assert "bind [::]:8443 v4v6" in text
    assert "server cp1 [fd00::1]:6443" in text
    keepalived = endpoint.keepalived_config(shapes()["ipv6"], shapes()["ipv6"].hosts[0])
    assert "fd00::64/128 dev $HAUI_INTERFACE" in keepalived


def test_watches_are_not_cut_and_statistics_stay_on_the_host() -> None:
    text = haproxy("stacked", "cp1")
    for side in ("client", "server"):
        assert f"timeout {side} 35m" in text
    local = text.partition("frontend local")[2]
    assert "bind 127.0.0.1:8404" in local
    assert "stats enable" in local
    assert "stats enable" not in text.partition("frontend local")[0]


def test_only_balancers_get_them() -> None:
    dedicated = shapes()["dedicated-lb"]
    for step in (endpoint.HAPROXY, endpoint.KEEPALIVED):
        assert [h.name for h in dedicated.hosts if step.on(dedicated, h)] == ["lb1", "lb2"]
        for other in ("kube-vip", "external-balancer", "single"):
            assert not any(step.on(shapes()[other], host) for host in shapes()[other].hosts)


def test_the_asked_interface_is_handed_on() -> None:
    cluster = spec(
        endpoint={**VIP, "interface": "ens3"},
        hosts=[{**PLANES[0], "interface": "bond0"}, PLANES[1], PLANES[2]],
    )
    seen = [endpoint.KEEPALIVED.work(cluster, host, {}).apply for host in cluster.hosts]
    assert [call.env["HAUI_INTERFACE"] for call in seen if call] == ["bond0", "ens3", "ens3"]

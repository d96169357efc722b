"""The firewall of a host: what it keeps out, and what opens it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from haui.spec import ClusterSpec
from tests.unit.checks import ask
from tests.unit.specs import shapes, spec

CLUSTER = spec(profile="production")
POLICY = "inet filter input: type filter hook input priority filter; policy drop;"
PLAIN = "inet filter input: type filter hook input priority filter; policy accept;"
NFT = "inet filter input: "
IPT = "ip filter INPUT: "


def firewall(facts: Any, cluster: ClusterSpec = CLUSTER, host: str = "cp1") -> Any:
    found = ask("network.firewall", facts, cluster=cluster, host=host)
    if found.verdict == "warning":
        assert found.fix
        assert "haui does not open it yet" in found.seen
    return found


def rules(*lines: str) -> dict[str, object]:
    return {"firewall.rule": list(lines)}


ALL_NFT = f"{NFT}tcp dport {{ 22, 2379-2380, 6443, 8443, 10250 }} accept"
VRRP = f"{NFT}ip protocol vrrp accept"
VXLAN = f"{NFT}udp dport 8472 counter packets 3 bytes 9 accept"


@pytest.mark.parametrize(
    ("lines", "verdict", "seen"),
    [
        ([PLAIN], "ok", "nothing"),
        ([PLAIN, f"{NFT}tcp dport 25 drop"], "ok", "nothing"),
        ([PLAIN, f"{NFT}counter packets 0 bytes 0 reject with icmp port-unreachable"], "warning",
         "6443/tcp"),
        ([PLAIN, f"{NFT}accept", f"{NFT}drop"], "ok", "nothing"),
        ([POLICY], "warning", "2379/tcp"),
        ([POLICY, ALL_NFT, VRRP, VXLAN], "ok", "open"),
        ([POLICY, ALL_NFT, VXLAN], "warning", "VRRP"),
        ([POLICY, ALL_NFT, VRRP], "warning", "8472/udp"),
        ([POLICY, f"{NFT}ip saddr 10.30.0.0/24 accept"], "ok", "open"),
        ([POLICY, f"{NFT}ip saddr {{ 10.30.0.0/28, 10.30.0.16/28 }} accept"],
         "ok", "open"),
        ([POLICY, f"{NFT}ip saddr 10.30.0.0/28 accept"], "warning", "6443/tcp"),
        ([POLICY, f"{NFT}ip saddr 10.30.0.0/24 tcp dport 22 accept"], "warning", "6443/tcp"),
        ([POLICY.replace("inet", "ip6")], "ok", "nothing"),
        ([f"{IPT}-P INPUT DROP"], "warning", "nftables/iptables (ip filter INPUT) keeps out"),
        ([f"{IPT}-P INPUT ACCEPT", f"{IPT}-A INPUT -p tcp -j KUBE-X"], "ok", "nothing"),
        ([f"{IPT}-P INPUT ACCEPT", f"{IPT}-A INPUT -j REJECT --reject-with icmp-host-prohibited"],
         "warning", "10250/tcp"),
        ([f"{IPT}-P INPUT DROP", f"{IPT}-A INPUT -s 10.30.0.0/24 -j ACCEPT"], "ok", "open"),
        ([f"{IPT}-P INPUT DROP",
          f"{IPT}-A INPUT -p tcp -m multiport --dports 2379:2380,6443,8443,10250 -j ACCEPT",
          f"{IPT}-A INPUT -p udp -m udp --dport 8472 -j ACCEPT",
          f"{IPT}-A INPUT -p vrrp -j ACCEPT"], "ok", "open"),
    ],
)  # fmt: skip
def test_rules_of_the_kernel(lines: list[str], verdict: str, seen: str) -> None:
    found = firewall(rules(*lines))
    assert found.verdict == verdict, found
    assert seen in found.seen


def test_rules_that_nobody_can_list_are_not_judged() -> None:
    assert firewall({"firewall.asked": "no"}).verdict == "skipped"
    assert firewall({"firewall.asked": None}).verdict == "skipped"


ZONE = {"firewall": "firewalld public default"}


def test_firewalld() -> None:
    found = firewall(ZONE)
    assert (found.verdict, found.fix_kind) == ("warning", "command")
    for part in ("6443/tcp", "8472/udp", "VRRP", "packets of pods"):
        assert part in found.seen
    for part in ("--zone=public", "--add-port=6443/tcp", "--add-protocol=vrrp", "--permanent",
                 "--zone=trusted --add-source=10.244.0.0/16"):  # fmt: skip
        assert part in found.fix_with
    assert firewall({"firewall": "firewalld trusted ACCEPT"}).verdict == "ok"


def test_what_the_command_opens_with_firewalld_is_enough() -> None:
    command = firewall(ZONE).fix_with
    opened = re.findall(r"--add-port=(\S+)", command)
    opened += [f"source {one}" for one in re.findall(r"--add-source=(\S+)", command)]
    opened += [f"protocol {one}" for one in re.findall(r"--add-protocol=(\S+)", command)]
    assert firewall({**ZONE, "firewall.open": opened}).verdict == "ok"
    assert firewall({**ZONE, "firewall.open": opened[1:]}).verdict == "warning"


def test_a_zone_is_quoted() -> None:
    assert "--zone='$(x)'" in firewall({"firewall": "firewalld $(x) default"}).fix_with


UFW = {"firewall": "ufw deny deny"}


def test_ufw() -> None:
    found = firewall(UFW)
    assert (found.verdict, found.fix_kind) == ("warning", "command")
    assert "ufw allow proto tcp to any port 2379,2380,6443,8443,10250" in found.fix_with
    assert "ufw allow from 10.30.0.12" in found.fix_with
    assert "ufw default allow routed" in found.fix_with
    opened = ["2379-2380/tcp", "6443/tcp", "8443/tcp", "10250/tcp", "8472/udp"]
    opened += ["source 10.30.0.12", "source 10.30.0.13"]
    assert firewall({"firewall": "ufw deny allow", "firewall.open": opened}).verdict == "ok"
    assert firewall({**UFW, "firewall.open": opened}).verdict == "warning"
    assert firewall({"firewall": "ufw allow deny"}).verdict == "ok"


def test_hosts_need_what_they_serve() -> None:
    dedicated = shapes()["dedicated-lb"]
    worker = firewall(rules(POLICY), dedicated, "wk1").seen
    assert "10250/tcp" in worker
    assert "6443/tcp" not in worker
    assert "VRRP" not in worker
    assert "VRRP" in firewall(rules(POLICY), dedicated, "lb1").seen
    etcd = shapes()["external-etcd"]
    assert "keeps out 2379/tcp, 2380/tcp;" in firewall(rules(POLICY), etcd, "etcd1").seen
    six = firewall(rules(POLICY.replace("inet", "ip")), shapes()["ipv6"])
    assert six.verdict == "ok"

"""The firewall of a host: what it keeps out, and what opens it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.firewall import rules as rules_of
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
        assert "haui does not edit" in found.seen or "system.firewall is keep" in found.seen
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
UFW = {"firewall": "ufw deny deny"}
KEPT = spec(profile="production", system={"firewall": "keep"})


def opened(cluster: ClusterSpec = CLUSTER, host: str = "cp1") -> list[str]:
    """The facts of a firewall that has just what is needed."""
    found = []
    for what, source, *rest in rules_of(cluster, cluster.host(host)):
        where = "" if source == "any" else f" from {source}"
        if what == "trust":
            found += [f"source {source}", f"forward from {source}"]
        elif what == "forward":
            found.append(f"forward to {rest[0]}" if source == "any" else f"forward from {source}")
        elif rest[0] == "vrrp":
            found.append(f"protocol vrrp{where}")
        else:
            found += [f"{port}/{rest[0]}{where}" for port in rest[1].split(",")]
    return found


@pytest.mark.parametrize("tool", [ZONE, UFW])
def test_what_haui_opens_is_worth_a_word(tool: dict[str, str]) -> None:
    found = firewall(tool)
    assert (found.verdict, found.fix_kind, found.fix_with) == ("info", "haui", "system.firewall")
    for part in ("6443/tcp", "8472/udp", "VRRP", "packets of pods (10.244.0.0/16)"):
        assert part in found.seen


@pytest.mark.parametrize("tool", [ZONE, UFW])
@pytest.mark.parametrize("shape", ["stacked", "ipvs", "dedicated-lb", "ipv6"])
def test_what_the_rules_say_is_enough_and_nothing_less(tool: dict[str, str], shape: str) -> None:
    cluster = shapes()[shape]
    there = opened(cluster)
    assert firewall({**tool, "firewall.open": there}, cluster).verdict == "ok"
    spare = ("forward from", "source") if tool is ZONE else ()
    for at, one in enumerate(there):
        less = [*there[:at], *there[at + 1 :]]
        if not one.startswith(("forward", *spare)):
            assert firewall({**tool, "firewall.open": less}, cluster).verdict == "info", one


def test_a_port_that_is_open_to_one_host_is_closed_to_the_others() -> None:
    there = [one for one in opened() if one != "2379/tcp from 10.30.0.13"]
    found = firewall({**UFW, "firewall.open": there})
    assert "keeps out 2379/tcp" in found.seen
    assert "2380" not in found.seen
    wide = [*there, "2379-2380/tcp from 10.30.0.0/28"]
    assert firewall({**UFW, "firewall.open": wide}).verdict == "ok"
    assert firewall({**UFW, "firewall.open": [*there, "source 10.30.0.13"]}).verdict == "ok"


@pytest.mark.parametrize("rubbish", ["", "x", "from", "source", "source x", "protocol",
    "1/tcp from", "1/tcp from x", "forward", "forward to", "a-b/tcp", "/"])  # fmt: skip
def test_rubbish_opens_nothing(rubbish: str) -> None:
    found = firewall({**UFW, "firewall.open": [rubbish]})
    assert found.seen == firewall(UFW).seen


@pytest.mark.parametrize("all_", ["firewalld trusted ACCEPT", "ufw allow deny"])
def test_a_firewall_that_lets_in_everything(all_: str) -> None:
    assert firewall({"firewall": all_}).verdict == "ok"


def test_who_keeps_his_firewalld_is_told_what_to_open() -> None:
    found = firewall(ZONE, KEPT)
    assert (found.verdict, found.fix_kind) == ("warning", "command")
    for part in ("--zone=public", "--add-port=8443/tcp", "--permanent",
                 "for a in 10.30.0.12 10.30.0.13; do", "for p in 2379 2380 6443 10250; do",
                 "port port=$p protocol=tcp accept",
                 "protocol value=vrrp accept",
                 "--zone=trusted --add-source=10.244.0.0/16"):  # fmt: skip
        assert part in found.fix_with
    done = subprocess.run(["/bin/sh", "-n", "-c", found.fix_with], check=False)
    assert done.returncode == 0
    assert "--zone='$(x)'" in firewall({"firewall": "firewalld $(x) default"}, KEPT).fix_with


def test_who_keeps_his_ufw_is_told_what_to_open() -> None:
    found = firewall(UFW, KEPT)
    assert (found.verdict, found.fix_kind) == ("warning", "command")
    for part in ("ufw allow from $a to any port 2379,2380,6443,10250 proto tcp",
                 "ufw allow 8443/tcp", "ufw allow from $a to 10.30.0.11",
                 "ufw allow from 10.244.0.0/16 && ufw route allow from 10.244.0.0/16",
                 "ufw route allow to 10.244.0.0/16"):  # fmt: skip
        assert part in found.fix_with
    done = subprocess.run(["/bin/sh", "-n", "-c", found.fix_with], check=False)
    assert done.returncode == 0


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

"""What the scripts tell of packet filters, on faked hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.evidence import Facts
from tests.unit.facts_of import look_with
from tests.unit.network_host import quiet_host, state
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return quiet_host(tmp_path)


def network(host: ShellHost) -> Facts:
    return look_with(host, "facts_network")


RICH = """\trule family="ipv4" source address="10.0.0.12" port port="2379" protocol="tcp" accept
\trule family="ipv4" source address="10.0.0.13/32" protocol value="vrrp" accept
\trule protocol value="vrrp" accept
\trule family="ipv4" source address="10.0.0.14" port port="22" protocol="tcp" reject
\trule family="ipv4" source NOT address="10.0.0.15" port port="22" protocol="tcp" accept
\trule family="ipv4" source ipset="x" port port="22" protocol="tcp" accept
\trule family="ipv4" source address="10.0.0.16" service name="ssh" accept
"""


def test_firewalld(host: ShellHost) -> None:
    state(host, "rich", RICH)
    host.fake(
        "firewall-cmd",
        """case "$*" in
    --state) echo running ;;
    --get-zone-of-interface=eth0) echo internal ;;
    "--zone=internal --list-all") printf 'internal (active)\\n  target: default\\n'
        printf '  services: ssh kube-apiserver\\n  ports: 10250/tcp 30000-32767/udp\\n'
        printf '  protocols: vrrp\\n  rich rules: \\n'
        cat "$STATE/rich" ;;
    "--policy=haui-pods --list-rich-rules")
        echo 'rule source address="10.0.0.12" destination address="10.244.0.0/16" accept' ;;
    "--zone=trusted --list-sources") echo "10.244.0.0/16 ipset:x" ;;
esac""",
    )
    facts = network(host)
    assert facts.all("firewall") == ("firewalld internal default",)
    assert facts.all("firewall.open") == (
        "6443/tcp", "10250/tcp", "30000-32767/udp", "protocol vrrp",
        "2379/tcp from 10.0.0.12", "protocol vrrp from 10.0.0.13/32", "protocol vrrp",
        "forward from 10.0.0.12", "source 10.244.0.0/16",
    )  # fmt: skip


UFW = """Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
2379:2380,6443/tcp         ALLOW IN    Anywhere
Anywhere                   ALLOW IN    10.0.0.12
53                         ALLOW IN    Anywhere
22/tcp (v6)                ALLOW IN    Anywhere (v6)
80/tcp                     DENY IN     Anywhere
2379,2380/tcp              ALLOW IN    10.0.0.12                 # haui
10250                      ALLOW IN    10.0.0.0/28               # the admin's own words
Anywhere                   ALLOW IN    10.0.0.13/vrrp            # haui
10.0.0.11                  ALLOW IN    10.0.0.14                 # haui
10.0.0.77                  ALLOW IN    10.0.0.15
10.0.0.11 81/tcp           ALLOW IN    Anywhere
82/tcp on eth1             ALLOW IN    Anywhere
2379/tcp                   ALLOW IN    fd00::12                  # haui

Anywhere                   ALLOW FWD   10.244.0.0/16              # haui
10.244.0.0/16              ALLOW FWD   Anywhere                   # haui
10.244.0.0/16              ALLOW FWD   10.30.0.11                 # my own
"""


def test_ufw(host: ShellHost) -> None:
    state(host, "ufw", UFW)
    host.fake("ufw", 'cat "$STATE/ufw"')
    assert network(host).all("firewall") == ()
    host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    facts = network(host)
    assert facts.all("firewall") == ("ufw deny disabled",)
    assert set(facts.all("firewall.open")) == {
        "22/tcp", "2379-2380/tcp", "6443/tcp", "source 10.0.0.12", "53/tcp", "53/udp",
        "2379/tcp from 10.0.0.12", "2380/tcp from 10.0.0.12", "10250/tcp from 10.0.0.0/28",
        "10250/udp from 10.0.0.0/28", "protocol vrrp from 10.0.0.13", "source 10.0.0.14",
        "2379/tcp from fd00::12", "forward from 10.244.0.0/16", "forward to 10.244.0.0/16",
    }  # fmt: skip


NFT = """case "$*" in
    "list chains") printf 'table ip nat {\\n\\tchain INPUT {\\n\\t\\ttype nat hook input priority 100; policy accept;\\n\\t}\\n}\\n'
        printf 'table inet f {\\n\\tchain in {\\n\\t\\ttype filter hook input priority filter; policy drop;\\n\\t}\\n\\tchain x {\\n\\t}\\n}\\n' ;;
    "list chain inet f in") printf 'table inet f {\\n\\tchain in {\\n\\t\\ttype filter hook input priority filter; policy drop;\\n'
        printf '\\t\\ttcp dport { 22, 80,\\n\\t\\t\\t     6443 } accept\\n\\t\\tct state established accept\\n\\t}\\n}\\n' ;;
esac"""  # noqa: E501


def test_chains_at_the_input_hook(host: ShellHost) -> None:
    host.fake("nft", NFT)
    facts = network(host)
    assert facts.yes("firewall.asked")
    assert facts.all("firewall.rule") == (
        "inet f in: type filter hook input priority filter; policy drop;",
        "inet f in: tcp dport { 22, 80, 6443 } accept",
        "inet f in: ct state established accept",
    )


def test_no_module_is_loaded_by_asking(host: ShellHost) -> None:
    host.fake("nft", NFT)
    host.write("/lib/modules/6.1.0/kernel/net/netfilter/nf_tables.ko.xz", "")
    facts = network(host)
    assert facts.yes("firewall.asked")
    assert not any(call.startswith("nft") for call in host.calls)
    host.write("/sys/module/nf_tables/initstate", "live\n")
    assert len(network(host).all("firewall.rule")) == 3


def test_nft_that_fails_is_told(host: ShellHost) -> None:
    assert network(host).yes("firewall.asked") is False


def test_rules_of_the_older_iptables(host: ShellHost) -> None:
    host.write("/proc/net/ip_tables_names", "nat\nfilter\n")
    host.fake("iptables-legacy", "printf -- '-P INPUT DROP\\n-A INPUT -i lo -j ACCEPT\\n'")
    assert network(host).all("firewall.rule") == (
        "ip filter INPUT: -P INPUT DROP", "ip filter INPUT: -A INPUT -i lo -j ACCEPT",
    )  # fmt: skip

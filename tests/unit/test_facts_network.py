"""What the scripts tell of addresses, routes and names, on faked hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.evidence import Facts
from tests.unit.facts_of import look_with
from tests.unit.network_host import fake_bash, quiet_host, state
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return quiet_host(tmp_path)


def network(host: ShellHost) -> Facts:
    return look_with(host, "facts_network")


def test_links(host: ShellHost) -> None:
    assert network(host).all("link") == (
        "lo UNKNOWN 65536 - loopback",
        "eth0 UP 1400 02:fc:00:00:00:01 -",
        "v0 DOWN 1500 1a:34:65:23:53:43 veth",
        "flannel.1 UNKNOWN 1350 c2:ed:a5:58:54:9e vxlan",
        "tunl0 DOWN 1480 - ipip",
        "br0 DOWN 1500 1a:34:65:23:53:44 bridge",
    )


def test_addresses(host: ShellHost) -> None:
    assert network(host).all("address") == (
        "lo 127.0.0.1/8 static,scope-host",
        "eth0 10.0.0.11/24 static",
        "eth0 10.0.0.12/24 dynamic,secondary",
        "eth0 10.1.0.1/32 static",
        "eth0 fe80::1/64 static,scope-link,tentative,dadfailed",
        "eth0 fd00::9/64 dynamic,temporary,deprecated",
    )


def test_routes_come_with_those_of_the_table_local_last(host: ShellHost) -> None:
    facts = network(host)
    first, multipath, last = facts.all("route4")
    assert first.startswith("default via 10.0.0.1")
    assert multipath == "default nexthop via 10.0.0.1 dev eth0"
    assert last.startswith("local 10.0.0.11")
    assert facts.all("route6") == ("default via fd00::1 dev eth0",)


@pytest.mark.parametrize(
    ("speed", "duplex", "rows"),
    [
        ("1000", "full", ("eth0 1000 full",)),
        ("-1", "unknown", ()),
        ("10", "half", ("eth0 10 half",)),
    ],
)
def test_speed(host: ShellHost, speed: str, duplex: str, rows: tuple[str, ...]) -> None:
    host.write("/sys/class/net/eth0/speed", f"{speed}\n")
    host.write("/sys/class/net/eth0/duplex", f"{duplex}\n")
    assert network(host).all("link.speed") == rows


def test_nobody_is_asked_for_a_virtual_address_that_there_is_not(host: ShellHost) -> None:
    facts = network(host)
    assert facts.one("vip.route") is None
    assert facts.one("vip.holder") is None
    assert not any(call.startswith("ping") for call in host.calls)


def test_a_virtual_address_and_who_answers_for_it(host: ShellHost) -> None:
    host.env |= {"HAUI_VIP": "10.0.0.100", "HAUI_PEERS": "10.0.0.12 10.0.0.13"}
    words = "table main proto boot scope global src 10.0.0.11 uid 0 \\    cache"
    state(host, "route", f"unicast 10.0.0.100 dev eth0 {words}\n")
    facts = network(host)
    assert facts.all("vip.route") == ("10.0.0.100 dev eth0 src 10.0.0.11 uid 0 cache",)
    assert facts.one("vip.holder") == "none"
    assert facts.all("vip.peer") == ()
    state(host, "neigh-10.0.0.100", "10.0.0.100 dev eth0 lladdr aa:aa REACHABLE\n")
    state(host, "neigh-10.0.0.13", "10.0.0.13 dev eth0 lladdr bb:bb STALE\n")
    facts = network(host)
    assert facts.one("vip.holder") == "aa:aa"
    assert facts.all("vip.peer") == ("10.0.0.12", "10.0.0.13 bb:bb")
    state(host, "neigh-10.0.0.12", "10.0.0.12 dev eth0 lladdr aa:aa STALE\n")
    assert network(host).all("vip.peer") == ("10.0.0.12 aa:aa",)


@pytest.mark.parametrize(("anew", "holder"), [("", "none"), ("aa:aa", "aa:aa")])
def test_who_does_not_answer_is_asked_for_anew(host: ShellHost, anew: str, holder: str) -> None:
    """The kernel remembers a host for half a minute after it has given the address up."""
    host.env["HAUI_VIP"] = "10.0.0.100"
    host.fake("ping", "exit 1")
    state(host, "neigh-10.0.0.100", "10.0.0.100 dev eth0 lladdr aa:aa REACHABLE\n")
    entry = f"10.0.0.100 dev eth0 lladdr {anew} REACHABLE\n"
    state(host, "anew-10.0.0.100", entry if anew else "10.0.0.100 dev eth0 FAILED\n")
    assert network(host).one("vip.holder") == holder


@pytest.mark.parametrize("route", ["local 10.0.0.100 dev lo", "10.0.0.100 via 10.0.0.1 dev eth0"])
def test_an_address_that_is_no_neighbours_is_not_asked_for(host: ShellHost, route: str) -> None:
    host.env["HAUI_VIP"] = "10.0.0.100"
    state(host, "route", f"{route}\n")
    assert network(host).one("vip.holder") is None
    assert not any(call.startswith("ping") for call in host.calls)


def test_resolver_and_name_servers(host: ShellHost) -> None:
    host.write(
        "/etc/resolv.conf",
        "# comment\ndomain old.lan\nsearch a.lan b.lan\noptions ndots:2\n"
        "nameserver 10.0.0.53\nnameserver fd00::53\nnameserver $(reboot)\n",
    )
    host.write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\nsearch x\n")
    host.write("/etc/nsswitch.conf", "passwd: files\nhosts:\tfiles dns\n")
    fake_bash(host, "fd00::53) exit 5 ;;")
    host.env["HAUI_LOOKUP"] = "mirror.lan"
    host.fake(
        "getent",
        'case $2 in cp1) printf "127.0.1.1  STREAM cp1.lan\\n127.0.1.1 DGRAM\\n"; '
        'printf "10.0.0.11 RAW\\n" ;; '
        "*) exit 2 ;; esac",
    )
    facts = network(host)
    assert facts.all("resolver") == (
        "file /etc/resolv.conf", "options ndots:2", "nameserver 10.0.0.53", "nameserver fd00::53",
        "search a.lan b.lan", "upstream 192.0.2.53",
    )  # fmt: skip
    assert set(facts.all("dns.server")) == {"10.0.0.53 answers", "fd00::53 silent"}
    assert facts.all("own.name") == ("127.0.1.1", "10.0.0.11")
    assert facts.one("fqdn") == "cp1.lan"
    assert facts.one("nsswitch") == "files dns"
    name, word, took = facts.rows("dns.lookup", 3)[0]
    assert (name, word) == ("mirror.lan", "none")
    assert 0 <= float(took) < 8


@pytest.mark.parametrize(("status", "word"), [(0, "found"), (2, "none"), (124, "timeout")])
def test_lookups(host: ShellHost, status: int, word: str) -> None:
    host.env["HAUI_LOOKUP"] = "mirror.lan"
    host.fake("getent", f"exit {status}")
    assert network(host).rows("dns.lookup", 3)[0][1] == word


def test_a_lookup_that_hangs_costs_no_other_its_facts(host: ShellHost) -> None:
    """The guard ends all that ask for names; who has told before has told."""
    host.env["HAUI_LOOKUP"] = "mirror.lan"
    host.fake("getent", "case $2 in mirror.lan) exit 1 ;; esac; echo '127.0.1.1 STREAM cp1.lan'")
    host.fake("timeout", 'shift 3; "$@" | grep -v dns.lookup; exit 124')
    facts = network(host)
    assert facts.one("dns.lookup") == "mirror.lan timeout 8.000"
    assert facts.one("own.name") == "127.0.1.1"


def test_a_refused_question_is_not_silence(host: ShellHost) -> None:
    host.write("/etc/resolv.conf", "nameserver 10.0.0.53\n")
    fake_bash(host, "*) exit 4 ;;")
    assert network(host).all("dns.server") == ("10.0.0.53 unreachable",)


def test_who_manages_interfaces(host: ShellHost) -> None:
    host.write(
        "/etc/NetworkManager/conf.d/k8s.conf",
        "[keyfile]\nunmanaged-devices+=interface-name:cali*\n#unmanaged-devices=x\n",
    )
    host.write("/etc/systemd/networkd.conf.d/a.conf", "[Network]\nManageForeignRoutes = no\n")
    facts = network(host)
    assert facts.all("nm.unmanaged") == ("interface-name:cali*",)
    assert facts.all("networkd") == ("ManageForeignRoutes=no",)

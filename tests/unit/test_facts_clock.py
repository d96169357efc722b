"""What the scripts tell of clock and ports, on faked hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.facts_of import look_at_garbage, look_with
from tests.unit.network_host import quiet_host, state
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return quiet_host(tmp_path)


def test_files_of_garbage(host: ShellHost) -> None:
    paths = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/nsswitch.conf",
             "/etc/NetworkManager/NetworkManager.conf", "/etc/systemd/networkd.conf",
             "/etc/ufw/ufw.conf", "/sys/class/net/eth0/speed", "/proc/net/ip_tables_names",
             "/etc/timezone", "/proc/sys/net/ipv4/ip_local_port_range")  # fmt: skip
    facts = look_at_garbage(host, paths, "facts_network", "facts_clock", "facts_ports")
    assert facts.all("dns.server") == ()


CALLED = ("facts_network", "facts_clock", "facts_ports")


def test_a_host_without_any_of_the_commands_tells_the_rest(host: ShellHost) -> None:
    host.fake("ip", "exit 127")
    facts = look_with(host, *CALLED)
    assert facts.all("link") == facts.all("address") == facts.all("route4") == ()
    assert facts.count("listeners") is None
    assert facts.yes("time.synchronised") is None
    assert facts.yes("time.foreign") is False


TRACKING = "Reference ID    : C0A80001 (ntp.lan)\nStratum         : 3\nLeap status     : {}\n"


@pytest.mark.parametrize(
    ("systemd", "leap", "synchronised"),
    [
        ("yes", None, True),
        ("no", None, False),
        ("no", "Normal", True),
        ("no", "Not synchronised", False),
        ("", "Not synchronised", False),
        ("yes", "Not synchronised", True),
        ("", None, None),
    ],
)
def test_clock(host: ShellHost, systemd: str, leap: str | None, synchronised: bool | None) -> None:
    host.fake("timedatectl", f"echo {systemd}")
    if leap:
        state(host, "tracking", TRACKING.format(leap))
        host.fake("chronyc", 'cat "$STATE/tracking"')
    facts = look_with(host, "facts_clock")
    assert facts.yes("time.synchronised") is synchronised
    assert facts.one("time.reference") == ("C0A80001 (ntp.lan) stratum 3" if leap else None)


@pytest.mark.parametrize(
    ("active", "services"),
    [
        ("chrony chronyd", ("chrony",)),
        ("chronyd", ("chronyd",)),
        ("chrony chronyd systemd-timesyncd", ("chrony", "systemd-timesyncd")),
        ("ntpsec ntp", ("ntpsec",)),
        ("ntp ntpd", ("ntp",)),
        ("", ()),
    ],
)
def test_time_services(host: ShellHost, active: str, services: tuple[str, ...]) -> None:
    host.fake(
        "systemctl",
        f'while [ "$1" != -- ]; do shift; done; shift; for unit; do case " {active} " in '
        '*" ${unit%.service} "*) state=active ;; *) state=inactive ;; esac; '
        'printf "Id=%s\\nLoadState=loaded\\nActiveState=$state\\n\\n" "$unit"; done',
    )
    assert look_with(host, "facts_units").all("time.service") == services


def test_time_zone_and_containers(host: ShellHost) -> None:
    host.fake("systemd-detect-virt", "echo docker")
    host.write("/etc/timezone", "Europe/Berlin\n")
    facts = look_with(host, "facts_clock")
    assert (facts.one("time.zone"), facts.yes("time.foreign")) == ("Europe/Berlin", True)
    (host.folder / "root/etc/localtime").symlink_to("../usr/share/zoneinfo/Asia/Tokyo")
    assert look_with(host, "facts_clock").one("time.zone") == "Asia/Tokyo"


SS = """tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=611,fd=3))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=611,fd=4))
udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=9,fd=1))
tcp LISTEN 0 128 *:6443 *:* users:(("kube-apiserver",pid=7,fd=3))
tcp LISTEN 0 9 0.0.0.0:80 0.0.0.0:* users:(("nginx: w",pid=2,fd=1),("nginx",pid=3,fd=1))
udp UNCONN 0 0 0.0.0.0:8472 0.0.0.0:*
udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*
"""


SS_ROWS = (
    "tcp 0.0.0.0 22 sshd 611",
    "tcp :: 22 sshd 611",
    "udp 127.0.0.53 53 systemd-resolve 9",
    "tcp * 6443 kube-apiserver 7",
    "tcp 0.0.0.0 80 nginx:_w 2",
    "udp 0.0.0.0 8472 - -",
    "udp fe80::1 546 - -",
)


def test_listeners(host: ShellHost) -> None:
    state(host, "ss", SS)
    host.fake("ss", 'cat "$STATE/ss"')
    host.write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    host.write("/proc/sys/net/ipv4/ip_local_reserved_ports", "\n")
    facts = look_with(host, "facts_ports")
    assert facts.all("listener") == SS_ROWS
    assert facts.count("listeners") == 7
    assert facts.one("port.range") == "32768 60999"
    assert facts.one("port.reserved") is None


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:28EA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0B4D4D0A:0016 0F4D4D0A:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
"""
TCP6 = """\
  sl  local_address remote_address st
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A
   1: 000080FE00000000FF005450B6C0DFFE:1F90 00000000000000000000000000000000:0000 0A
"""
UDP = """\
   sl  local_address rem_address   st
  17: 3500007F:0035 00000000:0000 07
  18: 0B4D4D0A:D431 0F4D4D0A:0035 01
"""


NO_PROGRAMS = tuple(" ".join([*row.split()[:3], "-", "-"]) for row in SS_ROWS)


@pytest.mark.parametrize("taken", [False, True])
def test_processes_are_only_asked_for_when_a_port_is_taken(host: ShellHost, taken: bool) -> None:
    host.write("/proc/net/tcp", TCP)
    state(host, "ss", SS)
    host.fake("ss", 'case $1 in *p) cat "$STATE/ss" ;; *) sed "s/ users:.*//" "$STATE/ss" ;; esac')
    host.env["HAUI_PORTS"] = "6443 10474" if taken else "2379"
    facts = look_with(host, "facts_ports")
    assert facts.all("listener") == (SS_ROWS if taken else NO_PROGRAMS)
    assert host.calls == ["ss -Hltun", "ss -Hltunp"][: 1 + taken]


def test_without_ss_the_kernel_still_tells_who_listens(host: ShellHost) -> None:
    host.write("/proc/net/tcp", TCP)
    host.write("/proc/net/tcp6", TCP6)
    host.write("/proc/net/udp", UDP)
    host.fake("ss", "exit 127")
    host.env["HAUI_PORTS"] = "10474"
    facts = look_with(host, "facts_ports")
    assert facts.all("listener") == (
        "tcp 127.0.0.1 53 - -",
        "tcp 0.0.0.0 10474 - -",
        "tcp * 22 - -",
        "tcp fe80:0000:0000:0000:5054:00ff:fedf:c0b6 8080 - -",
        "udp 127.0.0.53 53 - -",
    )
    assert facts.count("listeners") == 5


def test_a_host_on_which_nobody_listens(host: ShellHost) -> None:
    host.fake("ss", "exit 0")
    assert look_with(host, "facts_ports").count("listeners") == 0

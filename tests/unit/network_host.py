"""A host on which commands about network, clock and ports are faked."""

from __future__ import annotations

from pathlib import Path

from tests.unit.shell_host import ShellHost

LINKS = r"""1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT \    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,UP> mtu 1400 qdisc fq state UP mode DEFAULT \    link/ether 02:fc:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \    altname enp0s3
3: v0@if9: <BROADCAST> mtu 1500 qdisc noop master br0 state DOWN \    link/ether 1a:34:65:23:53:43 brd ff:ff:ff:ff:ff:ff promiscuity 1 \    veth \    bridge_slave state disabled
4: flannel.1: <BROADCAST> mtu 1350 state UNKNOWN \    link/ether c2:ed:a5:58:54:9e brd ff:ff:ff:ff:ff:ff \    vxlan id 1 dstport 8472
5: tunl0@NONE: <NOARP> mtu 1480 state DOWN \    link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0 \    ipip any remote any
6: br0: <BROADCAST,UP> mtu 1500 state DOWN \    link/ether 1a:34:65:23:53:44 brd ff:ff:ff:ff:ff:ff \    bridge forward_delay 1500
"""  # noqa: E501
ADDRESSES = r"""1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever
2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\       valid_lft forever
2: eth0    inet 10.0.0.12/24 scope global secondary dynamic noprefixroute eth0\       valid_lft 9sec
2: eth0    inet 10.1.0.1 peer 10.1.0.2/32 scope global eth0\       valid_lft forever
2: eth0    inet6 fe80::1/64 scope link tentative dadfailed\       valid_lft forever
2: eth0    inet6 fd00::9/64 scope global temporary deprecated dynamic \       valid_lft 5sec
"""
IP = """
case "$*" in
    "-d -o -force -batch -")
        while read -r line; do
            case $line in
                "link show") cat "$STATE/links" ;;
                "addr show") cat "$STATE/addresses" ;;
                "link show dev lo") echo "1: lo: <LOOPBACK,UP> mtu 65536" ;;
                "route show table all root 0.0.0.0/0")
                    echo "local 10.0.0.11 dev eth0 table local proto kernel"
                    echo "unicast default via 10.0.0.1 dev eth0 table main proto dhcp" \
                        "scope global src 10.0.0.11 metric 100"
                    printf '%s \\\\ nexthop via 10.0.0.1 dev eth0\\n' \
                        "unicast default table main proto boot scope global" ;;
                "route show table all root ::/0")
                    echo "unicast default via fd00::1 dev eth0 table main proto boot" \
                        "scope global " ;;
                "route get"*) cat "$STATE/route" ;;
            esac
        done ;;
    "-o route get"*) cat "$STATE/route" ;;
    "neigh flush to "*) [ ! -e "$STATE/anew-$4" ] || cp "$STATE/anew-$4" "$STATE/neigh-$4" ;;
    "neigh show"*) cat "$STATE/neigh-$3" 2>/dev/null ;;
esac
exit 0
"""
BASH = r"""
text=$(printf '%s\n' "$3" | sed 's/^    server "$1"$/    (case $1 in CASES esac; exit 0)/')
shift 3
exec sh -c "$text" "$@"
"""


def fake_bash(host: ShellHost, cases: str) -> None:
    """A bash whose question to a name server ($1) ends as `cases` of the shell say, else well."""
    host.fake("bash", BASH.replace("CASES", cases))


QUIET = (
    "ping", "ss", "nft", "ufw", "firewall-cmd", "timedatectl", "chronyc", "systemctl", "iptables",
    "systemd-detect-virt", "getent", "ip6tables",
)  # fmt: skip


def quiet_host(tmp_path: Path) -> ShellHost:
    """A host on which every command is there, and most say nothing."""
    host = ShellHost(tmp_path)
    state = tmp_path / "state"
    state.mkdir()
    host.env["STATE"] = str(state)
    for name in QUIET:
        host.fake(name, "exit 1")
    fake_bash(host, "*) exit 1 ;;")
    host.fake("ip", IP)
    host.fake("uname", "echo cp1 6.1.0 x86_64")
    host.write("/run/systemd/system/x", "")
    (state / "links").write_text(LINKS)
    (state / "addresses").write_text(ADDRESSES)
    return host


def state(host: ShellHost, name: str, text: str) -> None:
    """What a fake says that reads $STATE/name."""
    (Path(host.env["STATE"]) / name).write_text(text)

"""Hosts with a firewall: small ones that keep their rules in files and say them as the real do."""

from __future__ import annotations

import os
from pathlib import Path

from tests.unit.shell_host import ShellHost

UFW = """
rules=$STATE/ufw
case "$*" in
    "show added") echo "Added user rules (see 'ufw status' for running firewall):"; cat "$rules" ;;
    "--dry-run allow from 192.0.2.1 proto vrrp") [ ! -e "$STATE/old" ] ;;
    *" comment haui") echo "ufw ${*% comment haui} comment 'haui'" >>"$rules"; echo "Rule added" ;;
    "delete "* | "route delete "*)
        rule=$(echo "ufw $*" | sed 's/delete //')
        grep -vxF -e "$rule" -e "$rule comment 'haui'" "$rules" >"$rules.new"
        mv "$rules.new" "$rules"; echo "Rule deleted" ;;
    *) echo "ERROR: Invalid syntax" >&2; exit 1 ;;
esac
"""

FIREWALL_CMD = r"""
when=now
[ "$1" != --permanent ] || { when=later; shift; }
list() {
    for file in "$STATE/$when/$1"/*; do
        [ -e "$file" ] || continue
        echo "${file##*/}$([ "$when" = later ] || echo ' (default, active)')"
        awk -F '\t' '
            $1 == "target" { target = $2 }
            $1 == "port" { ports = ports " " $2 }
            $1 == "source" { sources = sources " " $2 }
            $1 == "rich-rule" { rich = rich "\n\t" $2 }
            END {
                printf "  target: %s\n  interfaces: \n  sources:%s\n", target ? target : "default", sources
                printf "  ports:%s\n  forward: yes\n  rich rules: %s\n\n", ports, rich
            }' "$file"
    done
}
case $1 in
    --state) echo running ;;
    --get-zone-of-interface=*) [ -e "$STATE/zone" ] || { echo "no zone" >&2; exit 2; }; cat "$STATE/zone" ;;
    --get-default-zone) echo public ;;
    --list-all-zones) list zone ;;
    --list-all-policies) list policy ;;
    --get-policies) ls "$STATE/$when/policy" | tr '\n' ' ' ;;
    --new-policy=*) [ "$when" = later ] && : >"$STATE/later/policy/${1#*=}" ;;
    --delete-policy=*) rm "$STATE/later/policy/${1#*=}" ;;
    --reload) rm -r "$STATE/now" && cp -r "$STATE/later" "$STATE/now" ;;
    --direct) ;;
    --zone=* | --policy=*)
        kind=${1%%=*} file=$STATE/$when/${kind#--}/${1#*=}
        shift
        [ -e "$file" ] || { echo "Error: INVALID_${kind#--}" >&2; exit 112; }
        for option; do
            name=${option%%=*} value=${option#*=}
            line=$(printf '%s\t%s' "${name#--*-}" "$value")
            [ "${first:=$name}" = "$name" ] || { echo "usage" >&2; exit 2; }
            case $name in
                --add-*) grep -qxF "$line" "$file" || echo "$line" >>"$file" ;;
                --remove-*) grep -vxF "$line" "$file" >"$file.new"; mv "$file.new" "$STATE/new"; cp "$STATE/new" "$file" ;;
                --query-*) grep -qxF "$line" "$file" || exit 1 ;;
            esac
        done ;;
    *) echo "Error: $*" >&2; exit 2 ;;
esac
"""  # noqa: E501
IP = """
case "$*" in
    "-o addr show") echo "2: eth0    inet 10.30.0.11/24 brd 10.30.0.255 scope global eth0" ;;
esac
"""


def firewall_host(folder: Path) -> ShellHost:
    """cp1 without any firewall."""
    host = ShellHost(folder)
    host.env |= {"STATE": os.fspath(folder / "state"), "HAUI_ADDRESS": "10.30.0.11"}
    host.env |= {"HAUI_INTERFACE": "", "PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    (folder / "state").mkdir()
    host.fake("ip", IP)
    return host


def with_ufw(host: ShellHost, *rules: str) -> Path:
    """ufw, active, with these rules of the admin's; the file with its rules."""
    rules_file = Path(host.env["STATE"]) / "ufw"
    rules_file.write_text("".join(f"ufw {rule}\n" for rule in rules))
    host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    host.fake("ufw", UFW)
    return rules_file


def with_firewalld(host: ShellHost) -> Path:
    """firewalld, running; the folder with its state."""
    state = Path(host.env["STATE"])
    for when in ("now", "later"):
        for zone in ("internal", "public"):
            _put(state / when / "zone" / zone, "")
        _put(state / when / "zone" / "trusted", "target\tACCEPT\n")
        _put(state / when / "policy" / "allow-host-ipv6", "")
    host.fake("firewall-cmd", FIREWALL_CMD)
    for command in ("iptables-save", "ip6tables-save"):
        host.fake(command)
    return state


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

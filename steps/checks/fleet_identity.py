"""What must stand only once in a fleet: names, ids, addresses and keys of its machines."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    answer,
    blocks,
    command,
    passes,
    skips,
    warns,
    words,
)
from steps.checks.fleet_view import Fleet, Told, address_of, fleet_in, me, named

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_PLACEHOLDERS = frozenset(
    (
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "12345678-1234-1234-1234-123456789abc",
    )
)
"""What vendors leave in boards instead of an id; the second is the first in the other order."""

_NO_NAME = "localhost.localdomain"
"""What a host says that knows no full name."""

_SHARED_MACS = ("00:00:00:00:00:00", "ee:ee:ee:ee:ee:ee", "ff:ff:ff:ff:ff:ff")
_ROUTER_MACS = ("00:00:5e:00:01:", "00:00:5e:00:02:")
"""VRRP's: whoever holds the virtual address has it."""


@dataclass(frozen=True)
class Unique:
    """One kind of value that each host must have for itself; an index of who has it."""

    values: Callable[[Fleet, Told], Iterable[str]]

    def __call__(self, fleet: Fleet) -> Mapping[str, tuple[str, ...]]:
        """Value -> the hosts that have it."""
        owners: dict[str, list[str]] = {}
        for told in fleet.told.values():
            for value in dict.fromkeys(self.values(fleet, told)):
                owners.setdefault(value, []).append(told.name)
        return {value: tuple(names) for value, names in owners.items()}


def _unique(
    id_: str,
    title: str,
    why: str,
    values: Callable[[Fleet, Told], Iterable[str]],
    fix: Callable[[Look], Fix],
    missing: str,
    noun: str,
    say: Callable[[str, Fix, str], Answer] = blocks,
) -> Check:
    index = Unique(values)

    def look(look: Look) -> Answer:
        fleet, told = fleet_in(look), me(look)
        owners = fleet.view(index)
        own = tuple(dict.fromkeys(values(fleet, told)))
        if not own:
            return skips(missing)
        twice = [(value, fleet.others(told.name, owners[value])) for value in own]
        shared = [f"{value} is also {named(others)}'s" for value, others in twice if others]
        if not shared:
            return passes(f"{named(own)}{fleet.scope}")
        return say(" · ".join(shared[:3]), fix(look), f"{noun} of its own")

    return Check(id=id_, title=title, area="fleet", why=why, look=look, step="preflight.fleet")


def _machine_id(fleet: Fleet, told: Told) -> Iterable[str]:
    value = told.facts.one("machine-id")
    return (value,) if value and value != "uninitialized" else ()


def _product(fleet: Fleet, told: Told) -> Iterable[str]:
    value = (told.facts.one("product-uuid") or "").lower()
    real = _UUID.fullmatch(value) and len(set(value) - {"-"}) > 1 and value not in _PLACEHOLDERS
    return (value,) if real and not told.container else ()


def _hostname(fleet: Fleet, told: Told) -> Iterable[str]:
    value = told.facts.one("hostname")
    return (value.lower(),) if value else ()


def _fqdn(fleet: Fleet, told: Told) -> Iterable[str]:
    value = (told.facts.one("fqdn") or "").lower().rstrip(".")
    # A name without a domain is the hostname, which is compared already.
    return (value,) if "." in value and value != _NO_NAME else ()


def _macs(fleet: Fleet, told: Told) -> Iterable[str]:
    for link in told.links.values():
        own = _MAC.fullmatch(link.mac) and told.is_real(link.name)
        if own and link.mac not in _SHARED_MACS and not link.mac.startswith(_ROUTER_MACS):
            yield link.mac


def _addresses(fleet: Fleet, told: Told) -> Iterable[str]:
    vip = address_of(fleet.spec.endpoint.vip or "")
    for address in told.addresses:
        at = address.at.ip
        if told.is_real(address.link) and at != vip and not at.is_link_local and not at.is_loopback:
            yield str(at)


def _key(name: str) -> Callable[[Fleet, Told], Iterable[str]]:
    def values(fleet: Fleet, told: Told) -> Iterable[str]:
        return told.facts.all(name)

    return values


def _host_keys(fleet: Fleet, told: Told) -> Iterable[str]:
    for _algorithm, key in told.facts.rows("ssh.hostkey", 2):
        if (fingerprint := _fingerprint(key)) is not None:
            yield fingerprint


@functools.lru_cache(maxsize=2000)
def _fingerprint(key: str) -> str | None:
    """As ssh-keygen -l writes it; None for what is no key. Facts of older versions hold it."""
    if key.startswith("SHA256:"):
        return key
    try:
        blob = base64.b64decode(key, validate=True)
    except ValueError:
        return None
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _same(look: Look) -> Answer:
    fleet, told = fleet_in(look), me(look)
    machine, boot = told.facts.one("machine-id"), told.facts.one("boot-id")
    if not machine or not boot:
        return skips("the host told no machine-id or no boot-id")
    same = [name for name in fleet.machines.get(told.name, ()) if name != told.name]
    if not same:
        return passes(f"no other host is this machine{fleet.scope}")
    return blocks(
        f"{named(same)}: the same machine-id {machine} and boot-id {boot}",
        answer("Take one of the names out, or correct its address.", "hosts"),
        "one machine for each name",
    )


_NEW_MACHINE_ID = (
    "rm -f /etc/machine-id && tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id && "
    "chmod 444 /etc/machine-id && "
    "{ [ ! -d /var/lib/dbus ] || ln -sfn /etc/machine-id /var/lib/dbus/machine-id; }"
)
_NEW_IQN = (
    "umask 077 && printf 'InitiatorName=iqn.2004-10.org.open-iscsi:%s\\n' "
    '"$(tr -d - </proc/sys/kernel/random/uuid)" >/etc/iscsi/initiatorname.iscsi'
)
_NEW_NQN = (
    "id=$(cat /proc/sys/kernel/random/uuid) && printf '%s\\n' \"$id\" >/etc/nvme/hostid && "
    "printf 'nqn.2014-08.org.nvmexpress:uuid:%s\\n' \"$id\" >/etc/nvme/hostnqn"
)


def _rename(look: Look) -> Fix:
    name = look.host.name
    return command(
        "Give the host a name of its own.", f"hostnamectl set-hostname {shlex.quote(name)}"
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.same-host",
        title="One machine for each name",
        area="fleet",
        why="Two names for one machine would be installed over one another.",
        look=_same,
        step="preflight.fleet",
        page="hosts",
    ),
    _unique(
        "fleet.hostname",
        "Hostnames are unique",
        "Logs, leases and some network plugins know a node by the hostname: two would be one.",
        _hostname,
        _rename,
        "the host told no hostname",
        "a hostname",
    ),
    _unique(
        "fleet.fqdn",
        "Full names are unique",
        "Certificates and monitoring that use the full name would take two hosts for one.",
        _fqdn,
        lambda look: words("Correct the host's line in /etc/hosts, or its name in DNS."),
        "the host has no full name with a domain",
        "a full name",
        warns,
    ),
    _unique(
        "fleet.machine-id",
        "machine-id is unique",
        "The machine-id makes addresses of network interfaces and DHCP leases, and Kubernetes "
        "tells nodes apart by it: cloned hosts take each other's.",
        _machine_id,
        lambda look: command("Give the host a new machine-id, then reboot it.", _NEW_MACHINE_ID),
        "the host told no machine-id",
        "a machine-id",
    ),
    _unique(
        "fleet.product-uuid",
        "product_uuid is unique",
        "Storage drivers and cloud providers find a node's machine by it.",
        _product,
        lambda look: words("Give the virtual machine a new UUID in its hypervisor."),
        "the host has no product_uuid of its own (a container, or its vendor left it empty)",
        "a product_uuid",
    ),
    _unique(
        "fleet.mac",
        "Link-layer addresses are unique",
        "In one network segment, two hosts with one address get each other's packets.",
        _macs,
        lambda look: words("Give the virtual machine's interface a new MAC address."),
        "the host told no link-layer address",
        "link-layer addresses",
    ),
    _unique(
        "fleet.address",
        "IP addresses are unique",
        "Connections would end now on one host, now on another.",
        _addresses,
        lambda look: words("Take the address from one of the hosts, and correct the cluster file."),
        "the host told no address",
        "addresses",
    ),
    _unique(
        "fleet.host-key",
        "SSH host keys are unique",
        "The hosts were cloned: whoever has the key of one can pretend to be the others.",
        _host_keys,
        lambda look: words(
            "Make new keys: remove /etc/ssh/ssh_host_*, run `ssh-keygen -A` (Debian: "
            "`dpkg-reconfigure openssh-server`), restart sshd, and accept the new key in haui."
        ),
        "the host told no SSH host key",
        "SSH host keys",
        warns,
    ),
    _unique(
        "fleet.iscsi",
        "iSCSI initiator names are unique",
        "A storage target takes two hosts with one name for one: volumes are torn away or "
        "written by both.",
        _key("iscsi.iqn"),
        lambda look: command("Give the host a new initiator name; restart iscsid.", _NEW_IQN),
        "the host has no iSCSI initiator name",
        "an initiator name",
    ),
    _unique(
        "fleet.nvme",
        "NVMe host names are unique",
        "A storage target takes two hosts with one name for one: volumes are torn away or "
        "written by both.",
        _key("nvme.hostnqn"),
        lambda look: command("Give the host a new NVMe name.", _NEW_NQN),
        "the host has no NVMe host name",
        "an NVMe host name",
    ),
)

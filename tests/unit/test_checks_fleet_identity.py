"""What must stand only once in a fleet."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.checks import Changes, ask

BOTH: dict[str, dict[str, object]] = {
    "fleet.hostname": {"hostname": "debian"},
    "fleet.fqdn": {"fqdn": "node.example.org"},
    "fleet.machine-id": {"machine-id": "0123456789abcdef0123456789abcdef"},
    "fleet.product-uuid": {"product-uuid": "4C4C4544-0042-3010-8042-B4C04F333132"},
    "fleet.mac": {"link": ["lo UNKNOWN 65536 - loopback", "eth1 UP 1500 52:54:00:aa:bb:cc -"]},
    "fleet.host-key": {"ssh.hostkey": ["ssh-ed25519 AAAA", "ssh-rsa BBBB"]},
    "fleet.iscsi": {"iscsi.iqn": "iqn.1993-08.org.debian:01:aaaa"},
    "fleet.nvme": {"nvme.hostnqn": "nqn.2014-08.org.nvmexpress:uuid:1"},
}
"""Check -> what two cloned hosts tell alike."""
WARNINGS = ("fleet.fqdn", "fleet.host-key")


@pytest.mark.parametrize("check", BOTH)
def test_what_two_hosts_have_is_found_on_both_and_on_no_third(check: str) -> None:
    told = BOTH[check]
    for host, other in (("cp2", "wk1"), ("wk1", "cp2")):
        found = ask(check, told, host=host, others={other: told})
        assert found.verdict == ("warning" if check in WARNINGS else "blocked")
        assert other in found.seen and host not in found.seen
        assert found.fix and found.why
    other_hosts: dict[str, Changes] = {"cp2": told, "wk1": told}
    own = {key: _own(str(value)) for key, value in told.items()}
    assert ask(check, own, host="cp3", others=other_hosts).verdict == "ok"


def _own(value: str) -> str:
    """Another value of the same shape."""
    if "link" in value or "lo UNKNOWN" in value:
        return "eth1 UP 1500 52:54:00:aa:bb:cd -"
    if value.startswith("["):
        return "ED25519 SHA256:own"
    return value[:-1] + ("1" if value[-1] != "1" else "2")


@pytest.mark.parametrize("check", BOTH)
def test_what_a_host_did_not_tell_is_not_judged(check: str) -> None:
    found = ask(check, dict.fromkeys(BOTH[check]))
    assert (found.verdict, bool(found.seen)) == ("skipped", True)


def test_letters_of_names_and_uuids_may_be_large() -> None:
    name = ask("fleet.hostname", {"hostname": "Node"}, others={"cp2": {"hostname": "node"}})
    assert name.verdict == "blocked"
    uuid = "4C4C4544-0042-3010-8042-B4C04F333132"
    others: dict[str, Changes] = {"cp2": {"product-uuid": uuid.lower()}}
    assert ask("fleet.product-uuid", {"product-uuid": uuid}, others=others).verdict == "blocked"


@pytest.mark.parametrize(
    "uuid",
    [
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "Not Settable",
        "To Be Filled By O.E.M.",
    ],
)
def test_what_a_vendor_left_empty_is_no_uuid(uuid: str) -> None:
    told = {"product-uuid": uuid}
    assert ask("fleet.product-uuid", told, others={"cp2": told}).verdict == "skipped"


@pytest.mark.parametrize("virt", ["systemd-nspawn", "lxc", "docker"])
def test_containers_share_the_firmware_and_the_boot_of_their_machine(virt: str) -> None:
    told: Changes = {
        "virt": virt,
        "product-uuid": "4c4c4544-0042-3010-8042-b4c04f333132",
        "boot-id": "b",
    }
    assert ask("fleet.product-uuid", told, others={"cp2": told}).verdict == "skipped"
    assert ask("fleet.same-host", told, others={"cp2": told}).verdict == "ok"


def test_full_names_without_a_domain_are_hostnames() -> None:
    for name in ("localhost.localdomain", "node", "localhost"):
        assert (
            ask("fleet.fqdn", {"fqdn": name}, others={"cp2": {"fqdn": name}}).verdict == "skipped"
        )


SAME: dict[str, object] = {"machine-id": "m", "boot-id": "b"}


def test_a_host_key_is_shown_as_ssh_shows_it() -> None:
    """The key's text is what the host tells; facts of older versions hold its fingerprint."""
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIKpN7vPGcpuNTtkAyKVPt1dFAuG1KXrXgLLNN0lYJcxT"
    print_of = "SHA256:ATMlbTinRi1CUJk2LWs8wzGgLsP40oU4GD3ckRsyAuw"
    told = {"ssh.hostkey": f"ssh-ed25519 {key}"}
    for other in (told, {"ssh.hostkey": f"ED25519 {print_of}"}):
        found = ask("fleet.host-key", told, host="cp2", others={"wk1": other})
        assert print_of in found.seen
    assert ask("fleet.host-key", {"ssh.hostkey": "ssh-rsa A"}, host="cp2").verdict == "skipped"


def test_one_machine_under_two_names_is_said_once() -> None:
    found = ask("fleet.same-host", SAME, others={"wk2": SAME})
    assert (found.verdict, found.fix_kind, found.fix_with) == ("blocked", "answer", "hosts")
    assert "wk2" in found.seen
    # What one machine has is its own, however many names it has.
    keys = SAME | {"ssh.hostkey": "ssh-ed25519 xxxx", "hostname": "node"}
    for check in ("fleet.machine-id", "fleet.host-key", "fleet.hostname"):
        assert ask(check, keys, others={"wk2": keys}).verdict == "ok"
    third: dict[str, Changes] = {"wk2": keys, "cp2": {"hostname": "node"}}
    assert "cp2" in ask("fleet.hostname", keys, others=third).seen


def test_cloned_containers_are_not_the_same_host() -> None:
    clone = SAME | {"virt": "lxc"}
    assert ask("fleet.same-host", clone, others={"cp2": clone}).verdict == "ok"
    assert ask("fleet.machine-id", clone, others={"cp2": clone}).verdict == "blocked"
    link = {
        "link": "eth0 UP 1500 52:54:00:00:00:01 veth",
        "address": ["eth0 10.30.0.11/24 static", "eth0 10.30.0.12/24 static"],
    }
    same = clone | link
    assert ask("fleet.same-host", same, others={"cp2": same}).verdict == "blocked"


def test_without_ids_nobody_is_taken_for_another() -> None:
    nothing = {"machine-id": None, "boot-id": None}
    assert ask("fleet.same-host", nothing, others={"cp2": nothing}).verdict == "skipped"


@pytest.mark.parametrize(
    "row",
    [
        "docker0 UP 1500 02:42:ac:11:00:01 bridge",
        "virbr0 UP 1500 52:54:00:aa:bb:cc bridge",
        "br-0123456789ab UP 1500 02:42:ac:12:00:01 bridge",
        "flannel.1 UNKNOWN 1450 52:54:00:aa:bb:cc vxlan",
        "cali123 UP 1450 ee:ee:ee:ee:ee:ee veth",
        "dummy0 UP 1500 52:54:00:aa:bb:cc dummy",
        "mesh0 UNKNOWN 1420 52:54:00:aa:bb:cc tun",
        "eth5 UP 1500 00:00:5e:00:01:0a -",
        "eth5 DOWN 1500 00:00:00:00:00:00 -",
    ],
)
def test_addresses_that_software_makes_everywhere_may_repeat(row: str) -> None:
    rows: Changes = {"link": [row, "eth0 UP 1500 52:54:00:00:00:0b -"]}
    other: Changes = {"link": [row, "eth0 UP 1500 52:54:00:00:00:0c -"]}
    assert ask("fleet.mac", rows, others={"cp2": other}).verdict == "ok"


@pytest.mark.parametrize("kind", ["-", "bond", "vlan", "bridge"])
def test_addresses_of_what_leads_to_other_hosts_may_not(kind: str) -> None:
    rows: Changes = {"link": f"storage0 UP 9000 52:54:00:aa:bb:cc {kind}"}
    assert ask("fleet.mac", rows, others={"cp2": rows}).verdict == "blocked"


def test_a_containers_own_interface_is_looked_at_whatever_its_kind() -> None:
    def told(last: int) -> Changes:
        link = "host0 UP 1500 52:54:00:aa:bb:cc veth"
        return {"link": link, "address": f"host0 10.30.0.{last}/24 static", "virt": "lxc"}

    assert ask("fleet.mac", told(11), others={"cp2": told(12)}).verdict == "blocked"


def test_an_address_on_two_hosts_is_found_and_shared_ones_are_not() -> None:
    def told(*rows: str) -> Changes:
        return {"address": list(rows)}

    own, other = "eth0 10.30.0.11/24 static", "eth0 10.30.0.12/24 static"
    found = ask("fleet.address", told(own), others={"cp2": told(other, own)})
    assert found.verdict == "blocked" and "cp2" in found.seen and "10.30.0.11" in found.seen
    for row in (
        "docker0 172.17.0.1/16 static",
        "lo 192.0.2.1/32 static",
        "eth0 fe80::1/64 static",
        "eth0 10.30.0.100/32 static",
    ):
        assert (
            ask("fleet.address", told(own, row), others={"cp2": told(other, row)}).verdict == "ok"
        )
    row = "eth1 10.40.0.1/24 static"
    found = ask("fleet.address", told(own, row), others={"cp2": told(other, row)})
    assert found.verdict == "blocked"


def test_a_host_gets_its_name_of_the_cluster_file() -> None:
    found = ask("fleet.hostname", {"hostname": "x"}, host="wk1", others={"cp2": {"hostname": "x"}})
    assert (found.fix_kind, found.fix_with) == ("command", "hostnamectl set-hostname wk1")


@pytest.mark.parametrize(
    ("check", "path", "pattern"),
    [
        ("fleet.machine-id", "/etc/machine-id", r"^[0-9a-f]{32}$"),
        ("fleet.iscsi", "/etc/iscsi/initiatorname.iscsi", r"^InitiatorName=iqn\.[^ :]+:[0-9a-f]+$"),
        ("fleet.nvme", "/etc/nvme/hostnqn", r"^nqn\.2014-08\.org\.nvmexpress:uuid:[0-9a-f-]{36}$"),
    ],
)
def test_the_command_gives_a_new_name(tmp_path: Path, check: str, path: str, pattern: str) -> None:
    told = BOTH[check]
    command = ask(check, told, others={"cp2": told}).fix_with
    for folder in ("etc/iscsi", "etc/nvme", "var/lib/dbus"):
        (tmp_path / folder).mkdir(parents=True)
    here = command.replace("/etc/", f"{tmp_path}/etc/").replace("/var/", f"{tmp_path}/var/")
    seen = set()
    for _ in range(2):
        subprocess.run(["/bin/sh", "-c", here], check=True, timeout=10)
        seen.add((tmp_path / path.lstrip("/")).read_text())
    assert len(seen) == 2
    assert all(re.search(pattern, text.strip()) for text in seen)

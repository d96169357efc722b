"""File systems of hosts: room, inodes, types, options; and swap in all its forms."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks import CATALOGUE, Look
from steps.checks.disks import room
from tests.unit.checks import ask, fleet
from tests.unit.mounted import mounted
from tests.unit.specs import shapes, spec

PRODUCTION, TEST = spec(profile="production"), spec(profile="test")
KUBELET = "/var/lib/kubelet"
CONTAINERD = "/var/lib/containerd"
SYSTEM = (
    "/", "/etc", "/opt", "/opt/cni", "/opt/cni/bin", "/usr", "/usr/local", "/usr/local/bin",
    "/var", "/var/lib", "/var/lib/dpkg", "/var/lib/haui", KUBELET,
)  # fmt: skip
"""What is on the first disk of a healthy host."""
MOUNT_CHECKS = (
    "disks.read-only", "disks.exec", "disks.state", "disks.size", "disks.room", "disks.eviction",
    "disks.inodes", "disks.type", "disks.containerd-own", "disks.logs",
)  # fmt: skip


def one_disk(cluster: ClusterSpec, size: int, free: int) -> dict[str, object]:
    everything = (*SYSTEM, CONTAINERD, "/var/log", "/var/lib/etcd")
    return mounted(*everything, cluster=cluster, device="8:1", size=size, free=free)


@pytest.mark.parametrize("check", MOUNT_CHECKS)
def test_a_host_that_does_not_tell_its_file_systems_is_not_judged_by_them(check: str) -> None:
    assert ask(check).verdict == "ok"
    found = ask(check, {"mount": None, "mount.at": None})
    assert (found.verdict, bool(found.seen)) == ("skipped", True)
    garbage = {"mount": ["/ ext4", "x", "/ ext4 a b c d e f g"], "mount.at": "?"}
    assert ask(check, garbage).verdict == "skipped"


@pytest.mark.parametrize(
    ("cluster", "size", "verdict"),
    [
        (PRODUCTION, 34_333, "ok"),  # 90 % of 40 decimal GB is 34332.3 MB of df
        (PRODUCTION, 34_332, "blocked"),
        (TEST, 17_167, "ok"),
        (TEST, 17_100, "warning"),
    ],
)
def test_one_disk_is_counted_once(cluster: ClusterSpec, size: int, verdict: str) -> None:
    found = ask("disks.size", one_disk(cluster, size, 9000), cluster=cluster)
    assert found.verdict == verdict, found
    assert found.seen.count("GB") == 1


def test_disks_of_the_roles_add_up() -> None:
    small = mounted(*SYSTEM, size=12_000)
    assert ask("disks.size", small).verdict == "ok"
    seen = ask("disks.size", small).seen
    assert seen.count("GB") == 3
    assert "for /var/lib/etcd" in seen
    assert "/var/lib/kubelet, /" in seen


@pytest.mark.parametrize(("free", "verdict"), [(4570, "ok"), (4569, "blocked"), (0, "blocked")])
def test_room_is_summed_per_file_system(free: int, verdict: str) -> None:
    # 300 + 20 + 400 + 400 + 2500 + 300 + 500 + 50 + 100, without /tmp and /run: 4570.
    facts = one_disk(TEST, 40_000, free)
    found = ask("disks.room", facts, cluster=TEST)
    assert found.verdict == verdict, found
    if free == 0:
        assert "has 0 MB free of 40000 MB, 4570 MB are needed" in found.seen


def test_a_full_var_is_found_with_evidence() -> None:
    found = ask("disks.room", mounted("/var/log", free=99))
    assert found.verdict == "blocked"
    assert found.seen == "/var/log has 99 MB free of 10000 MB, 100 MB are needed (/var/log)"


def test_images_that_are_there_need_no_room_again() -> None:
    full = mounted(CONTAINERD, free=600)
    assert ask("disks.room", full).verdict == "blocked"
    held = {**full, "kubernetes.server": "https://api.atlas.lan:8443"}
    assert ask("disks.room", held).verdict == "ok"


def test_room_follows_the_roles() -> None:
    cluster = shapes()["dedicated-lb"]
    assert not set(room_of(cluster, "lb1")) & {CONTAINERD, KUBELET, "/var/lib/etcd"}
    assert {CONTAINERD, KUBELET} < set(room_of(cluster, "wk1"))
    external = shapes()["external-etcd"]
    assert {CONTAINERD, "/var/lib/etcd"} < set(room_of(external, "etcd1"))
    assert "/var/lib/etcd" not in room_of(external, "cp1")


def room_of(cluster: ClusterSpec, host: str) -> dict[str, int]:
    return room(Look(cluster, cluster.host(host), fleet(cluster)))


@pytest.mark.parametrize(
    ("path", "free", "verdict"),
    [
        (CONTAINERD, 1500, "ok"),
        (CONTAINERD, 1499, "blocked"),
        (KUBELET, 1000, "ok"),
        (KUBELET, 999, "blocked"),
    ],
)
def test_the_kubelet_would_evict(path: str, free: int, verdict: str) -> None:
    facts = mounted(path, size=10_000, free=free)
    assert ask("disks.eviction", facts).verdict == verdict
    own = spec(advanced={"kubeadm": {"KubeletConfiguration": {"evictionHard": {"x": "1"}}}})
    assert ask("disks.eviction", facts, cluster=own).verdict in ("ok", "info")


@pytest.mark.parametrize(
    ("path", "inodes", "free", "verdict"),
    [
        (CONTAINERD, 3_000_000, 300_000, "ok"),
        (CONTAINERD, 3_000_000, 299_999, "warning"),
        (CONTAINERD, 1_000_000, 200_000, "ok"),
        (CONTAINERD, 1_000_000, 199_999, "warning"),
        (CONTAINERD, 10_000_000, 499_999, "blocked"),
        (CONTAINERD, 0, 0, "ok"),
        ("/var/log", 1000, 100, "ok"),
        ("/var/log", 1000, 99, "warning"),
        ("/var/log", 1000, 10, "warning"),
        ("/var/log", 1000, 9, "blocked"),
    ],
)
def test_inodes(path: str, inodes: int, free: int, verdict: str) -> None:
    facts = mounted(path, inodes=inodes, inodes_free=free)
    assert ask("disks.inodes", facts).verdict == verdict


@pytest.mark.parametrize(
    ("fstype", "ftype", "verdict"),
    [
        ("ext4", None, "ok"),
        ("btrfs", None, "ok"),
        ("xfs", None, "ok"),
        ("xfs", "1", "ok"),
        ("xfs", "0", "blocked"),
        ("overlay", None, "blocked"),
        ("tmpfs", None, "blocked"),
        ("nfs4", None, "blocked"),
        ("fuse.sshfs", None, "blocked"),
        ("zfs", None, "warning"),
    ],
)
@pytest.mark.parametrize("cluster", [PRODUCTION, TEST], ids=["production", "test"])
def test_types_under_containerd(
    cluster: ClusterSpec, fstype: str, ftype: str | None, verdict: str
) -> None:
    facts = {**mounted(CONTAINERD, cluster=cluster, fstype=fstype), "xfs.ftype": ftype}
    assert ask("disks.type", facts, cluster=cluster).verdict == verdict


def test_a_file_system_that_is_read_only_is_named_with_all_that_it_holds() -> None:
    found = ask(
        "disks.read-only", mounted("/usr", options="ro,relatime", device="8:5", point="/usr")
    )
    assert found.verdict == "blocked"
    assert found.seen == "/usr (ext4, /dev/vda1) is read-only: /usr"
    assert found.fix_with == "mount -o remount,rw /usr"
    strange = mounted("/usr", options="ro", device="8:5", point="/a;reboot")
    assert ask("disks.read-only", strange).fix_with == "mount -o remount,rw '/a;reboot'"
    assert ask("disks.read-only", mounted("/usr", options="rw,errors=remount-ro")).verdict == "ok"


def test_a_part_that_is_mounted_read_only_is_told_from_the_rest() -> None:
    found = ask("disks.read-only", mounted("/etc", options="ro,relatime", point="/etc"))
    assert found.verdict == "blocked"
    assert found.fix_with == "mount -o remount,rw /etc"


def test_an_immutable_folder_is_found() -> None:
    found = ask("disks.read-only", {"writable": ["/ yes", "/etc no"]})
    assert (found.verdict, found.fix_with) == ("blocked", "chattr -i -- /etc")


@pytest.mark.parametrize(
    ("path", "options", "verdict"),
    [
        ("/var/lib/dpkg", "rw,noexec", "blocked"),
        ("/opt/cni/bin", "rw,noexec", "blocked"),
        ("/usr/local/bin", "rw,noexec", "ok"),
        (CONTAINERD, "rw,noexec", "blocked"),
        (CONTAINERD, "rw,nosuid,nodev", "info"),
        (KUBELET, "rw,noexec", "warning"),
        ("/var/lib/haui", "rw,noexec", "ok"),
        ("/tmp", "rw,noexec,nosuid,nodev", "info"),
        ("/run", "rw,noexec,nosuid,nodev", "ok"),
    ],
)
def test_where_programs_must_run(path: str, options: str, verdict: str) -> None:
    assert ask("disks.exec", mounted(path, options=options)).verdict == verdict


def test_programs_of_an_external_etcd_must_run() -> None:
    cluster = shapes()["external-etcd"]
    facts = mounted("/usr/local/bin", cluster=cluster, host="etcd1", options="noexec", point="/usr")
    found = ask("disks.exec", facts, cluster=cluster, host="etcd1")
    assert (found.verdict, found.fix_with) == ("blocked", "mount -o remount,exec /usr")


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"tmp.mode": "755"}, "disks.tmp", "warning"),
        ({"tmp.mode": None}, "disks.tmp", "skipped"),
        ({"mount.hung": ["/var/log", "/opt"]}, "disks.answer", "blocked"),
        (mounted("/var/lib/haui", fstype="tmpfs"), "disks.state", "warning"),
        (mounted("/var/lib/haui", fstype="nfs4"), "disks.state", "warning"),
        (mounted(CONTAINERD, device="254:1"), "disks.containerd-own", "info"),
        (mounted("/var/log", device="254:1"), "disks.logs", "info"),
        ({**mounted("/var/log", device="254:1"), "journald.max": "1G"}, "disks.logs", "ok"),
    ],
)
def test_smaller_things(changes: dict[str, Any], check: str, verdict: str) -> None:
    assert ask(check).verdict == "ok"
    assert ask(check, changes).verdict == verdict


def test_one_disk_for_everything_is_fine_in_a_test() -> None:
    facts = one_disk(TEST, 60_000, 40_000)
    for check in (*MOUNT_CHECKS, "disks.etcd-own", "disks.etcd-type", "disks.etcd-room"):
        assert ask(check, facts, cluster=TEST).verdict in ("ok", "info"), check


@pytest.mark.parametrize("name", shapes())
@pytest.mark.parametrize("profile", ["test", "production"])
def test_healthy_hosts_pass_every_check(name: str, profile: str) -> None:
    cluster = shapes()[name].model_copy(update={"profile": profile})
    evidence = fleet(cluster)
    for host in cluster.hosts:
        look = Look(cluster, host, evidence)
        asked = [c for c in CATALOGUE if c.area in ("sizes", "disks") and c.on(cluster, host)]
        assert {check.id: check.finding(look).verdict for check in asked} == {
            check.id: "ok" for check in asked
        }

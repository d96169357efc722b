"""The disk under etcd: type, sharing, room, speed, and what is in its folder."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps.checks.etcd_disk import here, quota
from steps.checks.sizes import has_etcd
from steps.preflight_disk import STEP
from tests.unit.checks import ask
from tests.unit.mounted import mounted
from tests.unit.specs import shapes, spec

ETCD = "/var/lib/etcd"
PRODUCTION, TEST = spec(profile="production"), spec(profile="test")
EXTERNAL = shapes()["external-etcd"]


def etcd_local(**local: object) -> ClusterSpec:
    """A cluster whose admin has said something about stacked members."""
    cluster = {"ClusterConfiguration": {"etcd": {"local": local}}}
    return spec(profile="production", advanced={"kubeadm": cluster})


def test_members_are_where_the_topology_puts_them() -> None:
    def members(cluster: ClusterSpec) -> list[str]:
        return [host.name for host in cluster.hosts if has_etcd(cluster, host)]

    assert members(PRODUCTION) == ["cp1", "cp2", "cp3"]
    assert members(EXTERNAL) == ["etcd1", "etcd2", "etcd3"]
    assert members(shapes()["single"]) == ["cp1"]
    elsewhere = etcd_local(dataDir="/data/etcd")
    assert not any(here(elsewhere, host) for host in elsewhere.hosts)


@pytest.mark.parametrize(
    ("fstype", "production", "test"),
    [
        ("ext4", "ok", "ok"),
        ("xfs", "ok", "ok"),
        ("overlay", "blocked", "info"),
        ("tmpfs", "blocked", "blocked"),
        ("nfs4", "blocked", "blocked"),
        ("ceph", "blocked", "blocked"),
        ("fuse.glusterfs", "blocked", "blocked"),
        ("zfs", "warning", "warning"),
    ],
)
def test_types(fstype: str, production: str, test: str) -> None:
    facts = mounted(ETCD, fstype=fstype)
    assert ask("disks.etcd-type", facts, cluster=PRODUCTION).verdict == production
    assert ask("disks.etcd-type", facts, cluster=TEST).verdict == test


@pytest.mark.parametrize("option", ["nobarrier", "barrier=0"])
def test_write_barriers(option: str) -> None:
    facts = mounted(ETCD, options=f"rw,relatime,{option}")
    assert ask("disks.etcd-type", facts).verdict == "blocked"


def test_a_disk_of_its_own() -> None:
    assert ask("disks.etcd-own").verdict == "ok"
    found = ask("disks.etcd-own", mounted(ETCD, device="254:1", point="/"))
    assert (found.verdict, found.seen) == (
        "warning",
        "/var/lib/etcd is on / (ext4, /dev/vdc), as /",
    )
    assert ask("disks.etcd-own", mounted(ETCD, device="254:16")).verdict == "warning"
    assert ask("disks.etcd-own", mounted(ETCD, device="254:1"), cluster=TEST).verdict == "ok"


@pytest.mark.parametrize(
    ("turns", "virt", "verdict"),
    [
        ("0", "none", "ok"),
        ("1", "none", "warning"),
        ("1", "kvm", "ok"),
        ("1", None, "ok"),
        (None, "none", "skipped"),
    ],
)
def test_rotating_disks(turns: str | None, virt: str | None, verdict: str) -> None:
    assert ask("disks.etcd-rotational", {"rotational": turns, "virt": virt}).verdict == verdict


@pytest.mark.parametrize(
    ("cluster", "host", "free", "verdict"),
    [
        (PRODUCTION, "cp1", 2 * 2048 + 3072, "ok"),
        (PRODUCTION, "cp1", 2 * 2048 + 3071, "warning"),
        (TEST, "cp1", 2 * 2048 + 3071, "info"),
        (EXTERNAL, "etcd1", 2 * 8192 + 3072, "ok"),
        (EXTERNAL, "etcd1", 2 * 8192 + 3071, "info"),
    ],
)
def test_room_for_the_database(cluster: ClusterSpec, host: str, free: int, verdict: str) -> None:
    facts = mounted(ETCD, cluster=cluster, host=host, free=free)
    assert ask("disks.etcd-room", facts, cluster=cluster, host=host).verdict == verdict


def test_the_quota_may_be_the_admins() -> None:
    assert quota(PRODUCTION) == 2048
    assert quota(etcd_local(extraArgs={"quota-backend-bytes": "8589934592"})) == 8192
    listed = [{"name": "quota-backend-bytes", "value": "4294967296"}]
    assert quota(etcd_local(extraArgs=listed)) == 4096
    assert quota(etcd_local(extraArgs={"quota-backend-bytes": "much"})) == 2048


MEMBER = {"etcd.member": "yes", "etcd.entry": "member"}
IGNORES = spec(advanced={"ignore_preflight_errors": ["DirAvailable--var-lib-etcd"]})


@pytest.mark.parametrize(
    ("facts", "cluster", "verdict"),
    [
        ({}, PRODUCTION, "ok"),
        ({"etcd.member": None}, PRODUCTION, "skipped"),
        (MEMBER, PRODUCTION, "blocked"),
        (MEMBER, TEST, "blocked"),
        (MEMBER, IGNORES, "blocked"),
        ({**MEMBER, "etcd.manifest": "yes"}, PRODUCTION, "ok"),
        ({**MEMBER, "kubernetes.server": "https://api.atlas.lan:8443"}, PRODUCTION, "ok"),
        ({**MEMBER, "kubernetes.server": "https://10.30.0.11:6443"}, PRODUCTION, "ok"),
        ({**MEMBER, "kubernetes.server": "https://10.30.0.12:6443"}, PRODUCTION, "blocked"),
        ({"etcd.entry": "default"}, PRODUCTION, "blocked"),
        ({"etcd.entry": "default"}, IGNORES, "ok"),
        ({"etcd.entry": "lost+found"}, PRODUCTION, "blocked"),
    ],
)
def test_what_is_in_the_folder(facts: dict[str, Any], cluster: ClusterSpec, verdict: str) -> None:
    found = ask("disks.etcd-data", facts, cluster=cluster)
    assert found.verdict == verdict, found
    assert found.fix_kind == ("command" if verdict == "blocked" else "")


def test_an_empty_lost_and_found_is_taken_away_and_nothing_else_is() -> None:
    found = ask("disks.etcd-data", {"etcd.entry": "lost+found"})
    assert found.fix_with == "rmdir /var/lib/etcd/lost+found"
    assert "rm -" not in ask("disks.etcd-data", MEMBER).fix_with


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, "ok"),
        ({"etcd.entry": "lost+found"}, "ok"),
        ({**MEMBER, "etcd.mark": "atlas-etcd"}, "ok"),
        ({**MEMBER, "etcd.mark": "other-etcd"}, "blocked"),
        (MEMBER, "blocked"),
    ],
)
def test_data_of_a_member_on_its_own_host(facts: dict[str, Any], verdict: str) -> None:
    found = ask("disks.etcd-data", facts, cluster=EXTERNAL, host="etcd1")
    assert found.verdict == verdict


def speed(cluster: ClusterSpec, **facts: object) -> str:
    changes = {f"fsync.{name}": value for name, value in facts.items()}
    changes = {name.replace("_", "."): value for name, value in changes.items()}
    return ask("disks.etcd-speed", changes, cluster=cluster, step="preflight.disk").verdict


@pytest.mark.parametrize(
    ("p99", "production", "test"),
    [
        ("9.999", "ok", "ok"),
        ("10.0", "warning", "warning"),
        ("50.0", "warning", "warning"),
        ("50.1", "blocked", "warning"),
        ("150.0", "blocked", "warning"),
        ("150.1", "blocked", "blocked"),
    ],
)
def test_speed_by_percentile(p99: str, production: str, test: str) -> None:
    assert speed(PRODUCTION, p99_ms=p99) == production
    assert speed(TEST, p99_ms=p99) == test


@pytest.mark.parametrize(
    ("average", "production", "test"),
    [
        ("4.9", "ok", "ok"),
        ("5", "warning", "warning"),
        ("25", "warning", "warning"),
        ("25.1", "blocked", "warning"),
        ("75.1", "blocked", "blocked"),
    ],
)
def test_speed_by_average(average: str, production: str, test: str) -> None:
    assert speed(PRODUCTION, p99_ms=None, average_ms=average) == production
    assert speed(TEST, p99_ms=None, average_ms=average) == test


def test_the_evidence_says_how_it_was_measured() -> None:
    step = "preflight.disk"
    assert "99 of 100 writes" in ask("disks.etcd-speed", step=step).seen
    found = ask("disks.etcd-speed", {"fsync.p99.ms": None}, step=step)
    assert "on average" in found.seen
    assert "no python3" in found.seen


def test_what_could_not_be_timed_is_no_pass() -> None:
    assert speed(TEST, stalled="20", writes=None, p99_ms=None, average_ms=None) == "blocked"
    assert speed(PRODUCTION, skipped="only 3 MB are free") == "skipped"
    assert speed(PRODUCTION, writes=None, p99_ms=None, average_ms=None) == "skipped"


def test_only_members_of_etcd_are_timed_and_only_when_rehearsals_are_wanted() -> None:
    assert [host.name for host in EXTERNAL.hosts if STEP.on(EXTERNAL, host)] == [
        "etcd1", "etcd2", "etcd3"
    ]  # fmt: skip
    assert STEP.on(PRODUCTION, PRODUCTION.host("cp1"))
    assert not STEP.on(PRODUCTION, PRODUCTION.host("wk1"))
    quiet = spec(preflight={"rehearsals": False})
    assert not any(STEP.on(quiet, host) for host in quiet.hosts)
    assert STEP.once

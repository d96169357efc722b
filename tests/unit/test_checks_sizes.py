"""Sizes of hosts: what the roles need, what kubeadm refuses, and how a host tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haui.evidence import Facts
from haui.spec import ClusterSpec
from steps.checks.sizes import floor, minimum
from tests.unit.checks import ask
from tests.unit.facts_of import text_of
from tests.unit.shell_host import ShellHost
from tests.unit.specs import PLANES, WORKERS, shapes, spec

PRODUCTION, TEST = spec(profile="production"), spec(profile="test")


def told(*names: str) -> ClusterSpec:
    """A test cluster whose kubeadm is told to ignore these checks."""
    return spec(profile="test", advanced={"ignore_preflight_errors": list(names)})


def test_sizes_of_several_roles_add_up() -> None:
    both = [{**PLANES[0], "roles": ["control-plane", "worker"]}]
    single: dict[str, Any] = {"topology": {"kind": "single"}, "hosts": both + WORKERS}
    assert minimum(spec(**single), spec(**single).hosts[0]) == (6, 11776, 40)
    production = spec(**single, profile="production")
    assert minimum(production, production.hosts[0]) == (16, 32768, 80)
    assert minimum(production, production.host("wk1")) == (8, 16384, 40)


@pytest.mark.parametrize(
    ("cluster", "host", "cpus", "verdict"),
    [
        (PRODUCTION, "cp1", "7", "blocked"),
        (PRODUCTION, "cp1", "8", "ok"),
        (PRODUCTION, "cp1", "64", "ok"),
        (TEST, "cp1", "1", "blocked"),  # kubeadm's floor, whatever the profile
        (TEST, "cp1", "2", "ok"),
        (TEST, "wk1", "1", "warning"),  # no floor for workers
        (TEST, "wk1", "3", "warning"),
        (TEST, "wk1", "4", "ok"),
        (told("NumCPU"), "cp1", "1", "warning"),
        (told("numcpu"), "cp1", "1", "warning"),
        (told("all"), "cp1", "1", "warning"),
        (told("Mem"), "cp1", "1", "blocked"),
        (PRODUCTION, "cp1", None, "skipped"),
        (PRODUCTION, "cp1", "many", "skipped"),
    ],
)
def test_processors(cluster: ClusterSpec, host: str, cpus: str | None, verdict: str) -> None:
    found = ask("sizes.processors", {"cpus": cpus}, host=host, cluster=cluster)
    assert found.verdict == verdict, found
    assert found.fix or verdict in ("ok", "skipped")


@pytest.mark.parametrize(
    ("cluster", "host", "memory", "verdict"),
    [
        (PRODUCTION, "cp1", "14745", "blocked"),  # 90 % of 16384 is 14745.6
        (PRODUCTION, "cp1", "14746", "ok"),
        (PRODUCTION, "wk1", "8000", "blocked"),
        (TEST, "cp1", "1699", "blocked"),
        (TEST, "cp1", "1700", "warning"),
        (TEST, "cp1", "3687", "ok"),
        (TEST, "cp1", "3686", "warning"),
        (TEST, "wk1", "1600", "warning"),
        (told("Mem"), "cp1", "1600", "warning"),
        (PRODUCTION, "cp1", None, "skipped"),
    ],
)
def test_memory(cluster: ClusterSpec, host: str, memory: str | None, verdict: str) -> None:
    assert ask("sizes.memory", {"memory.mb": memory}, host=host, cluster=cluster).verdict == verdict


def test_the_evidence_names_the_roles_and_the_fix_is_another_answer() -> None:
    found = ask("sizes.memory", {"memory.mb": "8000"})
    assert found.seen == "8000 MB"
    assert found.expected == "about 16384 MB for control-plane (production)"
    assert (found.fix_kind, found.fix_with) == ("answer", "topology")
    assert "control-plane" not in ask("sizes.memory", host="wk1").expected


def test_kubeadm_asks_control_planes_only() -> None:
    cluster = shapes()["external-etcd"]
    assert floor(cluster, cluster.host("cp1")) == (2, 1700)
    assert floor(cluster, cluster.host("etcd1")) == floor(cluster, cluster.host("wk1")) == (0, 0)


@pytest.mark.parametrize(
    ("check", "key", "value", "verdict"),
    [
        ("sizes.balloon", "balloon.mb", "256", "ok"),
        ("sizes.balloon", "balloon.mb", "257", "warning"),
        ("sizes.balloon", "balloon.mb", None, "ok"),
    ],
)
def test_what_the_hypervisor_takes(check: str, key: str, value: str | None, verdict: str) -> None:
    assert ask(check, {key: value}).verdict == verdict


# --- how a host tells it ---

SCRIPT = text_of("facts_sizes")


def facts(host: ShellHost) -> Facts:
    ran = host.run(SCRIPT)
    assert ran.status == 0, ran.stderr
    assert ran.stderr == ""
    found = Facts(ran.stdout)
    assert found.complete
    return found


def test_a_host_tells_its_sizes(tmp_path: Path) -> None:
    host = ShellHost(tmp_path)
    host.fake("nproc", "echo 6")
    host.write("/proc/meminfo", "MemTotal: 16384000 kB\nMemFree: 1 kB\nMemAvailable: 8192000 kB\n")
    host.write("/proc/vmstat", "balloon_inflate 512000\nballoon_deflate 256000\n")
    found = facts(host)
    assert found.count("cpus") == 6
    assert found.count("memory.mb") == 16000
    assert found.count("memory.available.mb") == 8000
    assert found.count("balloon.mb") == 1000


def test_processors_are_counted_where_nproc_fails(tmp_path: Path) -> None:
    host = ShellHost(tmp_path)
    host.fake("nproc", "exit 1")
    host.write("/proc/cpuinfo", "processor : 0\nmodel\nprocessor : 1\n")
    assert facts(host).count("cpus") == 2


def test_a_host_without_proc_or_with_garbage_tells_nothing_wrong(tmp_path: Path) -> None:
    host = ShellHost(tmp_path)
    host.fake("nproc", "exit 1")
    assert facts(host).keys == ("end",)
    for file in ("meminfo", "vmstat", "cpuinfo"):
        (host.folder / "root/proc").mkdir(exist_ok=True)
        (host.folder / "root/proc" / file).write_bytes(b"\x00\xff\tMemTotal:\ncpu\ncpu x y\n")
    found = facts(host)
    assert found.count("memory.mb") is None

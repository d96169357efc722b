"""The restart of an API server that has lived through etcd's growth from one member to two."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from steps import CATALOGUE, control_plane
from tests.unit.shell_fakes import Shell
from tests.unit.test_kubeadm import cluster, shapes


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    env = {"HAUI_HOST": "cp1", "HAUI_ADDRESS": "10.77.0.11", "HAUI_ENDPOINT": "api.lab.lan:8443"}
    shell = Shell(tmp_path, env)
    shell.rules = [
        ("kubectl *--raw /readyz", "echo ok"),
        ("kubectl *startedAt*", "cat $FAKE/started"),
        ("kubectl *containerID*", "echo containerd://0abc"),
        ("kubectl *get nodes -l*metadata.name!=cp1*", "cat $FAKE/joined"),
        ("ctr -n k8s.io tasks kill -s SIGTERM 0abc", "echo 2026-01-01T00:09:00Z >$FAKE/started"),
    ]
    (tmp_path / "fake/started").write_text("2026-01-01T00:00:10Z")
    (tmp_path / "fake/joined").write_text("2026-01-01T00:03:00Z\n2026-01-01T00:01:00Z\n")
    return shell


def test_an_api_server_from_before_is_restarted_once(host: Shell) -> None:
    assert set(host.run("control_plane_refresh_probe").verdicts().values()) == {"differs"}
    ran = host.run("control_plane_refresh_apply")
    assert ran.status == 0, ran.errors
    assert [call.split()[6] for call in ran.called("ctr")] == ["SIGTERM", "SIGKILL"]
    assert set(host.run("control_plane_refresh_probe").verdicts().values()) == {"ok"}
    assert not host.run("control_plane_refresh_apply").called("ctr")


def test_later_joins_are_no_reason(host: Shell) -> None:
    """Only the step from one to two makes etcd stand still."""
    (host.folder / "fake/started").write_text("2026-01-01T00:02:00Z")
    assert set(host.run("control_plane_refresh_probe").verdicts().values()) == {"ok"}


def test_a_lone_control_plane_is_left_alone(host: Shell) -> None:
    (host.folder / "fake/joined").write_text("")
    assert set(host.run("control_plane_refresh_probe").verdicts().values()) == {"info"}
    assert not host.run("control_plane_refresh_apply").called("ctr")


@pytest.mark.parametrize("container", ["", "containerd://", "containerd://x; reboot", "cri-o://1"])
def test_an_unknown_container_is_not_ended(host: Shell, container: str) -> None:
    host.rules.insert(0, ("kubectl *containerID*", f"echo '{container}'"))
    ran = host.run("control_plane_refresh_apply")
    assert ran.status == 1
    assert not ran.called("ctr")


def test_an_api_server_that_does_not_come_back_is_a_failure(host: Shell) -> None:
    host.rules.insert(0, ("ctr *", "true"))
    ran = host.run("control_plane_refresh_apply")
    assert ran.status == 1
    assert "does not come back" in ran.errors


@pytest.mark.parametrize(
    ("spec", "runs"),
    [
        (cluster("1.20.2"), True),
        (cluster("1.28.9"), True),
        (cluster("1.29.0"), False),
        (shapes("1.20.2")["external"], False),
        (shapes("1.20.2")["single"], False),
    ],
)
def test_only_where_etcd_stands_still(spec: ClusterSpec, runs: bool) -> None:
    hosts = [host.name for host in spec.hosts if control_plane.REFRESH.on(spec, host)]
    assert hosts == ([spec.first_control_plane.name] if runs else [])


def test_workers_join_after_it() -> None:
    step = next(step for step in CATALOGUE if step.id == "workers.join")
    assert control_plane.REFRESH.id in step.needs

"""A reset that is killed at any command, and run again: the host comes out the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from steps import reset
from tests.unit.reset_host import ResetHost, change, rooted
from tests.unit.specs import spec
from tests.unit.test_steps_reset_node import node
from tests.unit.test_steps_reset_system import FSTAB, HOSTS, SWAP, debian


def everything(folder: Path) -> ResetHost:
    """A host with a bit of all that is taken back."""
    host = ResetHost(folder)
    debian(host, kubeadm="1.34")
    host.fake("swapoff", f"echo Filename >{rooted(host, '/proc/swaps')}")
    host.fake("swapon", f'for n do :; done; echo "$n file" >>{rooted(host, "/proc/swaps")}')
    host.write("/etc/fstab", FSTAB)
    host.write("/swap.img", "")
    host.write("/proc/swaps", "Filename\n/swap.img file 1 0 -2\n")
    host.write("/etc/hosts", "127.0.0.1 localhost\n")
    host.unit("haproxy", "active", "enabled")
    host.write("/etc/haproxy/haproxy.cfg", "theirs")
    host.on_record("note_unit haproxy keepalived; note_before package kubeadm absent")
    node(host)
    change(host, SWAP)
    change(host, HOSTS)
    host.placed("/etc/haproxy/haproxy.cfg", "ours")
    host.placed("/etc/keepalived/keepalived.conf", "ours")
    host.write("/var/lib/haui/loaded/haproxy", "mark")
    host.unit("keepalived", "active", "enabled")
    host.write("/etc/haui/x", "x")
    host.begun("reset.record", "now")
    return host


ALL = tuple(
    step.id for step in reset.CATALOGUE
    if step.id not in ("reset.workers", "reset.control_planes", "reset.etcd", "reset.registry")
)  # fmt: skip


def final(host: ResetHost) -> dict[str, str]:
    return {
        path: what for path, what in host.tree().items() if not path.startswith(("root", "var/log"))
    }


def test_killed_at_any_command_and_run_again_a_host_comes_out_the_same(tmp_path: Path) -> None:
    assert _kill(tmp_path, ("reset.files",), every=8) > 1


@pytest.mark.thorough
def test_killed_at_each_command(tmp_path: Path) -> None:
    kills = _kill(tmp_path, ALL, every=1)
    print(f"killed at {kills} commands")
    assert kills > 50


def _kill(folder: Path, steps: tuple[str, ...], every: int) -> int:
    """Kill each of these steps at every n-th command, go on, and compare; how often."""
    host = everything(folder / "host")
    begun = Snapshot(host, folder / "begun")
    _apply(host, ALL)
    expected = final(host)
    assert "etc/haui" not in expected
    kills = 0
    for step in steps:
        index = ALL.index(step)
        begun.restore()
        _apply(host, ALL[:index])
        before = Snapshot(host, folder / step)
        host.mortal()
        at = 1
        while host.killed(host.call(step, "apply", "remove", spec()), at):
            kills += 1
            host.env["KILL_AT"] = "0"
            _apply(host, ALL[index:])
            assert final(host) == expected, (step, at)
            assert (host.state / "enabled-haproxy").exists()
            assert not (host.state / "pkg-kubeadm").exists()
            before.restore()
            at += every
    return kills


def _apply(host: ResetHost, steps: tuple[str, ...]) -> None:
    for step in steps:
        if not host.step(step, "probe", "remove").done:
            assert host.step(step, "apply", "remove").status == 0, step
            assert host.step(step, "probe", "remove").done, step


class Snapshot:
    """A host's disk and services as they are now."""

    def __init__(self, host: ResetHost, folder: Path) -> None:
        self.host = host
        self.folder = folder
        for name in ("root", "state"):
            shutil.copytree(host.folder / name, folder / name, symlinks=True)

    def restore(self) -> None:
        for name in ("root", "state"):
            shutil.rmtree(self.host.folder / name)
            shutil.copytree(self.folder / name, self.host.folder / name, symlinks=True)

"""A host that haui has changed, as far as its record says, and how its reset is run and killed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from haui.events import EtcdData
from haui.execution.compose import Library
from haui.resetting import reset_plan
from haui.spec import ClusterSpec
from haui.step import Call, Step, Task
from steps import reset
from tests.unit.shell_host import Ran, ShellHost
from tests.unit.specs import spec

LIBRARY = Library.load()
RECORD = "/var/lib/haui/before"

SYSTEMCTL = """
unit=$2; [ "$unit" != --now ] || unit=$3
known() { [ ! -e "$STATE/unknown-$unit" ]; }
case $1 in
    is-active) cat "$STATE/active-$unit" 2>/dev/null || { echo inactive; exit 3; } ;;
    is-enabled) cat "$STATE/enabled-$unit" 2>/dev/null || { echo disabled; exit 1; } ;;
    show) known && echo loaded || echo not-found ;;
    start) [ "$unit" != --no-block ] || unit=$3; echo active >"$STATE/active-$unit" ;;
    restart) echo active >"$STATE/active-$unit" ;;
    stop) rm -f "$STATE/active-$unit" ;;
    disable) rm -f "$STATE/enabled-$unit"; [ "$2" != --now ] || rm -f "$STATE/active-$unit" ;;
    enable) echo enabled >"$STATE/enabled-$unit" ;;
    mask) echo masked >"$STATE/enabled-$unit" ;;
    unmask) rm -f "$STATE/enabled-$unit" ;;
esac
exit 0
"""
KILLED = """
count=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1)); echo "$count" >"$COUNT"
[ "$count" != "${KILL_AT:-0}" ] || { kill -KILL "$TOP" "$PPID"; exit 1; }
"""
MUTATING = ("rm", "mv", "cp", "rmdir", "mkdir")
QUIET = (
    "ip", "ctr", "nft", "ipset", "ufw", "firewall-cmd", "iptables-save", "ip6tables-save",
    "iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save",
    "umount", "modprobe", "kubeadm", "kubectl", "crictl", "containerd", "swapon",
)  # fmt: skip


class ResetHost(ShellHost):
    """A `ShellHost` with services that have states, on which nothing real is called."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = self.folder / "state"
        self.state.mkdir()
        self.env["STATE"] = os.fspath(self.state)
        for command in QUIET:
            self.fake(command)
        self.fake("systemctl", SYSTEMCTL)
        self.write("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")

    def on_record(self, text: str) -> None:
        """Run shell with the functions that write the record."""
        ran = self.run(f"{LIBRARY.functions}\n{text}")
        assert ran.status == 0, ran.stderr

    def placed(self, path: str, content: str, *, before: str | None = None) -> None:
        """A file that haui has written over what was there."""
        if before is not None:
            self.write(path, before)
        self.write("/new", content)
        target = f"$HAUI_ROOT{path}"
        self.on_record(
            f'note_folder "{target.rpartition("/")[0]}"; mkdir -p "{target.rpartition("/")[0]}"\n'
            f'put_file "$HAUI_ROOT/new" "{target}"'
        )

    def begun(self, step: str, run: str = "r1") -> None:
        """The folder of a task that was run here."""
        self.write(f"/var/lib/haui/{run}/{step}.1/meta", "boot_id=x\n")

    def unit(self, name: str, active: str = "", enabled: str = "") -> None:
        """The state of a service."""
        for kind, value in (("active", active), ("enabled", enabled)):
            path = self.state / f"{kind}-{name}"
            path.unlink(missing_ok=True)
            if value:
                path.write_text(f"{value}\n")

    def tree(self) -> Mapping[str, str]:
        """Every file and folder below the root, with mode and content, but for what is haui's."""
        root = self.folder / "root"
        found = {}
        for path in sorted(root.rglob("*")):
            name = os.fspath(path.relative_to(root))
            if name.startswith(("var/lib/haui", "new")) or name in ("var", "var/lib"):
                continue
            what = "folder"
            if path.is_symlink():
                what = os.fspath(path.readlink())
            elif path.is_file():
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = f"{path.lstat().st_mode:o} {what}"
        return found

    def step(
        self, step: str, part: str, data: EtcdData = "keep", cluster: ClusterSpec | None = None
    ) -> Ran:
        """Run the probe or apply script of a step of the reset on the first host that has it."""
        call = self.call(step, part, data, cluster or spec())
        inputs = {name: blob.decode() for name, blob in call.inputs.items()}
        return self.run(call.script, call.env, inputs)

    def call(self, step: str, part: str, data: EtcdData, cluster: ClusterSpec) -> Call:
        """That script with its parameters."""
        plan = reset_plan(cluster, reset.CATALOGUE, etcd_data=data)
        task: Task = next(task for task in plan.tasks if task.step.id == step)
        work = task.step.work(cluster, task.host, {})
        call = work.probe if part == "probe" else work.apply
        assert call is not None
        return call

    def mortal(self) -> None:
        """From now on a script dies at the KILL_AT-th command that changes something."""
        self.env["COUNT"] = os.fspath(self.folder / "count")
        for command in MUTATING:
            path = self.folder / "bin" / command
            path.write_text(f'#!/bin/sh\n{KILLED}\nexec /bin/{command} "$@"\n')
            path.chmod(0o755)
        fake = self.folder / "bin" / "systemctl"
        fake.write_text(f"#!/bin/sh\n{KILLED}\n{SYSTEMCTL}\n")

    def killed(self, call: Call, at: int) -> bool:
        """Run it, and kill it at that command; whether it came so far."""
        (self.folder / "count").unlink(missing_ok=True)
        from steps.load import script

        text = f"export TOP=$$\n{script(call.script)}"
        env = {**call.env, "KILL_AT": str(at)}
        ran = self.run(text, env, {name: blob.decode() for name, blob in call.inputs.items()})
        return ran.status == -9


def change(host: ResetHost, step: Step) -> None:
    """What the install does."""
    call = step.work(spec(), spec().hosts[0], {}).apply
    assert call is not None
    inputs = {name: blob.decode() for name, blob in call.inputs.items()}
    ran = host.run(call.script, call.env, inputs)
    assert ran.status == 0, ran.stderr


def undone(host: ResetHost, step: str, data: EtcdData = "keep") -> None:
    """Reset that step, and again, as after a kill."""
    for _ in range(2):
        ran = host.step(step, "apply", data)
        assert ran.status == 0, ran.stderr
        probe = host.step(step, "probe", data)
        assert probe.done, probe.stdout


def rooted(host: ShellHost, path: str) -> Path:
    """A path below the host's root."""
    return host.folder / "root" / path.lstrip("/")

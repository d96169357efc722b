"""Power, cable and console of one lab host."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab import cgroups, net
from tests.lab.paths import BASTION_NAMESPACE, SCRIPTS
from tests.lab.process import Process, container_init, start
from tests.lab.state import Host

CLEAN_ENVIRONMENT = (
    *("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    *("HOME=/root", "LC_ALL=C.UTF-8"),
)


class HostNotReady(Exception):
    """A host did not come up as a sane server within the time allowed."""


class Machine:
    """What hands and a power switch could do to a real machine."""

    def __init__(self, host: Host, folder: Path, lower: Path) -> None:
        self.host, self.folder, self.lower = host, folder, lower

    def power_on(self) -> Process:
        """Start the host on its disk; it is not ready yet when this returns."""
        name = self.host.name
        net.plug_in(name, self.host.address)
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "NAME": name,
            "FOLDER": str(self.folder),
            "LOWER": str(self.lower),
            "NETNS": str(net.NETNS_FOLDER / net.namespace(name)),
            "CGROUPS": " ".join(map(str, cgroups.create(name))),
        }
        private = ("unshare", "--mount", "--propagation", "private", "--")
        self.host.process = start(
            [*private, "bash", str(SCRIPTS / "boot.sh")], environment, self.folder / "console.log"
        )
        return self.host.process

    def init(self) -> Process | None:
        """The host's own process 1; another one after each reboot."""
        outer = self.host.process
        return container_init(outer) if outer and outer.alive() else None

    def power_off(self) -> None:
        """Cut the power: nothing in the host gets to say a word."""
        self.strike()
        self.host.process = None
        cgroups.empty(self.host.name)
        net.unplug(self.host.name)

    def strike(self) -> None:
        """Kill the host; what kept it running then ends by itself, or is killed as well."""
        init = self.init()
        if init:
            init.kill()
        outer = self.host.process
        if outer and not (init and outer.gone(patience=3.0)):
            outer.kill()

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in the host as root."""
        init = self.init()
        if init is None:
            raise HostNotReady(f"{self.host.name} has no power")
        target = ("nsenter", "--target", str(init.pid))
        spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
        return [*target, *spaces, "--", *CLEAN_ENVIRONMENT, *argv]

    def wait(self, patience: float) -> None:
        """Until systemd has settled and sshd greets who comes from the bastion."""
        end = time.monotonic() + patience
        state = "no init"
        while time.monotonic() < end:
            if self.host.process is None or not self.host.process.alive():
                break
            state = self._system_state()
            if state == "running" and self._greets():
                return
            if state == "degraded":
                break
            time.sleep(0.3)
        failed = ""
        if self.init():
            failed = self._ask("systemctl", "--failed", "--plain", "--no-legend")
        raise HostNotReady(
            f"{self.host.name} is '{state}' {failed}; its console: {self.folder}/console.log"
        )

    def _system_state(self) -> str:
        return self._ask("systemctl", "is-system-running") if self.init() else "no init"

    def _ask(self, *argv: str) -> str:
        try:
            done = subprocess.run(
                self.command(argv),
                capture_output=True,
                text=True,
                timeout=15,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (HostNotReady, subprocess.TimeoutExpired):
            return "no answer"
        return done.stdout.strip()

    def _greets(self) -> bool:
        greeting = f"exec 3<>/dev/tcp/{self.host.address}/22 && read -r -t 2 line <&3 && echo $line"
        try:
            answer = subprocess.run(
                in_bastion(["bash", "-c", greeting]), capture_output=True, timeout=4, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return answer.stdout.startswith(b"SSH-2.0")


def in_bastion(argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` on the bastion: its network, this machine's files."""
    return ["nsenter", f"--net={net.NETNS_FOLDER / BASTION_NAMESPACE}", "--", *argv]

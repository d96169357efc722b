"""The lab as tests use it: boot hosts, run things on them and on the bastion, break them."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.lab import cgroups, net, recipes
from tests.lab.machine import Machine, in_bastion
from tests.lab.paths import VIP, cache_dir, state_dir
from tests.lab.ready import install_tools
from tests.lab.setup import prepare
from tests.lab.state import Host, State, inventory

BOOTS_AT_ONCE = 4
BOOT_PATIENCE = 120.0

Completed = subprocess.CompletedProcess[bytes]


class LabDown(Exception):
    """The lab is not up, or has no host of that name."""


class Lab:
    """One lab per machine; any process may open it, all that it needs to know is on disk."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self.dir = state_dir()
        self.cache = recipes.cache(cache_dir())
        self._say = say or (lambda _: None)
        self._saving = threading.Lock()

    # -- the whole lab ---------------------------------------------------------------------------

    def build(self) -> None:
        """Fill the cache."""
        missing = self.cache.missing()
        building = recipes.MACHINE_BUILDS_WITH if missing else ()
        installed = install_tools(recipes.MACHINE_RUNS_WITH + building)
        if installed:
            self._say(f"installed on this machine: {' '.join(installed)}")
        self.cache.build(self._say)

    @classmethod
    def up(
        cls,
        control_planes: int = 3,
        workers: int = 2,
        load_balancers: int = 0,
        extra: int = 0,
        etcd: int = 0,
        sudo: str = "password",
        say: Callable[[str], None] | None = None,
    ) -> Lab:
        """Boot new hosts and start the bastion's servers; whatever was there before is removed.

        As a context manager the lab goes down at the end of the block.
        """
        hosts = inventory(control_planes, workers, load_balancers, extra, etcd)
        lab = cls(say)
        with lab._stage("up"), lab._alone():
            with lab._stage("clean"):
                lab._clean()
            with lab._stage("build"):
                lab.build()
            with lab._stage("prepare"):
                state = prepare(lab.dir, lab.cache, hosts, sudo)
            with lab._stage("boot"), ThreadPoolExecutor(BOOTS_AT_ONCE) as pool:
                for _ in pool.map(lambda host: lab._boot(state, host), hosts):
                    pass
            state.ready = True
            lab._save(state)
        return lab

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> None:
        """Stop and remove everything of the lab, however far an `up` had come."""
        with self._stage("down"), self._alone():
            self._clean()

    # -- one host --------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """Of Kubernetes, as its packages are built here."""
        return recipes.version(self.cache)

    @property
    def vip(self) -> str:
        """The address that the cluster file asks for as the API's."""
        return VIP

    @property
    def hosts(self) -> dict[str, Host]:
        """The hosts by name, as they are now."""
        return self._state().hosts

    def exec(
        self, host: str, argv: Sequence[str], input: bytes | str | None = None, **options: Any
    ) -> Completed:
        """Run a command as root in the host, past its network; the output is captured."""
        data = input.encode() if isinstance(input, str) else input
        return subprocess.run(
            self.machine(host).command(argv),
            **{"input": data or b"", "capture_output": True, "check": False, **options},
        )

    def power_off(self, host: str) -> None:
        """Power cut: what was not on the disk is lost."""
        state = self._state()
        self.machine(host, state).power_off()
        self._save(state)

    def power_on(self, host: str, wait: bool = True) -> None:
        """Boot the host again on the disk that it had."""
        state = self._state()
        self._boot(state, state.hosts[host], wait)

    def reboot(self, host: str) -> None:
        """Power cut and boot."""
        self.power_off(host)
        self.power_on(host)

    def cut(self, host: str) -> None:
        """Pull the host's network cable."""
        net.set_link(self.machine(host).host.name, up=False)

    def join(self, host: str) -> None:
        """Plug the host's network cable in again."""
        net.set_link(self.machine(host).host.name, up=True)

    def wait(self, host: str, patience: float = BOOT_PATIENCE) -> None:
        """Until the host has booted and its sshd answers."""
        self.machine(host).wait(patience)

    def machine(self, host: str, state: State | None = None) -> Machine:
        """The host's power switch and console."""
        state = state or self._state()
        if host not in state.hosts:
            raise LabDown(f"no host {host}; there are: {' '.join(state.hosts) or 'none'}")
        return Machine(state.hosts[host], self.dir / "hosts" / host, Path(state.lower))

    # -- the bastion -----------------------------------------------------------------------------

    def bastion(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
    ) -> Completed:
        """Run a command in the bastion's network, with the lab's secrets in its environment."""
        return subprocess.run(
            in_bastion(argv), env={**self.environment(), **(env or {})}, check=False, **options
        )

    def popen_bastion(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        """The same for a command that goes on; the process id is the command's own."""
        return subprocess.Popen(
            in_bastion(argv), env={**self.environment(), **(env or {})}, **options
        )

    def environment(self) -> dict[str, str]:
        """This process's environment and the lab's secrets."""
        return {**os.environ, **self.secrets}

    @property
    def secrets(self) -> dict[str, str]:
        """What secrets.env holds."""
        words = shlex.split((self.dir / "secrets.env").read_text(encoding="utf-8"))
        pairs = (word.partition("=") for word in words if word != "export")
        return {name: value for name, _, value in pairs}

    def ssh_command(self, host: str, argv: Sequence[str] = ()) -> list[str]:
        """The command line that logs in from the bastion as the admin does."""
        known = f"UserKnownHostsFile={self.dir / 'known_hosts'}"
        options = ("-o", known, "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=5")
        key = ("-F", "none", "-i", str(self.dir / "id_ed25519"), "-o", "IdentitiesOnly=yes")
        return in_bastion(["ssh", *key, *options, f"ops@{self.hosts[host].address}", *argv])

    # -- inside ----------------------------------------------------------------------------------

    def _boot(self, state: State, host: Host, wait: bool = True) -> None:
        machine = self.machine(host.name, state)
        started = time.monotonic()
        machine.power_on()
        self._save(state)
        if wait:
            machine.wait(BOOT_PATIENCE)
            self._say(f"  {host.name} runs after {time.monotonic() - started:.1f} s")

    def _clean(self) -> None:
        """Recorded processes first, by id and start time; then whatever the lab's groups hold."""
        state = State.load(self.dir)
        if state:
            machines = [self.machine(name, state) for name in state.hosts]
            with ThreadPoolExecutor(max(1, len(machines))) as pool:
                list(pool.map(Machine.strike, machines))
            for server in state.servers.values():
                server.kill()
        cgroups.empty()
        net.remove_all()
        if self.dir.is_dir():
            shutil.rmtree(self.dir)

    def _state(self) -> State:
        state = State.load(self.dir)
        if state is None:
            raise LabDown("the lab is not up")
        return state

    def _save(self, state: State) -> None:
        with self._saving:
            state.save(self.dir)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The names of the network and of the groups are the machine's: one `up` at a time."""
        with Path("/run/lock/haui-lab").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._say(f"{name}: {time.monotonic() - started:.1f} s")

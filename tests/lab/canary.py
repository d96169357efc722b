"""Planted secrets, and the search for them.

While haui works, every process on the machine (the hosts' ones included, since they share the
kernel) has its arguments and environment sampled. Afterwards logs, journals and the hosts' files
are searched. haui's own environment is left out: that is where the admin put the secrets.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
import threading
from pathlib import Path
from types import TracebackType

from tests.lab.lab import Lab

TOKEN = re.compile(rb"\b[a-z0-9]{6}\.[a-z0-9]{16}\b")
PLANTED = re.compile(r"canary-[a-z]+-[0-9a-f]+")
"""What is looked for of a password: the part that looks the same in whatever way it is quoted."""
CERTIFICATE_KEY = re.compile(rb"certificate[-_]key\W{1,4}[0-9a-f]{64}")
SAMPLE_SECONDS = 0.1
AT_ONCE = 1 << 16
WHOLE = 10
"""Every so many samples the environments of all processes are read. In between, those of new ones
and of those whose arguments are others: by then, they have begun another program."""

HOST_FOLDERS = (
    "/etc",
    "/var/lib/haui",
    "/run",
    "/root",
    "/home",
    "/tmp",
    "/var/tmp",
    "/var/log",
    "/var/cache",
    "/var/crash",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/systemd",
    "/var/spool",
    "/opt",
    "/srv",
    "/usr/local",
    "/dev/shm",
)
"""Where haui, kubeadm, package managers and core dumps may leave something; images are not ours."""

ALL_THAT_SYSTEMD_KNOWS = (
    ("the system log", ["journalctl", "--no-pager", "-o", "export"]),
    ("the properties of units", ["systemctl", "show", "--no-pager", "--all", "*"]),
    ("the environment of systemd", ["systemctl", "show-environment"]),
)
"""With all fields: the log keeps the command line of whoever wrote a line."""


class Canaries:
    """Watches processes from `__enter__` to `__exit__`; `leaks` says where a secret was seen."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.values = {
            name: planted[0].encode()
            for name, value in lab.secrets.items()
            if name in ("HAUI_SUDO_PASSWORD", "HAUI_REGISTRY_PASSWORD", "HAUI_SSH_PASSWORD")
            and (planted := PLANTED.search(value))
        }
        login = f"puller:{lab.secrets['HAUI_REGISTRY_PASSWORD']}".encode()
        self.login = base64.b64encode(login)
        self.leaks: list[str] = []
        self.samples = 0
        self._seen: dict[tuple[str, int], bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Canaries:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.sample(whole=self.samples % WHOLE == 0)
            self.samples += 1

    def sample(self, *, whole: bool) -> None:
        """Look at every process once; see `WHOLE`."""
        now = {}
        with os.scandir("/proc") as entries:
            for entry in entries:
                if not entry.name.isdigit():
                    continue
                process = entry.name, entry.inode()  # an id that is given again has another inode
                argv = _content(f"/proc/{entry.name}/cmdline")
                now[process] = argv
                if whole or self._seen.get(process) != argv:
                    self._look_at(argv, _content(f"/proc/{entry.name}/environ"))
        self._seen = now

    def _look_at(self, argv: bytes, environ: bytes) -> None:
        where = argv.replace(b"\0", b" ")[:160].decode(errors="replace")
        for name, value in self.values.items():
            if value in argv:
                self.leaks.append(f"{name} in the arguments of {where}")
            if value in environ and b"HAUI_STATE_DIR=" not in environ:
                self.leaks.append(f"{name} in the environment of {where}")
        # bare tokens are too short a pattern for argv in general; kubeadm's are what counts
        if b"kubeadm" in argv and (TOKEN.search(argv) or CERTIFICATE_KEY.search(argv)):
            self.leaks.append(f"a join secret in the arguments of {where}")

    def found_in_folder(self, folder: Path, *, skip: tuple[str, ...] = ()) -> list[str]:
        """Secrets in the files below a folder of the bastion."""
        found = []
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in skip:
                found += [f"{what} in {path}" for what in self._secrets_in(path.read_bytes())]
        return found

    def found_in_archive(self, path: Path) -> list[str]:
        """Secrets in a .tar.gz, e.g. the report bundle."""
        return [
            f"{what} in {path}" for what in self._secrets_in(gzip.decompress(path.read_bytes()))
        ]

    def _secrets_in(self, content: bytes) -> list[str]:
        found = [name for name, value in self.values.items() if value in content]
        if self.login in content:
            found.append("registry login")
        if TOKEN.search(content):
            found.append("bootstrap token")
        if CERTIFICATE_KEY.search(content):
            found.append("certificate key")
        return found

    def found_on_host(self, host: str) -> list[str]:
        """Files of a host that hold a planted value (plain or as registry login), and its log."""
        values = [value.decode() for value in self.values.values()] + [self.login.decode()]
        patterns = "\n".join(values)
        grep = self.lab.exec(
            host, ["grep", "-rlaF", "-f", "-", *HOST_FOLDERS], input=patterns.encode()
        )
        tasks = self.lab.exec(
            host,
            [
                "sh",
                "-c",
                "cat /var/lib/haui/*/*/out /var/lib/haui/*/*/env /var/lib/haui/*/*/script",
            ],
        ).stdout
        found = grep.stdout.decode(errors="replace").splitlines()
        for where, command in ALL_THAT_SYSTEMD_KNOWS:
            said = self.lab.exec(host, command).stdout
            found += [f"{name} in {where}" for name in self._secrets_in(said)]
        swap = self.lab.exec(host, ["cat", "/proc/swaps"]).stdout.splitlines()[1:]
        found += [f"swap is on: {line.decode()}" for line in swap]
        dumps = ["find", "/", "-xdev", "-maxdepth", "2", "-type", "f", "-name", "core*"]
        found += [f"a core dump: {x}" for x in self.lab.exec(host, dumps).stdout.decode().split()]
        found += [f"{name} in task output" for name in self._secrets_in(tasks)]
        return found


def _content(path: str) -> bytes:
    """Of a file of /proc; nothing when its process has ended, or is the kernel's own."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    content = b""
    try:
        while part := os.read(file, AT_ONCE):
            content += part
            if len(part) < AT_ONCE:
                break
    except OSError:
        pass
    finally:
        os.close(file)
    return content

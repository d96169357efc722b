"""Real sshd processes on loopback, each with its own key, configuration and state folders.

As root, sshd runs in a mount namespace of its own with a passwd file of its own: root's own shell
files stay out, the account that sshd needs for privilege separation exists, and a user `ops` can
log in, without a change to the machine. Otherwise only the user that runs the tests can log in.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BINARY = os.environ.get("HAUI_TEST_SSHD") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
IS_ROOT = os.geteuid() == 0
OPS_UID = 64999
PASSWORD = "correct-horse-7"  # of root and ops, inside of the private namespace only


def unavailable() -> str:
    """Why no sshd can be run here; empty when it can."""
    if not BINARY or not Path(BINARY).is_file():
        return "there is no sshd (install openssh-server, or set HAUI_TEST_SSHD)"
    if not shutil.which("ssh-keygen"):
        return "there is no ssh-keygen"
    if IS_ROOT:
        tried = subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"],
            capture_output=True,
            check=False,
        )
        if tried.returncode != 0:
            return "root has no mount namespaces here"
    return ""


def keygen(path: Path, *, kind: str = "ed25519", options: tuple[str, ...] = ()) -> Path:
    """A new key pair without a passphrase, unless `options` say otherwise."""
    path.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path), *options]
    subprocess.run(command, check=True)
    return path


def fingerprint(public: Path) -> str:
    """What ssh-keygen says, to compare with our own."""
    run = subprocess.run(["ssh-keygen", "-lf", str(public)], check=True, capture_output=True)
    return run.stdout.decode().split()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Sshd:
    """One sshd. `folder` holds everything it needs and its hosts' state."""

    folder: Path
    client_key: Path
    env: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def user(self) -> str:
        return pwd.getpwuid(os.geteuid()).pw_name

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.host_key.with_suffix(".pub"))

    @property
    def state_root(self) -> Path:
        return self.folder / "state"

    @property
    def run_root(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> Sshd:
        """Start it and wait until it listens."""
        assert BINARY
        self._write_files()
        command = [BINARY, "-D", "-f", str(self.folder / "config"), "-E", str(self.folder / "log")]
        if IS_ROOT:
            enter = (
                'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow && '
                '{ [ ! -e /etc/resolv.conf ] || mount --bind "$0/resolv.conf" /etc/resolv.conf; }'
                " && "
                'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"'
            )
            command = ["unshare", "--mount", "sh", "-c", enter, str(self.folder), *command]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"sshd did not start: {self.log}")

    def stop(self) -> None:
        """End the listener; sessions go on."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _write_files(self) -> None:
        self.folder.mkdir(exist_ok=True, parents=True)
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        if not self.host_key.exists():
            keygen(self.host_key)
        if IS_ROOT:
            # sshd and ops have to reach their files through the test's folders.
            for parent in (self.folder, *self.folder.parents[:3]):
                if parent != Path("/tmp"):
                    parent.chmod(parent.stat().st_mode | 0o711)
            os.chown(home, OPS_UID, OPS_UID)
        public = self.client_key.with_suffix(".pub").read_text()
        (self.folder / "authorized_keys").write_text(public)
        (self.folder / "authorized_keys").chmod(0o644)
        (self.folder / "config").write_text(self._config())
        # No name of a test is asked for anywhere: 127.0.0.1 refuses at once.
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions attempts:1\n")
        (self.folder / "passwd").write_text(
            f"root:x:0:0:root:{home}:/bin/sh\n"
            "sshd:x:64998:64998::/run/sshd:/usr/sbin/nologin\n"
            f"ops:x:{OPS_UID}:{OPS_UID}::{home}:/bin/sh\n"
        )
        hashed = _hashed(PASSWORD) if IS_ROOT else "*"
        (self.folder / "shadow").write_text(
            f"root:{hashed}:20000:0:99999:7:::\nops:{hashed}:20000:0:99999:7:::\n"
        )

    def _config(self) -> str:
        env = {
            "HAUI_STATE_ROOT": str(self.state_root),
            "HAUI_RUN_ROOT": str(self.run_root),
            **self.env,
        }
        values = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": str(self.host_key),
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
            "AuthorizedKeysFile": str(self.folder / "authorized_keys"),
            "PasswordAuthentication": "yes",
            "LogLevel": "VERBOSE",
            "UseDNS": "no",
            "SetEnv": " ".join(f"{name}={value}" for name, value in env.items()),
            **self.options,
        }
        return "".join(f"{name} {value}\n" for name, value in values.items())


def _hashed(password: str) -> str:
    run = subprocess.run(["openssl", "passwd", "-6", password], check=True, capture_output=True)
    return run.stdout.decode().strip()

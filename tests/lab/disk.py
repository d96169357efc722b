"""What makes one host different from the next: names, keys, users, written into its own layer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.lab.paths import GATEWAY, PREFIX_LENGTH, WEB_PORT

#: Below /var/lib, bound from the machine's own file system: an overlay cannot carry another one.
DATA = ("containerd", "kubelet")


@dataclass(frozen=True)
class Identity:
    """What is told to a host before its first boot."""

    name: str
    address: str
    authorized_key: str
    sudo_password_hash: str
    sudo_needs_password: bool
    mirror_key: bytes


def create(folder: Path, lower: Path, who: Identity) -> str:
    """Make the host's disk; returns the line for known_hosts."""
    upper = folder / "upper"
    for part in ("upper", "work", "root", *(f"data/{name}" for name in DATA)):
        (folder / part).mkdir(parents=True)

    def put(path: str, text: str | bytes, mode: int = 0o644) -> Path:
        file = upper / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        file.chmod(mode)
        return file

    put("etc/hostname", f"{who.name}\n")
    put(
        "etc/hosts", f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n{who.address} {who.name}\n"
    )
    # Nothing answers there: the refusal comes at once, where a lost packet would cost seconds.
    put("etc/resolv.conf", f"nameserver {GATEWAY}\noptions timeout:1 attempts:1\n")
    put("etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    put(
        "etc/lab-host.env",
        f"ADDRESS={who.address}\nPREFIX_LENGTH={PREFIX_LENGTH}\nGATEWAY={GATEWAY}\n",
    )
    put("etc/apt/sources.list", f"deb http://{GATEWAY}:{WEB_PORT}/debian ./\n")
    put("etc/apt/trusted.gpg.d/lab-os.asc", who.mirror_key)
    put("etc/ssh/sshd_config.d/lab.conf", "PermitRootLogin no\n")
    # Who compares hosts waits until the last login is over: 10 s by default, for each look.
    put("etc/systemd/logind.conf.d/lab.conf", "[Login]\nUserStopDelaySec=1\n")
    # A power cut here ends processes; the kernel, which has what was written, goes on.
    put("etc/dpkg/dpkg.cfg.d/lab", "force-unsafe-io\n")
    rule = "ALL=(ALL:ALL) " + ("ALL" if who.sudo_needs_password else "NOPASSWD: ALL")
    put("etc/sudoers.d/ops", f"ops {rule}\n", 0o440)

    shadow = (lower / "etc/shadow").read_text()
    shadow = re.sub(r"^ops:[^:]*:", lambda _: f"ops:{who.sudo_password_hash}:", shadow, flags=re.M)
    _own_like(put("etc/shadow", shadow, 0o640), lower / "etc/shadow")

    home = upper / "home/ops"
    shutil.copytree(lower / "home/ops", home)
    keys = put("home/ops/.ssh/authorized_keys", who.authorized_key, 0o600)
    keys.parent.chmod(0o700)
    for path in (home, *home.rglob("*")):
        _own_like(path, lower / "home/ops")

    for kind in ("ed25519", "ecdsa"):
        file = upper / f"etc/ssh/ssh_host_{kind}_key"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", who.name, "-f", str(file)], check=True
        )
    return "".join(
        f"{who.address} {' '.join(file.read_text().split()[:2])}\n"
        for file in sorted((upper / "etc/ssh").glob("ssh_host_*_key.pub"))
    )


def _own_like(path: Path, example: Path) -> None:
    status = example.stat()
    os.chown(path, status.st_uid, status.st_gid)

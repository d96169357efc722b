"""Everything of a new lab but the power: state folder, wires, servers, disks, the admin's files."""

from __future__ import annotations

import secrets
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.lab import cluster_file, disk, net, recipes, servers
from tests.lab.cache import Cache
from tests.lab.state import Host, State

#: Every host runs a systemd, and root's default of 128 watchers is for one.
INOTIFY_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_INSTANCES = 8192


#: bcrypt looks at 72 bytes, and a password made of this has just as many at most.
ODD = "-n'\"$(id)`id`\\n%s;&|<>#!*~[b]{{é}}\t€: @"


def prepare(folder: Path, cache: Cache, hosts: list[Host], sudo: str) -> State:
    """Make the lab in `folder`; the state is saved after each thing that would outlive a crash."""
    folder.mkdir(parents=True)
    rootfs = cache.path("rootfs") / "root"
    state = State(str(rootfs), {host.name: host for host in hosts})
    state.save(folder)
    if int(INOTIFY_INSTANCES.read_text()) < ENOUGH_INSTANCES:
        INOTIFY_INSTANCES.write_text(str(ENOUGH_INSTANCES))

    passwords = _write_secrets(folder / "secrets.env")
    _start_bastion(folder, cache, state, passwords["HAUI_REGISTRY_PASSWORD"])

    key = folder / "id_ed25519"
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "haui-lab", "-f", str(key)]
    subprocess.run(keygen, check=True)
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=passwords["HAUI_SUDO_PASSWORD"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    known_hosts = ""
    for host in hosts:
        who = disk.Identity(
            name=host.name,
            address=host.address,
            authorized_key=key.with_suffix(".pub").read_text(),
            sudo_password_hash=hashed,
            sudo_needs_password=sudo == "password",
            mirror_key=(folder / "mirror.asc").read_bytes(),
        )
        known_hosts += disk.create(folder / "hosts" / host.name, rootfs, who)
    (folder / "known_hosts").write_text(known_hosts)

    version = recipes.version(cache)
    document = cluster_file.document(hosts, version, sudo, recipes.has_coredns(cache))
    cluster_file.write(folder / "lab.yaml", document)
    return state


def _write_secrets(file: Path) -> dict[str, str]:
    """New passwords, each easy to find wherever it should not have got to.

    They begin with a dash, end with a blank, and hold what means something to shells, YAML, TOML,
    HTTP, Python and terminals: whoever carries one of them not as it is can't log in.
    """
    passwords = {
        f"HAUI_{what.upper()}_PASSWORD": f"{ODD}canary-{what}-{secrets.token_hex(4)} "
        for what in ("sudo", "registry")
    }
    file.touch(mode=0o600)
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in passwords.items())
    file.write_text("".join(lines), encoding="utf-8")
    return passwords


def _start_bastion(folder: Path, cache: Cache, state: State, password: str) -> None:
    net.create_bastion()
    shutil.copy(servers.certificates(folder / "tls"), folder / "hub-ca.pem")
    shutil.copy(cache.path("signing-key") / "mirror.asc", folder / "mirror.asc")
    site = {
        "debian": cache.path("os-packages") / "repository",
        "haui": cache.path("kubernetes-packages") / "repository",
    }
    state.servers["dns"] = servers.start_dns(folder)
    state.save(folder)
    state.servers["web"] = servers.start_web(folder, site)
    state.save(folder)
    state.servers["registry"] = servers.start_registry(folder, cache.path("images"), password)
    state.save(folder)

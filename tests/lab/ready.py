"""Whether this machine can boot the lab, and the packages of its own that the lab runs with."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.lab.cache import Cache
from tests.lab.recipes import MACHINE_BUILDS_WITH, MACHINE_RUNS_WITH

RELEASE = "http://deb.debian.org/debian/dists/bookworm/Release"
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--")


def why_not(cache: Cache) -> str | None:
    """The first reason, on one line, why the lab cannot be booted here; None if it can."""
    if os.geteuid() != 0:
        return "not root: namespaces, mounts and control groups need it"
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        return "the kernel offers no overlayfs"
    if not Path("/sys/fs/cgroup").is_mount() and not _works("mountpoint", "-q", "/sys/fs/cgroup"):
        return "no control groups are mounted at /sys/fs/cgroup"
    if not _works(*NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"):
        return "this user may not make namespaces or mount in them"
    wire = "ip link add w0 type veth peer name w1 && ip link add br0 type bridge"
    if _works("ip", "-V") and not _works(*NAMESPACES, "sh", "-c", wire):
        return "the kernel offers no veth pairs or no bridges"
    missing = cache.missing()
    if "kubernetes" in missing and _os_release().get("VERSION_CODENAME") != "bookworm":
        return "the cache lacks Kubernetes, which is built on Debian 12 only"
    tools = not_installed(MACHINE_RUNS_WITH + (MACHINE_BUILDS_WITH if missing else ()))
    if tools and not _works("apt-get", "--version"):
        return f"packages are missing and there is no apt-get: {' '.join(tools)}"
    if (missing or tools) and not _mirror_answers():
        lacking = " ".join(missing + tools)
        return f"no package mirror can be reached, and these are not here yet: {lacking}"
    return None


def not_installed(packages: Sequence[str]) -> list[str]:
    """Those of the packages that this machine lacks."""
    asked = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    there = {line.split()[0] for line in asked.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in there]


def install_tools(packages: Sequence[str]) -> list[str]:
    """Install what is missing on this machine; returns what that was."""
    missing = not_installed(packages)
    if missing:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            done = subprocess.run(
                ["apt-get", "--quiet", *command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            if done.returncode != 0 and command[0] == "install":
                raise RuntimeError(f"apt-get install failed:\n{done.stderr[-2000:]}")
    return missing


def _works(*command: str) -> bool:
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {k: v.strip('"') for k, _, v in (line.partition("=") for line in lines)}


def _mirror_answers() -> bool:
    try:
        with urllib.request.urlopen(RELEASE, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False

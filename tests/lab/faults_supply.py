"""An install with trouble of packages, images and names."""

from __future__ import annotations

import yaml

from tests.lab import cluster_file
from tests.lab import faults_hosts as hosts
from tests.lab.faults import Fault, Part
from tests.lab.faults_checks import done, every_byte, nothing_twice, verified
from tests.lab.faults_hosts import intent, output
from tests.lab.lab import Lab
from tests.lab.paths import REGISTRY_PORT, WEB_PORT

HUB = "hub.lab.lan"
"""The only name that the lab's name server knows: the bastion's."""
LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
LOCK = (
    "import fcntl, time\n"
    f"held = [open(path, 'a') for path in {LOCKS!r}]\n"
    "for lock in held: fcntl.lockf(lock, fcntl.LOCK_EX)\n"
    "time.sleep(600)\n"
)


def by_name(lab: Lab) -> None:
    """Mirror and registry have a name, not an address."""
    file = lab.dir / "lab.yaml"
    document = yaml.safe_load(file.read_text())
    document["supply"]["packages"]["mirror"] = f"http://{HUB}:{WEB_PORT}/haui"
    registry = f"https://{HUB}:{REGISTRY_PORT}/k8s"
    document["supply"]["images"]["registries"] = {
        "k8s.gcr.io": registry,
        "registry.k8s.io": registry,
    }
    cluster_file.write(file, document)
    lab.exec("wk1", ["sh", "-c", "cat >/root/lock.py"], input=LOCK)


def _faults() -> tuple[Fault, ...]:
    no_web, web = hosts.server_gone("web")
    no_registry, registry = hosts.server_gone("registry")
    no_names, names = hosts.server_gone("dns")
    return (
        Fault(
            name="package lock held for two minutes",
            when=intent("wk1", "runtime.containerd"),
            breaks=hosts.shell("wk1", "systemd-run --quiet --unit=lock python3 /root/lock.py"),
            lasts_s=120,
            mends=hosts.shell("wk1", "systemctl stop lock"),
            expected=done("wk1", "runtime.containerd"),
        ),
        Fault(
            name="names lost on every host for 30 s",
            when=intent("cp1", "packages.source"),
            breaks=no_names,
            lasts_s=30,
            mends=names,
            expected=done("cp1", "packages.source"),
        ),
        Fault(
            name="package mirror down for one minute",
            when=output("cp1", "runtime.containerd"),
            breaks=no_web,
            lasts_s=60,
            mends=web,
            expected=done("cp1", "runtime.containerd"),
        ),
        Fault(
            name="image registry down for one minute",
            when=output("cp1", "runtime.images", "pull:"),
            breaks=no_registry,
            lasts_s=60,
            mends=registry,
            expected=done("cp1", "runtime.images"),
        ),
    )


SUPPLY = Part(
    name="supply",
    faults=_faults,
    prepare=by_name,
    checks=(verified, every_byte, nothing_twice),
)

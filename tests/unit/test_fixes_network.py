"""Commands of fixes are run on a faked host: what they change, the check then takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from tests.unit.checks import ask
from tests.unit.facts_of import look_with
from tests.unit.network_host import quiet_host
from tests.unit.shell_host import ShellHost
from tests.unit.specs import shapes, spec

CLUSTER = spec(profile="production")
UNITS = ["NetworkManager active enabled", "systemd-networkd active enabled"]


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = quiet_host(tmp_path)
    for name in ("systemctl", "sysctl"):
        host.fake(name, "exit 0")
    (host.folder / "root/etc/sysctl.d").mkdir(parents=True)
    return host


def judged(host: ShellHost, check: str, cluster: ClusterSpec) -> tuple[str, str]:
    """What the check says of what the scripts tell: the verdict, and the command of its fix."""
    facts = look_with(host, "facts_network", "facts_kubernetes", "facts_ports")
    told = {key: list(facts.all(key)) for key in facts.keys}
    wanted = ("nsswitch", "nm.unmanaged", "networkd", "cni.config", "leftover", "port.range")
    changes: dict[str, object] = {key: told.get(key) for key in wanted}
    # sysctl is a fake, so that the kernel does not change: what it would be told is taken instead.
    for path in (host.folder / "root/etc/sysctl.d").glob("*.conf"):
        changes["port.reserved"] = path.read_text().partition(" = ")[2].strip()
    found = ask(check, {**changes, "unit": UNITS}, cluster=cluster)
    return found.verdict, found.fix_with if found.fix_kind == "command" else ""


@pytest.mark.parametrize(
    ("check", "cluster", "path", "text", "before"),
    [
        ("network.name-sources", CLUSTER, "/etc/nsswitch.conf", "hosts:\t dns\n", "blocked"),
        ("network.name-sources", CLUSTER, "/etc/nsswitch.conf", "a: b\n hosts: dns files\n",
         "warning"),
        ("network.manager", CLUSTER, "/etc/x", "", "warning"),
        ("network.manager", shapes()["ipvs"], "/etc/x", "", "warning"),
        ("network.networkd", shapes()["ipvs"], "/etc/x", "", "warning"),
        ("kubernetes.cni", CLUSTER, "/etc/cni/net.d/00 a.conf", "{}", "blocked"),
        ("kubernetes.paths", CLUSTER, "/var/lib/calico/nodename", "a", "warning"),
        ("ports.range", CLUSTER, "/proc/sys/net/ipv4/ip_local_port_range", "1024 65535\n",
         "warning"),
    ],
)  # fmt: skip
def test_the_command_of_the_fix_makes_the_check_pass(
    host: ShellHost, check: str, cluster: ClusterSpec, path: str, text: str, before: str
) -> None:
    host.write(path, text)
    verdict, command = judged(host, check, cluster)
    assert verdict == before
    for folder in ("/etc/", "/var/"):
        command = command.replace(folder, f"{host.folder}/root{folder}")
    env = {"PATH": f"{host.folder}/bin:/usr/bin:/bin", "CALLS": str(host.folder / "calls")}
    ran = subprocess.run(
        ["/bin/sh", "-c", command], env=env, capture_output=True, text=True, check=False, timeout=20
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert judged(host, check, cluster) == ("ok", "")

"""A host for the tests of the look at packages and images, and how it is run there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from haui.evidence import Reading
from haui.spec import ClusterSpec
from steps import preflight_supply
from steps.checks import CATALOGUE, Look
from steps.load import script
from tests.unit.checks import fleet
from tests.unit.shell_host import Ran, ShellHost
from tests.unit.specs import spec

STEP = "preflight.supply"


def made(tmp_path: Path) -> ShellHost:
    """A host without package lists and sources, whose packages are all in good order."""
    host = ShellHost(tmp_path / "host", {"STATE": str(tmp_path)})
    host.fake("dpkg-query", 'printf "ii |apt\\nrc |old\\nit |man-db\\n"')
    host.fake("systemctl", "echo inactive; exit 3")
    return host


def cluster(mirror: str, hub: str = "http://127.0.0.1:1", **packages: Any) -> ClusterSpec:
    """One whose packages and images come from there, as in a network without the internet."""
    registries = dict.fromkeys(("registry.k8s.io", "ghcr.io"), f"{hub}/all")
    given = {"mirror": mirror, **(packages or {"unsigned": True})}
    return spec(supply={"packages": given, "images": {"registries": registries}})


def look(host: ShellHost, cluster: ClusterSpec, name: str = "cp1", before: str = "") -> Ran:
    """Run the script; `before` is shell that comes before its first command."""
    call = preflight_supply.STEP.work(cluster, cluster.host(name), {}).probe
    assert call is not None
    text = script(call.script).replace("HTTP_TOOL=$(", f"{before}\nHTTP_TOOL=$(", 1)
    inputs = {key: value.decode() for key, value in call.inputs.items()}
    ran = host.run(text, call.env, inputs)
    assert (ran.status, ran.stderr) == (0, "")
    assert not list((host.folder / "inputs").glob("supply.*")), "the folder is gone"
    return ran


def verdicts(cluster: ClusterSpec, ran: Ran, name: str = "cp1") -> dict[str, str]:
    """What the checks say of the host."""
    evidence = fleet(cluster)
    evidence.keep(STEP, name, Reading(ran.stdout))
    looked = Look(cluster, cluster.host(name), evidence)
    return {
        check.id.partition(".")[2]: check.finding(looked).verdict
        for check in CATALOGUE
        if check.step == STEP and check.on(cluster, cluster.host(name))
    }


AWAY = cluster("http://127.0.0.1:1")
"""Everything is asked of this machine, which has none of it."""


def quiet(host: ShellHost) -> None:
    """Nothing of apt is real."""
    for name in ("apt-get", "apt-cache", "apt-config"):
        host.fake(name)

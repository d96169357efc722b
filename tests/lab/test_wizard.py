"""The wizard in a real terminal on the bastion installs a real cluster, by keys alone.

It is the lab's second kind of cluster: etcd on hosts of its own, nginx in front of the API.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.lab import cluster_file
from tests.lab.drill import Drill
from tests.lab.lab import Lab
from tests.lab.runs import HAUI, environment
from tests.lab.terminal import Terminal

KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")

PORT = 8443
UNSAFE = 4
"""What the lab's cluster file asks for and has to be accepted: its machines share one kernel."""


@pytest.mark.skipif(not Terminal.is_possible(), reason="tmux is not installed")
def test_the_wizard_installs_a_cluster(state: Path) -> None:
    """From a preset through every page to the result; the keys are in the order of an admin's."""
    env = {**environment(state), "TERM": "xterm-256color"}
    with (
        _lab() as lab,
        Terminal(
            lab, [*HAUI, "--preset", str(lab.dir / "lab.yaml")], env=env, folder=state.parent
        ) as terminal,
    ):
        terminal.wait_for("1 Topology")
        for page in ("API endpoint", "Hosts", "Access"):
            terminal.press("C-n")
            terminal.wait_for(f"› {_number(page)} {page}")
        terminal.wait_for("5 new")
        terminal.press("C-n")
        terminal.wait_for("press a to accept")
        terminal.press("a")
        terminal.wait_for("5 known")
        terminal.press("C-n")
        terminal.wait_for("› 5 Cluster")
        terminal.press("C-n")
        terminal.wait_for("› 6 Preflight")
        terminal.wait_for(lambda text: "0 block" in text and "checks on 5 hosts" in text)
        terminal.press("C-n")
        terminal.wait_for("tasks laid out")
        terminal.press("C-n")
        terminal.wait_for("accepted with a tick first")
        for _ in range(UNSAFE):
            terminal.press("Space", "Down")
        terminal.press("C-n")
        terminal.wait_for("Change these 5 hosts?")
        terminal.press("Enter")
        terminal.wait_for("installing", timeout_s=30)
        terminal.wait_for("lab is up", timeout_s=900)
        terminal.press("Enter")
        print(terminal.wait_for("export KUBECONFIG="))
        nodes = lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
        assert sorted(line.split()[:2] for line in nodes.splitlines()) == [
            [name, "Ready"] for name in ("cp1", "wk1")
        ]
        folder = state / "lab"
        assert (folder / "report.md").is_file()
        assert not list((state / ".drafts").glob("*.json"))
        last = (folder / "journal.yaml").read_text().splitlines()[-1]
        assert json.loads(last.removeprefix("- "))["outcome"] == "ok"
        terminal.press("C-q")
        terminal.wait_for("haui: lab is up.")
        print(Drill(lab, state, lab.vip, PORT).member_killed())


def _lab() -> Lab:
    lab = Lab.up(control_planes=1, workers=1, etcd=3)
    file = lab.dir / "lab.yaml"
    document = yaml.safe_load(file.read_text())
    document["endpoint"]["kind"] = "keepalived-nginx"
    cluster_file.write(file, document)
    return lab


def _number(page: str) -> int:
    return {"API endpoint": 2, "Hosts": 3, "Access": 4}[page]

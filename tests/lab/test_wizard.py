"""The wizard in a real terminal on the bastion installs a real cluster, by keys alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.runs import HAUI, environment
from tests.lab.terminal import Terminal

KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")

UNSAFE = 4
"""What the lab's cluster file asks for and has to be accepted: its machines share one kernel."""


@pytest.mark.skipif(not Terminal.is_possible(), reason="tmux is not installed")
def test_the_wizard_installs_a_cluster(state: Path) -> None:
    """From a preset through every page to the result; the keys are in the order of an admin's."""
    env = {**environment(state), "TERM": "xterm-256color"}
    with (
        Lab.up(control_planes=3, workers=1) as lab,
        Terminal(
            lab, [*HAUI, "--preset", str(lab.dir / "lab.yaml")], env=env, folder=state.parent
        ) as terminal,
    ):
        terminal.wait_for("1 Topology")
        for page in ("API endpoint", "Hosts", "Access"):
            terminal.press("C-n")
            terminal.wait_for(f"› {_number(page)} {page}")
        terminal.wait_for("4 new")
        terminal.press("C-n")
        terminal.wait_for("press a to accept")
        terminal.press("a")
        terminal.wait_for("4 known")
        terminal.press("C-n")
        terminal.wait_for("› 5 Cluster")
        terminal.press("C-n")
        terminal.wait_for("› 6 Preflight")
        terminal.wait_for(lambda text: "0 block" in text and "checks on 4 hosts" in text)
        terminal.press("C-n")
        terminal.wait_for("tasks laid out")
        terminal.press("C-n")
        terminal.wait_for("accepted with a tick first")
        for _ in range(UNSAFE):
            terminal.press("Space", "Down")
        terminal.press("C-n")
        terminal.wait_for("Change these 4 hosts?")
        terminal.press("Enter")
        terminal.wait_for("installing", timeout_s=30)
        terminal.wait_for("lab is up", timeout_s=900)
        terminal.press("Enter")
        print(terminal.wait_for("export KUBECONFIG="))
        nodes = lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
        assert sorted(line.split()[:2] for line in nodes.splitlines()) == [
            [name, "Ready"] for name in ("cp1", "cp2", "cp3", "wk1")
        ]
        folder = state / "lab"
        assert (folder / "report.md").is_file()
        assert not list((state / ".drafts").glob("*.json"))
        last = (folder / "journal.yaml").read_text().splitlines()[-1]
        assert json.loads(last.removeprefix("- "))["outcome"] == "ok"
        terminal.press("C-q")
        terminal.wait_for("haui: lab is up.")


def _number(page: str) -> int:
    return {"API endpoint": 2, "Hosts": 3, "Access": 4}[page]

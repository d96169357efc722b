"""The user guide: its keys are those that there are, its pictures stand on their own."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.tools.keys import all_actions, table
from tests.tools.screenshots import FOLDER, SCENES, tidied

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_table_of_keys_is_current() -> None:
    """`python -m tests.tools.keys` writes it anew. A process of its own knows no test's keys."""
    argv = [sys.executable, "-m", "tests.tools.keys", "--check"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_described_key_is_in_the_table() -> None:
    """None is lost between the headings."""
    shown = table(all_actions())
    for action in all_actions():
        assert not action.help or action.help.replace("|", "\\|") in shown, action.id


def test_there_is_a_picture_of_each_scene() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_needs_nothing_from_elsewhere(name: str) -> None:
    """No fonts or pictures from the network, no scripts, nothing of the machine that drew it."""
    text = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert tidied(text) == text
    for word in ("@font-face", "@import", "<script", "<image", "foreignObject", "/tmp", "/root"):
        assert word not in text, word
    assert not re.findall(r"url\((?!#)", text)
    assert set(re.findall(r"https?://[^\s\"<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }
    assert ET.fromstring(text).tag.endswith("svg")


@pytest.mark.parametrize("document", ["README.md", "docs/wizard.md"])
def test_links_lead_somewhere(document: str) -> None:
    """Every relative link is a file of the project."""
    path = ROOT / document
    for target in LINK.findall(path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target

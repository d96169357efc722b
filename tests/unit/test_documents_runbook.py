"""The runbook: everything that the plan does, in an order that works, each thing once."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import steps
from haui.documents.markdown import code, fence, inline, table
from haui.documents.runbook import runbook, write_runbook
from haui.errors import UsageError
from haui.plan import build_plan
from haui.spec import ClusterSpec
from haui.step import Plan
from steps.load import parts, script
from tests.unit.spec_samples import steady
from tests.unit.specs import offline, shapes

SHAPES = shapes()
BLOCK = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


def _plan(spec: ClusterSpec) -> Plan:
    return build_plan(spec, steps.CATALOGUE)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {name: runbook(_plan(spec)) for name, spec in SHAPES.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_step_is_there_once_in_an_order_that_keeps_every_need(
    texts: dict[str, str], shape: str
) -> None:
    plan = _plan(SHAPES[shape])
    order = re.findall(r"^### \d+\. .* \(([\w.]+)\)$", texts[shape], re.MULTILINE)
    assert order == list(dict.fromkeys(task.step.id for task in plan.tasks))
    for task in plan.tasks:
        for need in task.needs:
            assert order.index(need.split("@")[0]) < order.index(task.step.id)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_file_script_and_warning_is_there_once(texts: dict[str, str], shape: str) -> None:
    text = texts[shape]
    blocks = [found[2] for found in BLOCK.findall(text)]
    for task in _plan(SHAPES[shape]).tasks:
        if task.step.supply is None:
            work = task.step.work(SHAPES[shape], task.host, {})
            for file in work.files:
                assert file.content.decode() in blocks
                assert f"`{file.path}`, mode {file.mode:04o}" in text
        if task.step.disruptive:
            assert text.count(f"**Users notice:** {inline(task.step.disruptive)}") >= 1
    headings = re.findall(r"^### `(\w+)\.sh`$", text, re.MULTILINE)
    assert len(headings) == len(set(headings))
    called = re.findall(r"sh haui-run (.*)$", text, re.MULTILINE)
    assert {name.removesuffix(".sh") for line in called for name in line.split()} == set(headings)
    for section in re.split(r"^##+ ", text, flags=re.MULTILINE):
        long_blocks = [found[2] for found in BLOCK.findall(section) if len(found[2]) > 700]
        assert len(long_blocks) == len(set(long_blocks))


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_the_preview_is_left_out(texts: dict[str, str], shape: str) -> None:
    text = texts[shape]
    assert "haui-run" in text and ": >changed" in text
    if "<minted for this join>" in text:
        assert "kubeadm token create --ttl 30m" in text and "kubeadm token delete" in text
    if "<pods of " in text:
        assert "jsonpath={.spec.podCIDR}" in text
        assert "198.18.0." not in text and "2001:db8::" not in text


def test_join_secrets_and_logins_are_placeholders_that_are_explained() -> None:
    text = runbook(_plan(offline()))
    assert "base64 -w 0" in text
    assert "upload-certs --upload-certs" in text
    assert "**one host after the other**" in text and "at most 5 at once" in text
    assert not re.search(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", text)


def test_the_bridge_gets_the_routes_to_all_other_nodes() -> None:
    text = runbook(_plan(SHAPES["ipvs"]))
    assert "ip route replace <pods of wk1> via 10.30.0.21" in text
    assert "ip route replace <pods of cp1> via 10.30.0.11" in text
    assert '"subnet": "<pods of cp2>"' in text


def test_the_parts_make_the_very_script_that_haui_runs(tmp_path: Path) -> None:
    """Each part of the last section in a file, and haui-run puts them together."""
    text = runbook(_plan(SHAPES["single"]))
    run, *_ = (found[2] for found in BLOCK.findall(text))
    assert run.startswith("#!/bin/sh")
    section = text.split("## Scripts")[1]
    for name, body in re.findall(
        r"^### `(\w+\.sh)`\n\n`{3,}sh\n(.*?)^`{3,}$", section, re.M | re.S
    ):
        (tmp_path / name).write_text(body)
    (tmp_path / "haui-run").write_text(run)
    (tmp_path / "say.sh").write_text('finding ok "$HAUI_STEP" "two words" "$HAUI_A"\n')
    command = f"env HAUI_STEP=x HAUI_A={shlex.quote(chr(39) + ' $(id)')} sh haui-run lib.sh say.sh"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "ok\tx\ttwo words\t' $(id)\n"
    names = ["lib", *parts("system_swap_apply")]
    joined = "".join((tmp_path / f"{name}.sh").read_text() for name in names)
    assert joined.split() == script("system_swap_apply").split()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_commands_are_shell(texts: dict[str, str], shape: str, tmp_path: Path) -> None:
    commands = [body for _, kind, body in BLOCK.findall(texts[shape].split("## Scripts")[0])
                if kind == "sh" and body.startswith("env ")]  # fmt: skip
    assert len(commands) > 20
    path = tmp_path / "all.sh"
    path.write_text("\n".join(commands))
    subprocess.run(["/bin/sh", "-n", path], check=True)
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        names = [word.partition("=")[0] for word in words[1 : words.index("sh")]]
        assert names == sorted(set(names))
        assert {"HAUI_STEP", "HAUI_PART"} <= set(names)


@steady
@given(st.text(alphabet="`~\n ab", max_size=40))
def test_a_fence_is_longer_than_what_it_holds(content: str) -> None:
    (found,) = BLOCK.findall(fence(content, "text") + "\n")
    assert found[1] == "text"
    assert found[2] == content if content.endswith("\n") else content + "\n"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain 10.30.0.11", "plain 10.30.0.11"),
        ("10.30.0.11", "10.30.0.11"),
        ("a|b", r"a\|b"),
        ("`rm`", r"\`rm\`"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
        ("a & b", "a &amp; b"),
        ("![x](http://evil.lan)", r"!\[x\](http\://evil.lan)"),
        ("see https://evil.lan", r"see https\://evil.lan"),
        ("www.evil.lan", r"www\.evil.lan"),
        ("control_plane.init", "control_plane.init"),
        ("_x_ **y**", r"\_x\_ \*\*y\*\*"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("two\nlines\x1b[31m", "two lines"),
        ("a\u202eb", "a\ufffdb"),
        ("", ""),
    ],
)
def test_inline_text_is_no_markup(raw: str, shown: str) -> None:
    assert inline(raw) == shown


def test_cells_keep_their_row() -> None:
    text = table(("a", "b"), [("1|2\n3", "x\r\ny|")])
    assert text.splitlines()[2] == r"| 1\|2 3 | x y\| |"


def test_code_ends_where_it_should() -> None:
    assert code("ls") == "`ls`"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a") == "`` `a ``"
    assert code("") == ""


def test_it_stands_beside_the_rendered_plan(tmp_path: Path) -> None:
    plan = _plan(SHAPES["single"])
    assert write_runbook(plan, tmp_path) == 1
    assert (tmp_path / "RUNBOOK.md").read_text() == runbook(plan)
    with pytest.raises(UsageError, match=r"RUNBOOK\.md can't be written"):
        write_runbook(plan, tmp_path / "absent")

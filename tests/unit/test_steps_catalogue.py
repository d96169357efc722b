"""The catalogue as a whole: what every step must have, in every shape of cluster."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from haui.plan import build_plan
from haui.preset import list_presets, rehearsal_spec
from haui.spec import ClusterSpec
from haui.step import PHASES, Call, Step, Work
from haui.transport.wire import env_lines
from steps import CATALOGUE
from steps.load import body, script
from tests.unit.specs import shapes

SCRIPTS = Path(__file__).parents[2] / "steps" / "scripts"
AGENT = Path(__file__).parents[2] / "haui" / "agent"
SECRET = "canary-password-1"
SPECS = shapes() | {
    f"preset {preset.name}": rehearsal_spec(preset) for preset in list_presets(Path("/nonexistent"))
}


def works(spec: ClusterSpec, values: dict[str, str]) -> Iterator[tuple[Step, Work]]:
    for host in spec.hosts:
        for step in CATALOGUE:
            if step.on(spec, host):
                yield step, step.work(spec, host, values)


def calls(spec: ClusterSpec, values: dict[str, str]) -> Iterator[Call]:
    for step, work in works(spec, values):
        yield from (call for call in (work.probe, work.apply) if call is not None)
        for remote in (step.gate, step.supply, step.revoke):
            if remote is not None:
                for host in spec.hosts:
                    if step.on(spec, host):
                        yield remote.call(spec, host)


@pytest.mark.parametrize("step", CATALOGUE, ids=lambda step: step.id)
def test_every_step_says_what_it_is(step: Step) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", step.id)
    assert step.phase in PHASES
    assert step.title == step.title.strip() != ""
    assert 0 < step.timeout_s <= 3600


@pytest.mark.parametrize("step", CATALOGUE, ids=lambda step: step.id)
def test_every_step_says_why(step: Step) -> None:
    assert len(step.explain) > 40


def test_ids_are_unique_and_phases_follow_each_other_up_to_the_cluster() -> None:
    assert len({step.id for step in CATALOGUE}) == len(CATALOGUE)
    order = [PHASES.index(step.phase) for step in CATALOGUE if step.phase != "network"]
    assert order == sorted(order)


@pytest.mark.parametrize("name", SPECS)
def test_a_plan_can_be_made(name: str) -> None:
    plan = build_plan(SPECS[name], CATALOGUE)
    assert {task.host.name for task in plan.tasks} == {host.name for host in SPECS[name].hosts}


@pytest.mark.parametrize("name", SPECS)
def test_work_has_something_to_look_at_and_scripts_exist(name: str) -> None:
    for step, work in works(SPECS[name], {}):
        # A step without any evidence could never be proved done; `always` steps give theirs, and
        # those that judge have what others have read.
        assert work.probe or work.files or step.always or step.judge, step.id
    for call in calls(SPECS[name], {}):
        assert body(call.script)


@pytest.mark.parametrize("name", SPECS)
def test_parameters_can_travel_and_hold_no_secret(name: str) -> None:
    values = {"registry_password": SECRET, "token": SECRET, "certificate_key": SECRET}
    for call in calls(SPECS[name], values):
        text = env_lines(call.env).decode()
        assert SECRET not in text


@pytest.mark.parametrize("name", SPECS)
def test_work_is_pure(name: str) -> None:
    assert list(works(SPECS[name], {})) == list(works(SPECS[name], {}))


def test_placed_files_are_absolute_and_written_for_people() -> None:
    for spec in SPECS.values():
        for step, work in works(spec, {}):
            for file in work.files:
                assert file.path.startswith("/"), step.id
                assert file.content.endswith(b"\n"), file.path


def test_scripts_that_include_others_hold_each_part_once() -> None:
    text = body("packages_source_apply")
    assert text.count("\ndebian_version() {") == 1
    assert (
        text.index("debian_version() {") < text.index("package() {") < text.index("package update")
    )
    assert script("packages_source_apply").endswith(text)
    assert "finding() {" not in text


def test_a_script_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        body("no_such_script")
    with pytest.raises(ValueError, match="not the name"):
        body("../agent/lib")


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.stem)
def test_every_script_is_parsed_by_sh_with_all_it_includes(path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-n"], input=script(path.stem), text=True, capture_output=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.thorough
def test_shellcheck_finds_nothing() -> None:
    """`make lint` looks as well, and at more."""
    beside = Path(__file__).parents[2] / ".venv" / "bin" / "shellcheck"
    tool = str(beside) if beside.exists() else shutil.which("shellcheck")
    if tool is None:
        pytest.skip("shellcheck is not installed")
    scripts = [*sorted(SCRIPTS.glob("*.sh")), AGENT / "lib.sh", AGENT / "files_probe.sh"]
    done = subprocess.run(
        [tool, "-x", *map(str, scripts)], text=True, capture_output=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_no_script_uses_templated_text_or_bash() -> None:
    for path in SCRIPTS.glob("*.sh"):
        text = path.read_text()
        assert text.startswith("# shellcheck shell=sh\n"), path.name
        assert "{{" not in text, path.name
        assert "[[" not in re.sub(r"\[\[:\w+:\]", "", text), path.name

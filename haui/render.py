"""A plan as a folder: every file and script of every host, to read or to run by hand.

`OUT/<host>/<NN>-<step>/` holds `files/<path>`, and for each script `<part>.sh` beside `<part>.env`.
Values that only exist during a run (join tokens, the registry password) show as placeholders.
"""

from __future__ import annotations

from pathlib import Path

from haui.errors import UsageError
from haui.step import Call, Plan, Task, Work
from steps.load import script


def render_plan(plan: Plan, out: Path) -> int:
    """Write the folder; the number of files written. Raises UsageError when it can't be written."""
    numbers: dict[str, int] = {}
    count = 0
    try:
        for task in plan.tasks:
            number = numbers[task.host.name] = numbers.get(task.host.name, 0) + 1
            folder = out / task.host.name / f"{number:02}-{task.step.id}"
            count += _write_task(plan, task, folder)
    except OSError as error:
        raise UsageError(f"{out} can't be written", why=str(error)) from error
    return count


def _write_task(plan: Plan, task: Task, folder: Path) -> int:
    work = task.step.work(plan.spec, task.host, {})
    folder.mkdir(parents=True)
    count = 0
    for file in work.files:
        path = folder / "files" / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
        count += 1
    for part, call in _calls(plan, task, work):
        (folder / f"{part}.sh").write_text(script(call.script), encoding="utf-8")
        env = "".join(f"{name}={value}\n" for name, value in sorted(call.env.items()))
        (folder / f"{part}.env").write_text(env, encoding="utf-8")
        count += 2
        for name, content in call.inputs.items():
            path = folder / f"{part}.inputs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            count += 1
    return count


def _calls(plan: Plan, task: Task, work: Work) -> list[tuple[str, Call]]:
    step = task.step
    remotes = {"gate": step.gate, "supply": step.supply, "revoke": step.revoke}
    calls = [("probe", work.probe), ("apply", work.apply)]
    calls += [(part, r.call(plan.spec, task.host)) for part, r in remotes.items() if r]
    return [(part, call) for part, call in calls if call is not None]

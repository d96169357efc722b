"""Every file that the host steps place, as it lands on a host.

`HAUI_UPDATE_GOLDEN=1 pytest tests/unit/test_steps_golden.py` writes what is rendered now; read the
difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from steps import endpoint, packages, preflight, runtime, system
from tests.unit.specs import shapes

GOLDEN = Path(__file__).parent / "golden"
STEPS = (*preflight.STEPS, *system.STEPS, *packages.STEPS, *runtime.STEPS, *endpoint.STEPS)
CASES = {
    "stacked/cp1": ("stacked", "cp1"),
    "stacked/cp3": ("stacked", "cp3"),
    "offline/cp1": ("offline", "cp1"),
    "offline/wk1": ("offline", "wk1"),
    "dedicated-lb/lb2": ("dedicated-lb", "lb2"),
    "ipv6/cp1": ("ipv6", "cp1"),
    "ipvs/wk1": ("ipvs", "wk1"),
}


def rendered(spec: ClusterSpec, name: str) -> str:
    """All files and parameters of a host, one after the other."""
    host = spec.host(name)
    out: list[str] = []
    for step in STEPS:
        if not step.on(spec, host):
            continue
        work = step.work(spec, host, {})
        out.append(f"######## {step.id}\n")
        for part, call in (("probe", work.probe), ("apply", work.apply)):
            if call is not None:
                out.append(f"# {part}: {call.script}\n")
                out += [f"#   {key}={value}\n" for key, value in sorted(call.env.items())]
        for call in (work.apply,):
            for blob, content in (call.inputs if call else {}).items():
                out.append(f"==== input {blob}\n{content.decode()}")
        for file in work.files:
            out.append(f"==== {file.mode:04o} {file.path}\n{file.content.decode()}")
    return "".join(out)


@pytest.mark.parametrize("case", CASES)
def test_rendered_files_are_as_agreed(case: str) -> None:
    shape, name = CASES[case]
    path = GOLDEN / f"host-{case.replace('/', '-')}.txt"
    now = rendered(shapes()[shape], name)
    if os.environ.get("HAUI_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")

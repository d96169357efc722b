"""Every file that the host steps place, as it lands on a host.

`HAUI_UPDATE_GOLDEN=1 pytest tests/unit/test_steps_golden.py` writes what is rendered now; read the
difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from haui.step import Step
from steps import endpoint, endpoint_settled, packages, preflight, runtime, system
from tests.unit.specs import shapes

GOLDEN = Path(__file__).parent / "golden"
STEPS = (*preflight.STEPS, *system.STEPS, *packages.STEPS, *runtime.STEPS, *endpoint.STEPS)
KUBE_VIP = (*endpoint.STEPS, endpoint_settled.AFTER_INIT, endpoint_settled.AFTER_JOIN)
ENDPOINTS = {
    "kube-vip/cp1": ("kube-vip", "cp1"),
    "kube-vip/cp2": ("kube-vip", "cp2"),
    "kube-vip-1.28/cp1": ("kube-vip-1.28", "cp1"),
    "kube-vip-bgp/cp1": ("kube-vip-bgp", "cp1"),
    "nginx/cp1": ("nginx", "cp1"),
    "nginx-dedicated/lb2": ("nginx-dedicated", "lb2"),
}
CASES = {
    "stacked/cp1": ("stacked", "cp1"),
    "stacked/cp3": ("stacked", "cp3"),
    "offline/cp1": ("offline", "cp1"),
    "offline/wk1": ("offline", "wk1"),
    "dedicated-lb/lb2": ("dedicated-lb", "lb2"),
    "ipv6/cp1": ("ipv6", "cp1"),
    "ipvs/wk1": ("ipvs", "wk1"),
}


def rendered(spec: ClusterSpec, name: str, steps: Iterable[Step] = STEPS) -> str:
    """All files and parameters of a host, one after the other."""
    host = spec.host(name)
    out: list[str] = []
    for step in steps:
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
    agreed(f"host-{case.replace('/', '-')}.txt", rendered(shapes()[shape], name))


@pytest.mark.parametrize("case", ENDPOINTS)
def test_rendered_endpoints_are_as_agreed(case: str) -> None:
    shape, name = ENDPOINTS[case]
    now = rendered(shapes()[shape], name, KUBE_VIP)
    agreed(f"endpoint-{case.replace('/', '-')}.txt", now)


def agreed(name: str, now: str) -> None:
    """`now` is what the golden file says; written there when asked for."""
    path = GOLDEN / name
    if os.environ.get("HAUI_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")

"""Packages and images as the host itself gets them, before the first change."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import checks
from steps.where import everywhere


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_supply_probe", env={}))


STEP = Step(
    id="preflight.supply",
    title="Ask for packages and images",
    phase="preflight",
    on=everywhere,
    work=_work,
    judge=checks.judge("preflight.supply"),
    once=True,
    timeout_s=120,
    explain="Finds a mirror, registry, proxy or version that the host can not get, "
    "while nothing has been changed. Fetches only descriptions.",
)

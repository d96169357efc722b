"""What all steps of the preflight have in common: they look, and checks judge what they tell."""

from __future__ import annotations

from collections.abc import Callable

from haui.spec import ClusterSpec, HostSpec
from haui.step import Step, Values, Work
from steps import checks
from steps.where import everywhere


def _nothing(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work()


def look(
    step: str,
    title: str,
    explain: str,
    *,
    on: Callable[[ClusterSpec, HostSpec], bool] = everywhere,
    work: Callable[[ClusterSpec, HostSpec, Values], Work] = _nothing,
    after: tuple[str, ...] = (),
    once: bool = False,
    timeout_s: int = 60,
) -> Step:
    """The step `preflight.<step>`, judged by its checks. Without `work` it asks no host."""
    name = f"preflight.{step}"
    return Step(
        id=name,
        title=title,
        phase="preflight",
        on=on,
        work=work,
        after=after,
        judge=checks.judge(name),
        once=once,
        timeout_s=timeout_s,
        explain=explain,
    )

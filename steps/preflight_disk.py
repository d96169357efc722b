"""How fast the disk under etcd is: a rehearsal with a small file."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import checks
from steps.where import everywhere


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_disk_probe", env={}))


STEP = Step(
    id="preflight.disk",
    title="Time writes to the disk of etcd",
    phase="preflight",
    on=everywhere,
    work=_work,
    judge=checks.judge("preflight.disk"),
    once=True,
    timeout_s=120,
    explain="etcd waits for the disk at every write: a slow one makes an unstable "
    "cluster. Writes a small file where etcd will be, and removes it.",
)

"""How fast the disk under etcd is: a rehearsal with a small file."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Values, Work
from steps.checks.sizes import has_etcd
from steps.preflight_step import look


def _tries(spec: ClusterSpec, host: HostSpec) -> bool:
    return spec.preflight.rehearsals and has_etcd(spec, host)


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_disk_probe", env={}))


STEP = look(
    "disk",
    "Time writes to the disk of etcd",
    "etcd waits for the disk at every write: a slow one makes an unstable "
    "cluster. Writes a small file where etcd will be, for 10 seconds at most, and "
    "removes it.",
    on=_tries,
    work=_work,
    once=True,
)

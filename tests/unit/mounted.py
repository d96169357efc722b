"""Facts about file systems that differ from those of a healthy host."""

from __future__ import annotations

from haui.rehearsal import facts
from haui.spec import ClusterSpec
from tests.unit.specs import spec

FIELDS = ("path", "fstype", "source", "size", "used", "free", "inodes", "inodes_free", "options")


def mounted(
    *paths: str, cluster: ClusterSpec | None = None, host: str = "cp1", **changes: object
) -> dict[str, object]:
    """The rows `mount` and `mount.at` of a healthy host, changed for these paths. `device` and
    `point` change the latter; other names are those of FIELDS."""
    cluster = cluster or spec(profile="production")
    told = facts.told("preflight.facts", cluster, cluster.host(host))
    rows = {value.split()[0]: value.split() for key, value in told if key == "mount"}
    places = {value.split()[0]: value.split() for key, value in told if key == "mount.at"}
    for path in paths:
        for name, value in changes.items():
            if name in FIELDS:
                rows[path][FIELDS.index(name)] = str(value)
            else:
                places[path][("path", "device", "point").index(name)] = str(value)
    return {
        "mount": [" ".join(row) for row in rows.values()],
        "mount.at": [" ".join(place) for place in places.values()],
    }

"""How fast writes reach the disk under etcd, as the step preflight.disk has timed them."""

from __future__ import annotations

from steps.checks import thresholds
from steps.checks.check import Answer, Check, Look, blocks, passes, skips, warns, words
from steps.checks.sizes import has_etcd

STEP = "preflight.disk"
FIX = words(
    "Put /var/lib/etcd on an SSD of its own, and stop what else writes to the disk; in a virtual "
    "machine, choose a faster volume."
)


def _speed(look: Look) -> Answer:
    facts = look.of(STEP)
    if reason := facts.one("fsync.skipped"):
        return skips(reason)
    if stalled := facts.one("fsync.stalled"):
        return blocks(f"writes did not end within {stalled} s", FIX)
    writes, p99 = facts.count("fsync.writes"), facts.number("fsync.p99.ms")
    average = facts.number("fsync.average.ms")
    measured = p99 if p99 is not None else average
    if measured is None or writes is None:
        return skips("no write could be timed")
    kind = "99 of 100 writes" if p99 is not None else "a write on average"
    good, fair, poor = thresholds.FSYNC_MS if p99 is not None else thresholds.FSYNC_AVERAGE_MS
    seen = f"{measured:.1f} ms for {kind} ({writes} writes in {facts.one('fsync.path') or '?'}"
    if p99 is not None and average is not None:
        seen += f", on average {average:.1f} ms"
    seen += ")" if p99 is not None else "; no python3 for percentiles)"
    expected = f"less than {good:g} ms"
    if measured < good:
        return passes(seen, expected)
    if measured <= fair:
        return warns(seen, FIX, expected)
    return look.strict(seen, FIX, expected) if measured <= poor else blocks(seen, FIX, expected)


SPEED = Check(
    id="disks.etcd-speed",
    title="Speed of etcd's disk",
    area="disks",
    why="etcd waits for the disk at every change; when that takes long, leaders change and the API "
    "server stalls.",
    look=_speed,
    on=has_etcd,
    step=STEP,
)

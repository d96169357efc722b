"""The clock of one host, and who sets it. Whether the hosts agree is looked at elsewhere."""

from __future__ import annotations

import shlex

from steps.checks.check import (
    Answer,
    Check,
    Look,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.network_managers import units

SERVICES = ("chrony", "chronyd", "systemd-timesyncd", "ntpsec", "ntp", "ntpd", "openntpd")
"""The first one is kept where several are at work."""

_FOREIGN = "the clock is the machine's, this is a container"


def _active(look: Look) -> list[str]:
    told = dict.fromkeys(look.facts.all("time.service"))
    return [name for name in SERVICES if name in told]


def _synchronised(look: Look) -> Answer:
    state, active = look.facts.yes("time.synchronised"), _active(look)
    expected = "synchronised"
    if state:
        by = look.facts.one("time.reference") or ", ".join(active)
        return passes(f"synchronised, {by}" if by else "synchronised", expected)
    if look.facts.yes("time.foreign"):
        return tells(_FOREIGN)
    if not active:
        return _no_service(look, "no time service sets it", expected)
    if state is None:
        return skips(f"neither systemd nor chrony says whether {active[0]} has set the clock")
    fix = words(f"Give {active[0]} a time server that this host reaches (UDP port 123).")
    return look.strict(f"{active[0]} runs, but the clock is not synchronised", fix, expected)


def _no_service(look: Look, seen: str, expected: str) -> Answer:
    if look.production:
        return tells(seen, by_haui("system.time", "The install puts chrony there."), expected)
    return tells(seen, words("Install chrony, or let it be in a test cluster."), expected)


def _service(look: Look) -> Answer:
    active, known = _active(look), units(look)
    expected = "exactly one time service, started at boot"
    if len(active) > 1:
        others = " ".join(shlex.quote(name) for name in active[1:])
        return warns(
            f"{' and '.join(active)} set the clock",
            command(f"Keep {active[0]} alone.", f"systemctl disable --now {others}"),
            expected,
        )
    if active:
        enabled = known.get(active[0], ("", ""))[1]
        if enabled in ("disabled", "masked", "masked-runtime"):
            return warns(
                f"{active[0]} runs, but is {enabled}: not after the next start",
                command(f"Start {active[0]} at boot.", _start(active[0])),
                expected,
            )
        return passes(active[0], expected)
    if look.facts.yes("time.foreign"):
        return passes(_FOREIGN)
    stopped = [name for name in SERVICES if name in known]
    if stopped:
        name = stopped[0]
        return warns(
            f"{name} is there, but {known[name][0]} and {known[name][1]}",
            command(f"Start {name}.", _start(name)),
            expected,
        )
    return _no_service(look, "no time service is installed", expected)


def _start(name: str) -> str:
    unit = shlex.quote(name)
    return f"systemctl unmask {unit} && systemctl enable --now {unit}"


def _zone(look: Look) -> Answer:
    zone = look.facts.one("time.zone")
    return passes(zone) if zone else skips("the host does not say its time zone")


CHECKS: tuple[Check, ...] = (
    Check(
        id="clock.synchronised",
        title="Clock is synchronised",
        area="clock",
        why="Certificates are valid from a moment on and etcd counts time: hosts whose clocks "
        "drift apart stop trusting each other.",
        look=_synchronised,
        marker="time.foreign",
    ),
    Check(
        id="clock.service",
        title="Time service",
        area="clock",
        why="Two services pull the clock to and fro; none lets it drift.",
        look=_service,
        marker="time.foreign",
    ),
    Check(
        id="clock.zone",
        title="Time zone",
        area="clock",
        why="Logs of hosts in several zones are hard to compare.",
        look=_zone,
    ),
)

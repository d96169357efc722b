"""Clocks of the hosts against one another, and this machine's against theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haui.evidence import Reading
from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    blocks,
    by_haui,
    passes,
    skips,
    warns,
    words,
)
from steps.checks.fleet_view import Fleet, Told, fleet_in, me
from steps.checks.thresholds import (
    CLOCK_ANY_S,
    CLOCK_BLUR_S,
    CLOCK_ETCD_S,
    CLOCK_WORTH_A_LOOK_S,
)


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a clock is ahead of this machine's, in seconds, and how sure that is."""

    ahead: float
    blur: float


def offset_of(reading: Reading) -> Offset | None:
    """The host's clock when its script began and ended lies between this machine's clock when it
    was asked and had answered; None when one of them is not known."""
    first, last = reading.facts.number("clock.first"), reading.facts.number("clock.last")
    if first is None or last is None or not reading.asked or not reading.answered:
        return None
    least, most = last - reading.answered, first - reading.asked
    # A clock that was set in between makes the least the most; the middle is still the best guess.
    return Offset((least + most) / 2, abs(most - least) / 2)


@dataclass(frozen=True)
class Clocks:
    """The offsets of all hosts that could be read, and the one in their middle."""

    offsets: Mapping[str, Offset]
    middle: Offset | None


def clocks_of(fleet: Fleet) -> Clocks:
    """With an even number of hosts, the middle is the one of two that this machine agrees with."""
    offsets = {}
    for told in fleet.told.values():
        offset = offset_of(told.reading)
        if offset is not None and offset.blur <= CLOCK_BLUR_S:
            offsets[told.name] = offset
    order = sorted(offsets.values(), key=lambda offset: offset.ahead)
    if not order:
        return Clocks(offsets, None)
    half = len(order) // 2
    middle = order[half : half + 1] if len(order) % 2 else order[half - 1 : half + 1]
    return Clocks(offsets, min(middle, key=lambda offset: abs(offset.ahead)))


def _spoken(seconds: float) -> str:
    return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'}"


def _mend(look: Look, told: Told) -> Fix:
    if told.facts.yes("time.foreign") or told.container:
        return words("Set the clock of the machine that this container runs on.")
    return words(
        "Let all hosts use the same time source; then set the clock at once: "
        "`chronyc makestep`, or restart systemd-timesyncd."
    )


def _clock(look: Look) -> Answer:
    fleet, told = fleet_in(look), me(look)
    clocks = fleet.view(clocks_of)
    own = offset_of(told.reading)
    if own is None:
        return skips("the host's clock was not read")
    if own.blur > CLOCK_BLUR_S or clocks.middle is None:
        return skips(f"the host answered too slowly: its clock is only known to ±{own.blur:.1f} s")
    if len(clocks.offsets) < 2:
        return skips("no other host's clock is known")
    off = own.ahead - clocks.middle.ahead
    blur = 0.0 if own is clocks.middle else own.blur + clocks.middle.blur
    sure = max(0.0, abs(off) - blur)
    seen = f"{_spoken(off)} the middle of {len(clocks.offsets)} hosts (±{blur:.1f} s)"
    limit = CLOCK_ETCD_S if {"control-plane", "etcd"} & set(look.host.roles) else CLOCK_ANY_S
    expected = f"at most {CLOCK_WORTH_A_LOOK_S:g} s apart"
    if sure <= CLOCK_WORTH_A_LOOK_S:
        return passes(seen, expected)
    # In a test, haui only says it.
    if look.production and not told.facts.one("time.service") and not told.container:
        return warns(seen, by_haui("system.time", "haui installs chrony, which sets it."), expected)
    return (blocks if sure > limit else warns)(seen, _mend(look, told), expected)


def _bastion(look: Look) -> Answer:
    clocks = fleet_in(look).view(clocks_of)
    middle = clocks.middle
    if middle is None:
        return skips("no host's clock was read well enough")
    expected = f"at most {CLOCK_ANY_S:g} s apart"
    seen = f"{_spoken(-middle.ahead)} the middle of {len(clocks.offsets)} hosts"
    if max(0.0, abs(middle.ahead) - middle.blur) <= CLOCK_ANY_S:
        return passes(seen, expected)
    return warns(
        seen,
        words("Set the clock of the machine that haui runs on, or those of all hosts."),
        expected,
    )


def is_first(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether what is to be said once is said of this host."""
    return host.name == spec.hosts[0].name


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.clock",
        title="Clocks agree",
        area="fleet",
        why="Certificates made on one host are not valid yet on another, and leases of leaders "
        "end too early or too late.",
        look=_clock,
        step="preflight.fleet",
    ),
    Check(
        id="fleet.bastion-clock",
        title="This machine's clock",
        area="fleet",
        why="The machine that haui runs on checks the hosts' certificates, and could refuse them.",
        look=_bastion,
        on=is_first,
        step="preflight.fleet",
    ),
)

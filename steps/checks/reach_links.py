"""The links between hosts: how late packets are, how many get lost, and how large they may be."""

from __future__ import annotations

from steps.checks.check import Answer, Check, Fix, Look, answer, blocks, passes, skips, warns, words
from steps.checks.dialled import REACH, UNFINISHED, shown
from steps.checks.paths import latency_peers, size_peers
from steps.checks.thresholds import (
    LATENCY_BAD_MS,
    LATENCY_OK_MS,
    LOSS_BAD_PERCENT,
    OVERLAY_BYTES,
)

SILENT = "no other host answers pings; a firewall may drop ICMP"


def _no_ping(look: Look) -> Answer | None:
    facts = look.of(REACH)
    if not facts.complete:
        return skips(UNFINISHED)
    return skips("needs ping on the host") if "ping" in facts.all("needs") else None


def _latency(look: Look) -> Answer:
    if (missing := _no_ping(look)) is not None:
        return missing
    delays: list[float] = []
    losses: list[float] = []
    seen: list[str] = []
    for name, _, sent, got, average, _ in look.of(REACH).rows("ping", 6):
        try:
            delay, lost = float(average), 100 * (int(sent) - int(got)) / int(sent)
        except (ValueError, ZeroDivisionError):
            continue
        delays.append(delay)
        losses.append(lost)
        if delay >= LATENCY_OK_MS or lost > 0:
            seen.append(f"{name}: {delay:.1f} ms" + (f", {lost:.0f} % lost" if lost else ""))
    if not delays:
        return skips(SILENT)
    worst, lost = max(delays), max(losses)
    expected = f"under {LATENCY_OK_MS:.0f} ms on average, nothing lost"
    if worst > LATENCY_BAD_MS or lost > LOSS_BAD_PERCENT:
        return blocks(shown(seen), _shorten(worst, lost), expected)
    if seen:
        return warns(shown(seen), _shorten(worst, lost), expected)
    return passes(f"at most {worst:.2f} ms", expected)


def _shorten(worst: float, lost: float) -> Fix:
    if lost > LOSS_BAD_PERCENT or worst < LATENCY_OK_MS:
        return words(
            "Find out what loses packets between the hosts: a full link, a bad cable, two ends "
            "that do not agree on duplex."
        )
    return words("Put the members of etcd closer together: every write takes that long and more.")


def _size(look: Look) -> Answer:
    if (missing := _no_ping(look)) is not None:
        return missing
    rows = look.of(REACH).rows("size", 6)
    failed = [row for row in rows if row[3] == "failed" and row[4].isdecimal()]
    passed = [row for row in rows if row[3] == "passed"]
    expected = "packets as large as the interface's MTU arrive"
    if not failed:
        sizes = ", ".join(sorted({row[2] for row in passed}))
        return passes(f"{sizes} bytes arrive", expected) if passed else skips(SILENT)
    seen = [
        f"{name}: {mtu} bytes from {device} do not arrive, "
        + (f"{best} do" if best != "0" else "1280 neither")
        for name, _, mtu, _, best, device in failed
    ]
    return _too_large(look, shown(seen), min(int(row[4]) for row in failed), expected)


def _too_large(look: Look, seen: str, best: int, expected: str) -> Answer:
    extra = OVERLAY_BYTES[6 if ":" in look.host.address else 4]
    chosen, own = look.spec.network.cni.mtu, look.spec.network.cni.kind == "none"
    same = "Make the MTU of all interfaces and switches between the hosts the same"
    if best <= extra:
        return blocks(seen, words("Find out what loses packets between the hosts."), expected)
    if chosen and chosen + extra <= best:
        return warns(f"{seen}; the pods' packets are small enough", words(f"{same}."), expected)
    if own:
        return blocks(seen, words(f"{same}."), expected)
    limit = best - extra
    return blocks(seen, answer(f"{same}, or set network.cni.mtu to {limit}.", "cluster"), expected)


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.latency",
        title="Round trip between members of etcd",
        area="fleet",
        why="etcd waits for the round trip at every write; late or lost packets make elections, "
        "during which the cluster stands still.",
        look=_latency,
        on=lambda spec, host: bool(latency_peers(spec, host)),
        step=REACH,
    ),
    Check(
        id="fleet.path-mtu",
        title="Packets of full size",
        area="fleet",
        why="Short requests would work and long answers hang: TLS handshakes, image layers, pods "
        "on different nodes.",
        look=_size,
        on=lambda spec, host: bool(size_peers(spec, host)),
        step=REACH,
        page="cluster",
    ),
)

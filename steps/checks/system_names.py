"""The host's own name, and who would change it back."""

from __future__ import annotations

import re
import shlex

from steps.checks.check import Answer, Check, Look, blocks, command, passes, skips, tells, warns
from steps.checks.thresholds import HOSTNAME_CHARS

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
DROP_IN = "/etc/cloud/cloud.cfg.d/zz-haui-hostname.cfg"
"""Sorts after the distribution's files: the last one wins."""


def fault_of(name: str) -> str:
    """What is wrong with the name of a host; empty when nothing is."""
    labels = name.rstrip(".").split(".")
    if labels[0].lower().startswith("localhost"):
        return "is every host's own name"
    if len(max(labels, key=len)) > HOSTNAME_CHARS or len(name) > 253:
        return f"has {len(name)} characters"
    if not all(LABEL.fullmatch(label) for label in labels):
        return "has characters that no name may have"
    if labels[0].isdecimal():
        return "is only a number"
    return ""


def _short(name: str) -> str:
    """The name without its domain, of which nobody is consistent."""
    return name.split(".")[0]


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:77]}…")


def _hostname(look: Look) -> Answer:
    names = [look.facts.one("hostname"), look.facts.one("hostname.static")]
    told = list(dict.fromkeys(name for name in names if name))
    if not told:
        return skips("the host did not say its name")
    wanted = look.host.name
    faults = [f"{_shown(name)} {fault_of(name)}" for name in told if fault_of(name)]
    if faults:
        fix = command(
            f"Name the host {wanted}, as in the cluster file.",
            f"hostnamectl set-hostname {shlex.quote(wanted)}",
        )
        return blocks(" · ".join(faults), fix, "letters, digits and hyphens, at most 63")
    if _short(told[0]) != _short(wanted):
        return tells(f"{told[0]}; the node will be {wanted}", expected=wanted)
    return passes(told[0])


def _kept(look: Look) -> Answer:
    facts = look.facts
    state, kept, name = (facts.one(k) for k in ("cloudinit", "cloudinit.hostname", "hostname"))
    if state is None or name is None:
        return skips("the host did not say whether it has cloud-init")
    if state in ("absent", "disabled"):
        return passes(f"cloud-init is {state}")
    if facts.yes("cloudinit.preserve"):
        return passes("cloud-init leaves the name alone (preserve_hostname)")
    if kept is None or _short(kept) == _short(name):
        return passes(f"cloud-init keeps the name {name}")
    fix = command(
        "Tell cloud-init to leave the name alone.",
        f"printf 'preserve_hostname: true\\n' >{DROP_IN}",
    )
    seen = f"the host is {_shown(name)}, cloud-init named it {_shown(kept)}"
    return warns(seen, fix, "preserve_hostname: true")


CHECKS: tuple[Check, ...] = (
    Check(
        id="system.hostname",
        title="Host name",
        area="system",
        why="Names that are invalid or every host's own break certificates, logs and elections.",
        look=_hostname,
    ),
    Check(
        id="system.hostname-kept",
        title="Host name after a reboot",
        area="system",
        why="cloud-init may give the host its former name back at a later boot.",
        look=_kept,
    ),
)

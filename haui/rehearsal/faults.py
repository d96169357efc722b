"""The faults that a rehearsal can be asked for: `HOST:STEP:KIND`.

A fault belongs to one host (or `*`, all of them) and one step (or `*`, any step), and says how the
simulated host misbehaves when that step reaches it. What "once" means is remembered in the host's
state, so that a resumed rehearsal does not meet the same accident twice.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from haui.errors import UsageError

FaultKind = Literal[
    "fail-once",
    "fail",
    "slow",
    "drop-connection",
    "reboot",
    "unreachable",
    "wrong-host-key",
    "noisy",
    "endless",
    "garbage",
    "forged-status",
]
"""fail-once, fail: the script ends with an error, the first time or always · slow: ten times longer
· drop-connection: the connection dies while the output is followed, once · reboot: the host boots
in the middle of the task, once · unreachable: the host refuses connections from then on ·
wrong-host-key: it shows another key from then on · noisy: hostile bytes between the lines ·
endless: the answer never ends · garbage: bytes of all kinds instead of an answer · forged-status:
exit statuses and sizes that can't be. With the last three a step that only reads is spoiled when it
is looked at, another one while it changes the host; they are of the host that means harm."""

KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
EXAMPLE = "cp2:control_plane.join:fail-once"
ANY = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `host` and `step` may be `*`."""

    host: str
    step: str
    kind: FaultKind

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        hosts: Collection[str] | None = None,
        steps: Collection[str] | None = None,
    ) -> Fault:
        """The fault in `text`. Raises UsageError when it is malformed or its kind is unknown.

        When `hosts` or `steps` are given, names outside of them are refused too.
        """
        parts = [part.strip() for part in text.split(":")]
        if len(parts) != 3 or not all(parts):
            raise UsageError(
                f"the fault {text!r} is not of the form HOST:STEP:KIND",
                fix=f"write it like {EXAMPLE}; kinds: {', '.join(KINDS)}",
            )
        host, step, kind = parts
        if hosts is not None and host != ANY:
            _known("host", host, hosts, text)
        if steps is not None and step != ANY:
            _known("step", step, steps, text)
        for known in KINDS:
            if known == kind:
                return cls(host=host, step=step, kind=known)
        raise _unknown("kind", kind, KINDS, text)

    def hits(self, host: str, step: str) -> bool:
        """Whether this fault is meant for that step on that host."""
        return self.host in (ANY, host) and self.step in (ANY, step)

    def __str__(self) -> str:
        return f"{self.host}:{self.step}:{self.kind}"


def parse_faults(
    texts: Iterable[str],
    *,
    hosts: Collection[str] | None = None,
    steps: Collection[str] | None = None,
) -> tuple[Fault, ...]:
    """Every fault in `texts`, in order; raises UsageError for the first bad one."""
    return tuple(Fault.parse(text, hosts=hosts, steps=steps) for text in texts)


def _known(part: str, name: str, known: Collection[str], text: str) -> None:
    if name not in known:
        raise _unknown(part, name, known, text)


def _unknown(part: str, name: str, known: Collection[str], text: str) -> UsageError:
    near = difflib.get_close_matches(name, list(known), n=1)
    names = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return UsageError(
        f"the fault {text!r} names an unknown {part}: {name}",
        why=names,
        fix=f"write it like {EXAMPLE}",
    )

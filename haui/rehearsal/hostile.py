"""Hosts that mean harm: what they say instead of an answer.

A step that only reads is spoiled when it is looked at; another one when it is changed, so that the
way there is as on a good host.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.faults import FaultKind
from haui.rehearsal.host import SimulatedHost
from haui.rehearsal.text import HOSTILE
from haui.transport.wire import TASK_SCRIPT, Envelope

HUGE_STATUS = (1 << 32) - 1
"""The largest exit status that SSH carries (RFC 4254, 6.10)."""
GARBAGE = b"\n".join((*HOSTILE, bytes(range(256)), b"state\t\t\t", b"task\t../x\t-1\tdone\t\t")) * 3
ENDLESS = b"and so on, without an end \x1b[2J\n" * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endless:
    """An answer that never ends."""

    chunk: bytes = ENDLESS


def spoiled(
    host: SimulatedHost, request: Envelope, answer: Answer | Follow
) -> Answer | Follow | Endless:
    """The answer as a fault of this host makes it; unchanged when there is none for that step."""
    step = request.env.get("HAUI_STEP", "")
    verb = request.env.get("HAUI_VERB", "")
    is_task = request.env.get("HAUI_SCRIPT") == TASK_SCRIPT
    if step and not is_task and not host.cluster.step(step).read_only:
        return answer
    if _has(host, step, "endless") and verb not in ("start", "cancel"):
        return Endless()
    if _has(host, step, "garbage"):
        return Answer(stdout=GARBAGE, stderr=GARBAGE)
    if _has(host, step, "forged-status"):
        return _forged(answer)
    return answer


def _has(host: SimulatedHost, step: str, kind: FaultKind) -> bool:
    return any(fault.kind == kind and fault.hits(host.name, step) for fault in host.faults)


def _forged(answer: Answer | Follow) -> Answer:
    """Numbers that nobody counts with, and an end of the output that says done without being."""
    if isinstance(answer, Follow):
        mark = f"\n{answer.mark}\tdone\t-0\t{'9' * 30}\n"
        return Answer(stdout=b"ok\tall\tis\twell\n" + mark.encode() * 3, status=HUGE_STATUS)
    if answer.stdout.startswith((b"state\t", b"task\t")):
        return replace(answer, stdout=answer.stdout.replace(b"\trunning\t", b"\tdone\t+0"))
    return replace(answer, status=HUGE_STATUS)

"""The typed events of a run, numbered; the only thing that leaves the executor.

Journal, RunState reducer, plain printer, JSON lines and log files are equal subscribers. `seq` and
`at` are filled by the bus, so that events made in one place are ordered in one place.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

Outcome = Literal["ok", "unchanged", "failed", "skipped", "cancelled"]
"""ok: applied and verified · unchanged: the probe said it was done · failed · skipped: something
it needs failed, or its host was left out · cancelled: stopped by the admin before or while it ran.
"""

Verdict = Literal["ok", "differs", "blocked", "info", "warning", "skipped"]
"""ok · info: worth knowing · warning: allowed, and worth a second look · skipped: could not be
looked at, `seen` says why · differs: a change is needed · blocked: only a person can mend it."""

FixKind = Literal["", "haui", "command", "answer"]
"""haui: a step of the install does it · command: to be run on the host · answer: another answer in
the cluster file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of evidence: what was looked at, what was expected, what was seen.

    Checks of the preflight also say their stable id (`check`), `why` it matters, and the `fix`;
    `fix_with` is the step's id, the command, or the wizard's page. `override` is the reason for
    which a finding that would block was let pass.
    """

    verdict: Verdict
    what: str
    expected: str = ""
    seen: str = ""
    check: str = ""
    why: str = ""
    fix: str = ""
    fix_kind: FixKind = ""
    fix_with: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a task failed, as data: the same parts as `HauiError`."""

    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. `seq` counts from 1 within a run's journal; `at` is UTC, ISO 8601, Z."""

    kind: ClassVar[str] = "event"
    journalled: ClassVar[bool] = True
    durable: ClassVar[bool] = False
    """Whether the emitter must wait until the journal has it on disk before it goes on."""
    seq: int = 0
    at: str = ""

    @property
    def on_record(self) -> bool:
        """Whether the journal keeps it: by its kind, and perhaps by what it says."""
        return self.journalled

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict, `seq`, `at` and `kind` first; empty optional parts are left out."""
        body = asdict(self)
        out: dict[str, Any] = {"seq": body.pop("seq"), "at": body.pop("at"), "kind": self.kind}
        return out | {key: value for key, value in body.items() if value not in (None, "", (), [])}


Purpose = Literal["apply", "reset"]
"""What a run is for: to install a cluster, or to give its hosts back as they were."""

EtcdData = Literal["keep", "remove"]
"""What becomes of etcd's data in a reset. Removed only when the cluster's name was typed for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run begins or is continued (`resumed`).

    A reset says what becomes of `etcd_data`, and whether it is of some `hosts` only (`partial`).
    """

    kind: ClassVar[str] = "run_started"
    durable: ClassVar[bool] = True
    run: str
    cluster: str
    haui: str
    spec_sha: str
    plan_sha: str
    tasks: int
    hosts: tuple[str, ...]
    resumed: bool = False
    purpose: Purpose = "apply"
    etcd_data: EtcdData = "keep"
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConnected(Event):
    """A host is connected (again); `fingerprint` is its SHA256 host key fingerprint."""

    kind: ClassVar[str] = "host_connected"
    host: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLost(Event):
    """The connection to a host died; it is being dialled again."""

    kind: ClassVar[str] = "host_lost"
    host: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightResult(Event):
    """One preflight check of one host: the parts of a `Finding`, `title` being its `what`.

    `step` is the one that has looked; when it looks again, what it said before is no more. `by` is
    who let a finding pass that would block. What is as it must be, or could not be looked
    at, is not on record: a hundred checks on a hundred hosts say little more than that.
    """

    kind: ClassVar[str] = "preflight_result"
    host: str
    check: str
    verdict: Verdict
    title: str = ""
    expected: str = ""
    seen: str = ""
    why: str = ""
    fix: str = ""
    fix_kind: FixKind = ""
    fix_with: str = ""
    override: str = ""
    by: str = ""
    step: str = ""

    @property
    def on_record(self) -> bool:
        return self.verdict not in ("ok", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted(Event):
    """A task begins with looking at the host; nothing has been changed yet."""

    kind: ClassVar[str] = "task_started"
    host: str
    step: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWaiting(Event):
    """A task waits for something outside of it: a gate, a lane, a host that is away."""

    kind: ClassVar[str] = "task_waiting"
    journalled: ClassVar[bool] = False
    host: str
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDrifted(Event):
    """The journal says that this task was done, the host says that it is not any more."""

    kind: ClassVar[str] = "task_drifted"
    host: str
    step: str
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIntent(Event):
    """The host is about to be changed by this attempt; on disk before the first byte is sent."""

    kind: ClassVar[str] = "task_intent"
    durable: ClassVar[bool] = True
    host: str
    step: str
    attempt: int
    reattached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRetrying(Event):
    """Something failed that may go away by itself: try number `number` of `of` follows.

    `reason` is the class of the failure, `lines` hold what was said of it; the try begins after
    `pause_s` seconds. `attempt` is the attempt that failed, 0 when none was begun.
    """

    kind: ClassVar[str] = "task_retrying"
    host: str
    step: str
    number: int
    of: int
    reason: str
    pause_s: float = 0.0
    attempt: int = 0
    lines: str = ""

    @property
    def said(self) -> str:
        """The event in one line, without its lines."""
        pause = f" in {self.pause_s:g} s" if self.pause_s else ""
        return f"attempt {self.number} of {self.of}{pause}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutput(Event):
    """Cleaned output lines of a running task, for screens and log files, never the journal."""

    kind: ClassVar[str] = "task_output"
    journalled: ClassVar[bool] = False
    host: str
    step: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFinished(Event):
    """A task has its result. `findings` are the probe's lines (all of them for verification)."""

    kind: ClassVar[str] = "task_finished"
    durable: ClassVar[bool] = True
    host: str
    step: str
    outcome: Outcome
    seconds: float
    attempt: int = 0
    findings: tuple[Finding, ...] = field(default=())
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run ended. `outcome` ok, failed, verification, cancelled; `counts` by task outcome."""

    kind: ClassVar[str] = "run_finished"
    durable: ClassVar[bool] = True
    outcome: Literal["ok", "failed", "preflight", "unreachable", "verification", "cancelled"]
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)


AnyEvent = (
    RunStarted
    | HostConnected
    | HostLost
    | PreflightResult
    | TaskStarted
    | TaskWaiting
    | TaskDrifted
    | TaskIntent
    | TaskRetrying
    | TaskOutput
    | TaskFinished
    | RunFinished
)

"""A step as data, and the task and plan that are made of steps.

The contract of a probe script, the heart of "evidence, not hope": it only reads, and prints one
finding a line, tab separated, `VERDICT<TAB>what<TAB>expected<TAB>seen`, VERDICT being ok, differs,
blocked or info. All ok (or info) means done. Any `blocked` means that applying can't help and a
person has to act; `expected` then holds the fix. Other lines are ignored. The same probe is run
before the change (is it needed?) and after it (was it done?), and again on resume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from haui.events import Finding
from haui.evidence import Evidence
from haui.host import File
from haui.spec import ClusterSpec, HostSpec

Phase = Literal[
    "preflight", "system", "packages", "runtime", "etcd", "endpoint", "control-plane", "network",
    "workers", "verify", "reset",
]  # fmt: skip
PHASES: tuple[Phase, ...] = (
    "preflight", "system", "packages", "runtime", "etcd", "endpoint", "control-plane", "network",
    "workers", "verify", "reset",
)  # fmt: skip
"""In order. The last one is no part of an install: it takes one back, in a plan of its own."""

Values = Mapping[str, str]
"""What a supply script printed: name -> value. May hold secrets; lives in memory only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A static script of steps/scripts with its parameters.

    `script` is the file name without .sh. `inputs` are blobs placed in tmpfs for the time of the
    call; secrets only ever travel there.
    """

    script: str
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a step does to one host: how to look, what to place, what to run.

    `probe` None means that the files alone are the evidence (their content, mode and owner are
    always part of it). `apply` None with files means that placing them is all; `apply` None without
    files is a read-only step, whose failed probe is the result.
    """

    probe: Call | None = None
    apply: Call | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A script that has to run on another host, on behalf of a task.

    `on` lists the candidate hosts in order of preference; the first that is reachable is used.
    A `supply` prints `name=value` lines on stdout; a `gate` is a probe that must become all ok
    within `patience_s`, asked again every few seconds.
    """

    on: Callable[[ClusterSpec, HostSpec], tuple[str, ...]]
    call: Callable[[ClusterSpec, HostSpec], Call]
    patience_s: int = 0
    timeout_s: int = 120


Judge = Callable[[ClusterSpec, HostSpec, Evidence], tuple[Finding, ...]]
"""What the readings of a run mean for one host. Pure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the install: data plus pure functions. Stable `id`, e.g. "containerd.install"."""

    id: str
    title: str
    phase: Phase
    on: Callable[[ClusterSpec, HostSpec], bool]
    work: Callable[[ClusterSpec, HostSpec, Values], Work]
    """Pure. Called with an empty `Values` for previews, with the supplied ones to run."""
    needs: tuple[str, ...] = ()
    """Step ids that must have succeeded on every host where they run. On its own host a step always
    needs all steps before it in the catalogue."""
    after: tuple[str, ...] = ()
    """Step ids of the preflight that must be over on every host where they run, however they ended:
    every trouble is to be found, not only the first. On its own host a preflight step always comes
    after those before it in the catalogue."""
    judge: Judge | None = None
    """For steps that look and judge: the probe's output is a reading, kept as evidence, and this
    says what it means. Without a probe, it judges what other steps have read."""
    once: bool = False
    """Whether it is left out when an install is continued: what takes long or starts something."""
    lane: str | None = None
    """Tasks with the same lane share a limit on how many run at once, see `LANES`."""
    gate: Remote | None = None
    """Asked right before the change is made."""
    supply: Remote | None = None
    """Gives the values for `work`."""
    supply_for: Literal["probe", "apply"] = "apply"
    """Whether the values are already needed to probe (then they must not be costly or secret)."""
    revoke: Remote | None = None
    """Run after the task, whatever its outcome, to take back what `supply` minted."""
    always: bool = False
    """Apply without probing first: for steps that do nothing but measure (the workload test). Their
    findings are read from the apply script's output."""
    fetch: Mapping[str, str] = field(default_factory=dict)
    """Local artefact name -> path on the host, read after success ("admin.conf")."""
    refuse: Callable[[bytes], str] | None = None
    """Why what was fetched must not be kept on this machine; empty when it may be."""
    timeout_s: int = 900
    disruptive: str = ""
    """What users of the host would notice, for the review page; empty when nothing."""
    explain: str = ""
    """Why this step exists, for the runbook and the review page."""


LANES: Mapping[str, int] = {"control-plane-join": 1, "worker-join": 5, "etcd-member": 1}
"""How many tasks of a lane run at once. etcd takes one new member at a time (field fact: kubeadm
joins of control planes must never overlap), and keeps its quorum while one member restarts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step on one host. `needs` are the ids of tasks that must succeed before, `after` those
    that must be over."""

    step: Step
    host: HostSpec
    needs: frozenset[str]
    after: frozenset[str] = frozenset()
    id: str = field(init=False, repr=False, compare=False)
    """Step and host: "control_plane.init@cp1"."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.step.id}@{self.host.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All tasks in a valid order. Pure data: made by haui.plan, run by haui.execution.executor."""

    spec: ClusterSpec
    tasks: tuple[Task, ...]


MOST_FINDINGS = 2000
"""Of one look. A probe has about ten; the check of a hundred nodes a few for each."""
LONGEST_PART = 4000
"""Characters of each part of a finding that are kept: they go into the journal and onto pages."""


def parse_findings(output: str) -> tuple[Finding, ...]:
    """The findings in a probe's output; lines that are none are ignored (shell noise).

    Of a host that has more to say than any probe of ours the rest becomes one finding that differs.
    """
    found: list[Finding] = []
    for line in output.splitlines():
        parts = [part[:LONGEST_PART] for part in line.split("\t", 4)]
        if len(parts) >= 2 and parts[0] in ("ok", "differs", "blocked", "info"):
            if len(found) == MOST_FINDINGS:
                what, expected = "the number of findings", f"at most {MOST_FINDINGS}"
                found.append(Finding(verdict="differs", what=what, expected=expected, seen="more"))
                break
            verdict, what, expected, seen = (*parts, "", "")[:4]
            found.append(Finding(verdict=verdict, what=what, expected=expected, seen=seen))  # type: ignore[arg-type]
    return tuple(found)

"""One simulated host, pure: requests and the time go in, answers come out.

Nothing here waits or knows a socket. A task's progress is a function of the time since it was
started, so that a host which is rebuilt from its saved state goes on where the wall clock says it
is. `now` is in seconds since the epoch everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from haui.evidence import facts_text
from haui.rehearsal import facts
from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.clock import Tempo
from haui.rehearsal.cluster import JOINS, Row, SimulatedCluster
from haui.rehearsal.faults import Fault, FaultKind
from haui.rehearsal.task import Attempt, HostState, record, undoes
from haui.rehearsal.text import dice, evidence, failure, narrate, seconds_of, table
from haui.transport.wire import READ_ABSENT, READ_SCRIPT, READ_TOO_LARGE, TASK_SCRIPT, Envelope

SLOW = 10
DOWN_S = 6.0
"""How long a reboot takes at speed 1, in seconds."""
CANCELLED_RC = 143
ROOT_SCRIPT = "haui.root"
"""The client's proof that it became root: asks for the user id."""
MANIFEST = "manifest.expected"
FAMILY = "debian"
"""The operating system that simulated hosts have, as haui.rehearsal.facts.system says."""


@dataclass(slots=True, kw_only=True)
class SimulatedHost:
    """One machine of the fleet: its state, its faults, and what it answers."""

    name: str
    cluster: SimulatedCluster
    tempo: Tempo = field(default_factory=Tempo)
    faults: Sequence[Fault] = ()
    state: HostState = field(default_factory=HostState)
    changed: bool = False
    """Set whenever the state has to be saved; whoever saves it clears it."""

    def answer(self, request: Envelope, now: float) -> Answer | Follow:
        """The answer to one exec."""
        if request.env.get("HAUI_SCRIPT") == TASK_SCRIPT:
            return self._task(request, now)
        step = request.env.get("HAUI_STEP", "")
        part = request.env.get("HAUI_PART") or request.env.get("HAUI_SCRIPT", "").rpartition(".")[2]
        if part == "probe" and step:
            return self._probe(request, step, now)
        return self._errand(request, part, step, now)

    def tick(self, now: float) -> bool:
        """Let a reboot happen that is due. True when the host has just gone down."""
        due = [task for task in self.state.attempts if task.reboots_at is not None]
        when = min((task.reboots_at or 0.0 for task in due), default=None)
        if when is None or now < when:
            return False
        self._reboot(when)
        return True

    def is_down(self, now: float) -> bool:
        """Whether the host refuses connections at the moment."""
        return now < self.state.down_until or "unreachable" in self.state.since

    def shows_other_key(self) -> bool:
        """Whether the host presents a key that is not its own."""
        return "wrong-host-key" in self.state.since

    def begin(self) -> None:
        """Apply the faults that hold from the first connection on (those of any step)."""
        for kind in ("unreachable", "wrong-host-key"):
            if any(
                f.kind == kind and f.step == "*" and f.hits(self.name, "*") for f in self.faults
            ):
                self.state.since.add(kind)

    def done(self, step: str, now: float) -> bool:
        """Whether the step was applied here with success, and not undone since."""
        return self.state.done(step, now)

    def joined(self, now: float) -> bool:
        """Whether this host is a node of the cluster."""
        return any(JOINS.search(t.step) and self.done(t.step, now) for t in self.state.attempts)

    def joining(self, now: float) -> bool:
        """Whether a kubeadm join (or init) runs here right now."""
        return any(
            JOINS.search(task.step) and task.status(now, self.state.boot) == "running"
            for task in self.state.attempts
        )

    # ---- short scripts -------------------------------------------------------------------------

    def _probe(self, request: Envelope, step: str, now: float) -> Answer:
        about = self.cluster.step(step)
        if dropped := self._strike(step, now, read_only=about.read_only):
            return dropped
        delay = self.tempo.take(0.15 * (SLOW if self._has(step, "slow") else 1))
        if about.phase == "preflight":
            return Answer(stdout=self._facts(step, now), delay=delay)
        if about.read_only:
            if self._fails(step, f"probe.{step}"):
                fix = "this fault was asked for; resume without it"
                row = ("differs", about.title or step, fix, "fault")
                return Answer(stdout=table((row,)), delay=delay)
            return Answer(stdout=table(self._reading(request, step, now)), delay=delay)
        rows = evidence(
            step, about.title, self.name, self._version, self.done(step, now)
        ) + self._placed(request)
        return Answer(stdout=table(rows), delay=delay)

    def _facts(self, step: str, now: float) -> bytes:
        """What a healthy host tells; with a fault, what makes its checks block."""
        told = facts.told(step, self.cluster.spec, self.cluster.spec.host(self.name), now)
        if self._fails(step, f"probe.{step}"):
            return facts_text(facts.changed(told, facts.TROUBLE)).encode()
        return facts_text(told).encode()

    def _reading(self, request: Envelope, step: str, now: float) -> tuple[Row, ...]:
        about = self.cluster.step(step)
        if about.phase == "verify" or step.endswith(".ready"):
            asked = request.env.get("HAUI_NODES", "").split()
            names = frozenset(pair.partition("=")[0] for pair in asked)
            return self.cluster.verification(about, self.name, now, names)
        return evidence(step, about.title, self.name, self._version, True)

    def _placed(self, request: Envelope) -> tuple[Row, ...]:
        rows: list[Row] = []
        for line in request.inputs.get(MANIFEST, b"").decode().splitlines():
            sha, mode, path, family = line.split("\t")
            if family not in ("", FAMILY):
                continue
            seen = self.state.files.get(path)
            if seen == [sha, mode]:
                rows.append(("ok", path, "as rendered", "as rendered"))
            else:
                rows.append(("differs", path, "as rendered", "other content" if seen else "absent"))
        return tuple(rows)

    def _errand(self, request: Envelope, part: str, step: str, now: float) -> Answer:
        delay = self.tempo.take(0.2)
        if part == "gate":
            return Answer(stdout=table(self._gate(request, step, now)), delay=delay)
        if part == "supply":
            pairs = self.cluster.supplied(step, self.name, now)
            lines = "".join(f"{name}={value}\n" for name, value in pairs.items())
            return Answer(stdout=lines.encode(), delay=delay)
        script = request.env.get("HAUI_SCRIPT")
        if script == ROOT_SCRIPT:
            return Answer(stdout=b"0\n")
        if script == READ_SCRIPT:
            return self._read(request.env["HAUI_PATH"], int(request.env["HAUI_LIMIT"]), now)
        return Answer(delay=delay)

    def _gate(self, request: Envelope, step: str, now: float) -> tuple[Row, ...]:
        """A gate of a join looks at etcd, that of another step at what the step itself reads."""
        if JOINS.search(step):
            return self.cluster.gate(now)
        return self._reading(request, step, now)

    def _read(self, path: str, limit: int, now: float) -> Answer:
        if not path.endswith("/admin.conf") or not self.joined(now):
            return Answer(stderr=f"{path}: no such file\n".encode(), status=READ_ABSENT)
        content = self.cluster.kubeconfig()
        if len(content) > limit:
            return Answer(stderr=f"{path}: too large\n".encode(), status=READ_TOO_LARGE)
        return Answer(stdout=content)

    # ---- tasks ---------------------------------------------------------------------------------

    def _task(self, request: Envelope, now: float) -> Answer | Follow:
        env = request.env
        verb, run = env["HAUI_VERB"], env["HAUI_RUN"]
        if verb == "states":
            rows = [
                task.row(now, self.state.boot) for task in self.state.attempts if task.run == run
            ]
            return Answer(stdout="".join(rows).encode())
        step, attempt = env["HAUI_STEP"], int(env["HAUI_ATTEMPT"])
        task = self.state.find(run, step, attempt)
        if verb == "start":
            return self._start(request, task, (run, step, attempt), now)
        if task is None:
            absent = Attempt.absent(run, step, attempt)
            if verb == "follow":
                return Answer(stdout=absent.mark(env["HAUI_MARK"], now, self.state.boot))
            return Answer(stdout=absent.line(now, self.state.boot))
        if verb == "follow":
            return Follow(attempt=task, offset=int(env["HAUI_OFFSET"]), mark=env["HAUI_MARK"])
        if task.status(now, self.state.boot) == "running":
            task.cancel(now, CANCELLED_RC)
            self.changed = True
        return Answer(stdout=task.line(now, self.state.boot))

    def _start(
        self, request: Envelope, task: Attempt | None, key: tuple[str, str, int], now: float
    ) -> Answer:
        run, step, attempt = key
        if task is None:
            if dropped := self._strike(step, now, read_only=False):
                return dropped
            if undoes(step):
                self.state.files.clear()
            self._place(request)
            task = self._begin_task(run, step, attempt, now)
            self.state.attempts.append(task)
            self.changed = True
        return Answer(stdout=task.line(now, self.state.boot))

    def _begin_task(self, run: str, step: str, attempt: int, now: float) -> Attempt:
        rng = dice(self.cluster.seed, self.name, step, attempt)
        duration = self.tempo.take(seconds_of(step, rng) * (SLOW if self._has(step, "slow") else 1))
        fails = self._fails(step, step)
        lines = narrate(step, self.name, self._version, rng)
        if self.cluster.step(step).always:
            rows = self.cluster.verification(self.cluster.step(step), self.name, now + duration)
            lines += tuple(table(rows).decode().splitlines())
        if fails:
            lines = (*lines[: len(lines) * 2 // 3], *failure(step))
        reboots = self._once(step, "reboot", f"reboot.{step}")
        return record(
            lines,
            run=run,
            step=step,
            attempt=attempt,
            started=now,
            duration=duration,
            rc=1 if fails else 0,
            boot=self.state.boot,
            drops=self._once(step, "drop-connection", f"drop.{step}"),
            reboots_at=now + duration / 2 if reboots else None,
            noisy=self._has(step, "noisy"),
            seed=rng.getrandbits(32),
        )

    def _place(self, request: Envelope) -> None:
        for line in request.inputs.get("manifest", b"").decode().splitlines():
            index, mode, path, family = line.split("\t")
            if family not in ("", FAMILY):
                continue
            content = request.inputs[f"files/{index}"]
            self.state.files[path] = [hashlib.sha256(content).hexdigest(), mode.lstrip("0") or "0"]

    # ---- faults --------------------------------------------------------------------------------

    def _has(self, step: str, kind: FaultKind) -> bool:
        return any(fault.kind == kind and fault.hits(self.name, step) for fault in self.faults)

    def _once(self, step: str, kind: FaultKind, key: str) -> bool:
        """Whether the fault is asked for and has not happened yet; it counts as happened then."""
        if not self._has(step, kind) or key in self.state.fired:
            return False
        self.state.fired.add(key)
        self.changed = True
        return True

    def _fails(self, step: str, key: str) -> bool:
        return self._has(step, "fail") or self._once(step, "fail-once", f"fail.{key}")

    def _strike(self, step: str, now: float, *, read_only: bool) -> Answer | None:
        """Faults that take the connection away at once; None when there is none."""
        for kind in ("unreachable", "wrong-host-key"):
            if self._has(step, kind) and kind not in self.state.since:
                self.state.since.add(kind)
                return Answer(drop=True)
        if read_only and self._once(step, "drop-connection", f"drop.{step}"):
            return Answer(drop=True)
        if read_only and self._once(step, "reboot", f"reboot.{step}"):
            self._reboot(now)
            return Answer(drop=True)
        return None

    def _reboot(self, when: float) -> None:
        self.state.down_until = when + self.tempo.take(DOWN_S)
        for task in self.state.attempts:
            if task.status(when, self.state.boot) == "running":
                task.interrupt(when)
        self.state.boot += 1
        self.changed = True

    @property
    def _version(self) -> str:
        return self.cluster.spec.kubernetes.version

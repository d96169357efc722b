"""The model of a simulated host: pure functions of requests, faults and time."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.clock import Tempo
from haui.rehearsal.cluster import SimulatedCluster, SimulatedStep
from haui.rehearsal.faults import Fault
from haui.rehearsal.host import SimulatedHost
from haui.rehearsal.task import Attempt, HostState, record
from haui.rehearsal.text import SECONDS, by_prefix, dice, narrate, seconds_of
from haui.spec import ClusterSpec
from haui.step import parse_findings
from haui.transport.wire import TASK_SCRIPT, Envelope, parse_states

T0 = 5_000.0
SPEC = ClusterSpec.model_validate(
    {
        "name": "atlas",
        "endpoint": {
            "kind": "keepalived-haproxy",
            "name": "api.lan",
            "vip": "10.0.0.9",
            "port": 8443,
        },
        "hosts": [
            {"name": "cp1", "address": "10.0.0.1", "roles": ["control-plane"]},
            {"name": "cp2", "address": "10.0.0.2", "roles": ["control-plane"]},
            {"name": "cp3", "address": "10.0.0.3", "roles": ["control-plane"]},
            {"name": "wk1", "address": "10.0.0.11", "roles": ["worker"]},
        ],
    }
)


def fleet(*faults: str, speed: float = 1, seed: int = 0) -> dict[str, SimulatedHost]:
    cluster = SimulatedCluster(SPEC, (), seed)
    for host in SPEC.hosts:
        cluster.members[host.name] = SimulatedHost(
            name=host.name,
            cluster=cluster,
            tempo=Tempo(speed=speed),
            faults=tuple(Fault.parse(text) for text in faults),
        )
    return {name: host for name, host in cluster.members.items() if isinstance(host, SimulatedHost)}


def task(verb: str, step: str = "", attempt: int = 1, **more: str) -> Envelope:
    env = {"HAUI_SCRIPT": TASK_SCRIPT, "HAUI_VERB": verb, "HAUI_RUN": "r"}
    if step:
        env |= {"HAUI_STEP": step, "HAUI_ATTEMPT": str(attempt)}
    return Envelope(script=b":", env=env | more, inputs={})


def ask(host: SimulatedHost, request: Envelope, now: float) -> str:
    answer = host.answer(request, now)
    assert isinstance(answer, Answer)
    return answer.stdout.decode()


def status(host: SimulatedHost, now: float) -> list[tuple[str, int | None]]:
    host.tick(now)
    states = parse_states("r", ask(host, task("states"), now))
    return [(state.status, state.rc) for state in states]


def test_a_task_runs_for_its_time_and_is_done_then() -> None:
    host = fleet()["cp1"]
    ask(host, task("start", "control_plane.init"), T0)
    assert status(host, T0 + 20) == [("running", None)]
    assert not host.done("control_plane.init", T0 + 20)
    assert status(host, T0 + 50) == [("done", 0)]
    assert host.done("control_plane.init", T0 + 50)
    assert host.joined(T0 + 50)


def test_speed_divides_the_time_and_zero_takes_none() -> None:
    took = []
    for speed in (1, 10, 0):
        host = fleet(speed=speed)["cp1"]
        ask(host, task("start", "workers.join"), T0)
        took.append(host.state.attempts[0].duration)
    assert took[1] == pytest.approx(took[0] / 10)
    assert took[2] == 0


def test_the_same_seed_gives_the_same_run_and_another_one_does_not() -> None:
    def one(seed: int) -> list[tuple[float, str]]:
        host = fleet(seed=seed)["cp1"]
        ask(host, task("start", "control_plane.init"), T0)
        return host.state.attempts[0].lines

    assert one(3) == one(3)
    assert one(3) != one(4)


def test_a_failed_attempt_leaves_the_step_undone_and_a_later_one_does_it() -> None:
    host = fleet("cp1:runtime.containerd:fail-once")["cp1"]
    ask(host, task("start", "runtime.containerd"), T0)
    assert status(host, T0 + 60) == [("done", 1)]
    assert not host.done("runtime.containerd", T0 + 60)
    ask(host, task("start", "runtime.containerd", 2), T0 + 60)
    assert host.done("runtime.containerd", T0 + 120)


def test_a_reboot_interrupts_what_runs_and_leaves_what_is_done() -> None:
    host = fleet("cp1:control_plane.init:reboot")["cp1"]
    ask(host, task("start", "runtime.containerd"), T0)
    ask(host, task("start", "system.swap"), T0 + 99)
    ask(host, task("start", "control_plane.init"), T0 + 100)
    assert not host.tick(T0 + 105)
    assert host.tick(T0 + 130)
    assert not host.tick(T0 + 130)
    assert status(host, T0 + 130) == [("done", 0), ("done", 0), ("rebooted", None)]
    assert not host.joined(T0 + 999)


def test_a_host_is_down_for_a_while_after_a_reboot() -> None:
    host = fleet("cp1:control_plane.init:reboot")["cp1"]
    ask(host, task("start", "control_plane.init"), T0)
    when = host.state.attempts[0].reboots_at
    assert when is not None
    assert T0 < when < host.state.attempts[0].ends
    host.tick(when)
    assert host.is_down(when + 1)
    assert not host.is_down(when + 10)


def test_a_gate_needs_a_voter_and_nobody_on_the_way() -> None:
    hosts = fleet()
    gate = Envelope(
        script=b":", env={"HAUI_STEP": "control_plane.join", "HAUI_PART": "gate"}, inputs={}
    )

    def verdicts(now: float) -> list[str]:
        return [finding.verdict for finding in parse_findings(ask(hosts["cp1"], gate, now))]

    assert verdicts(T0) == ["differs"]
    ask(hosts["cp1"], task("start", "control_plane.init"), T0)
    assert verdicts(T0 + 1) == ["differs", "differs"]
    assert verdicts(T0 + 60) == ["ok"]
    ask(hosts["cp2"], task("start", "control_plane.join"), T0 + 60)
    assert verdicts(T0 + 61) == ["ok", "differs"]
    ask(hosts["wk1"], task("start", "workers.join"), T0 + 120)
    assert verdicts(T0 + 121) == ["ok"]


def test_pod_networks_are_those_of_the_nodes_that_are_there() -> None:
    hosts = fleet(speed=0)
    supply = Envelope(
        script=b":", env={"HAUI_STEP": "network.bridge", "HAUI_PART": "supply"}, inputs={}
    )

    assert ask(hosts["cp1"], supply, T0) == "nodes=\n"
    ask(hosts["cp1"], task("start", "control_plane.init"), T0)
    ask(hosts["wk1"], task("start", "workers.join"), T0)
    assert ask(hosts["cp1"], supply, T0) == (
        "nodes=cp1=10.0.0.1=10.244.0.0/24;wk1=10.0.0.11=10.244.3.0/24\n"
    )


def test_a_supply_gives_what_the_step_needs_and_no_more() -> None:
    hosts = fleet()
    given = {}
    for step in ("control_plane.join", "workers.join"):
        request = Envelope(script=b":", env={"HAUI_STEP": step, "HAUI_PART": "supply"}, inputs={})
        lines = ask(hosts["cp2"], request, T0).splitlines()
        given[step] = dict(line.split("=", 1) for line in lines)
    assert given["workers.join"].keys() == {"token", "ca_hash", "via"}
    assert given["workers.join"]["via"] == "cp2"
    assert given["control_plane.join"].keys() == {
        *given["workers.join"], "certificate_key", "admin_conf",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("verify.nodes", ["node cp1", "node wk1"]),
        ("verify.etcd", ["etcd of cp1", "etcd of cp3"]),
        ("verify.endpoint", ["API at api.lan:8443 from cp1"]),
        ("verify.workload", ["nodes with a pod", "Service from", "Service by name"]),
        ("verify.cluster", ["node cp1", "etcd of cp3", "scheduler of cp1", "by name"]),
    ],
)
def test_verification_rows(step: str, words: list[str]) -> None:
    hosts = fleet(speed=0)
    request = Envelope(script=b":", env={"HAUI_STEP": step, "HAUI_PART": "probe"}, inputs={})
    before = parse_findings(ask(hosts["cp1"], request, T0))
    ask(hosts["cp1"], task("start", "control_plane.init"), T0)
    for name in ("cp2", "cp3", "wk1"):
        ask(hosts[name], task("start", "x.join"), T0)
    after = parse_findings(ask(hosts["cp1"], request, T0))
    assert {row.verdict for row in before} == {"differs"}
    assert {row.verdict for row in after} == {"ok"}
    for word in words:
        assert any(word in row.what for row in after), word


def test_an_announced_step_counts_as_what_it_was_announced() -> None:
    step = SimulatedStep(id="system.time", phase="system", read_only=True)
    host = SimulatedHost(name="cp1", cluster=SimulatedCluster(SPEC, (step,)))
    request = Envelope(
        script=b":", env={"HAUI_STEP": "system.time", "HAUI_PART": "probe"}, inputs={}
    )
    assert {f.verdict for f in parse_findings(ask(host, request, T0))} == {"ok"}


def test_follow_is_handed_to_whoever_can_wait() -> None:
    host = fleet()["cp1"]
    ask(host, task("start", "system.swap"), T0)
    answer = host.answer(task("follow", "system.swap", HAUI_OFFSET="12", HAUI_MARK="m"), T0)
    assert isinstance(answer, Follow)
    assert (answer.offset, answer.mark) == (12, "m")


@given(st.lists(st.floats(min_value=0, max_value=60), min_size=2, max_size=6), st.booleans())
def test_output_only_ever_grows(moments: list[float], noisy: bool) -> None:
    lines = narrate("control_plane.init", "cp1", "1.36.4", dice(1))
    attempt = record(
        lines,
        seed=7,
        run="r",
        step="s",
        attempt=1,
        started=T0,
        duration=40,
        rc=0,
        boot=1,
        noisy=noisy,
    )
    seen = [attempt.output(T0 + moment) for moment in sorted(moments)]
    for earlier, later in itertools.pairwise(seen):
        assert later.startswith(earlier)
    assert attempt.output(T0 + 40).count(b"\n") >= len(lines)


@given(st.floats(min_value=0, max_value=100))
def test_the_next_moment_is_in_the_future_while_it_runs(moment: float) -> None:
    attempt = record(
        ["a", "b"], seed=1, run="r", step="s", attempt=1, started=T0, duration=50, rc=0, boot=1
    )
    now = T0 + moment
    if attempt.status(now, 1) == "running":
        assert attempt.next_at(now) > now


def test_a_host_is_the_same_after_being_saved_and_loaded() -> None:
    host = fleet("*:system.swap:noisy", "cp1:control_plane.init:reboot")["cp1"]
    ask(host, task("start", "system.swap"), T0)
    ask(host, task("start", "control_plane.init"), T0 + 10)
    host.tick(T0 + 40)
    saved: dict[str, Any] = json.loads(json.dumps(host.state.save()))
    loaded = HostState.load(saved)
    assert loaded.save() == host.state.save()
    assert loaded.attempts[0].output(T0 + 1) == host.state.attempts[0].output(T0 + 1)
    assert loaded.attempts[1].status(T0 + 99, loaded.boot) == "rebooted"


def test_an_absent_attempt_has_no_rc_and_no_output() -> None:
    attempt = Attempt.absent("r", "s", 1)
    assert attempt.line(T0, 1) == b"state\tabsent\t\t0\n"


def test_the_longest_prefix_wins() -> None:
    assert by_prefix(SECONDS, "control_plane.init") == SECONDS["control_plane.init"]
    assert by_prefix(SECONDS, "control_plane.other.deep") == SECONDS["control_plane"]
    assert by_prefix(SECONDS, "unheard.of") == SECONDS[""]


def test_durations_stay_within_their_jitter() -> None:
    found = [seconds_of("control_plane.init", dice(seed)) for seed in range(50)]
    assert all(28 <= seconds <= 42 for seconds in found)
    assert len(set(found)) == 50

"""What it costs to learn the facts of many hosts, against other ways to run the same script there.

Each contestant starts from nothing (no connection, no agent) and runs haui's collector of facts on
every host: `haui` with its executor, judging included · bare asyncssh with 25 logins at once ·
`xargs -P50 ssh` · ansible-core's raw module (pipelining, ControlPersist, 50 forks). ansible's setup
module collects facts of its own. Client and hosts share this machine, so that the wall time of many
hosts is mostly theirs; haui's own CPU is what it needs more than bare asyncssh.
Run as `python -m tests.bench.preflight [HOSTS [ROUNDS]]`; `make bench` installs ansible.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh

import steps
from haui.clusterfile.endpoint import Endpoint
from haui.events import AnyEvent
from haui.execution.compose import Composer, Library
from haui.execution.executor import run
from haui.plan import build_plan, subset
from haui.spec import ClusterSpec, HostSpec
from haui.step import Plan
from steps.load import body
from tests.bench.loopback import fleet, hosts_of
from tests.ssh.sshd import Sshd

STEP = "preflight.facts"
LOGINS = 25


@dataclass
class Took:
    """Seconds: on the wall, and of CPU by the client (its children included)."""

    wall: float
    cpu: float


class Bus:
    """Numbers events and forgets them."""

    def __init__(self) -> None:
        self.seen = 0

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        self.seen += 1
        return event


def cluster(count: int) -> ClusterSpec:
    """A cluster of workers and three control planes."""
    hosts = tuple(
        HostSpec(
            name=f"h{n}",
            address=f"10.9.{n // 200}.{n % 200 + 1}",
            roles=("control-plane",) if n < 3 else ("worker",),
        )
        for n in range(count)
    )
    endpoint = Endpoint(kind="keepalived-haproxy", name="api.lan", vip="10.9.9.9", port=8443)
    return ClusterSpec(name="bench", endpoint=endpoint, hosts=hosts)


def only_facts(spec: ClusterSpec) -> Plan:
    """The first look at each host."""
    catalogue = [step for step in steps.CATALOGUE if step.id == STEP]
    return subset(build_plan(spec, catalogue), ("preflight",))


def collector(plan: Plan) -> tuple[str, dict[str, str]]:
    """The text that a host runs, and its parameters."""
    task = plan.tasks[0]
    call = task.step.work(plan.spec, task.host, {}).probe
    assert call is not None
    script = Composer(body, Library.load()).probe(task, call, ())
    return script.text, dict(script.env)


async def ours(sshds: list[Sshd], plan: Plan) -> None:
    pool, hosts = hosts_of(sshds)
    by_name = {host.name: host for host in hosts}
    bus = Bus()
    result = await run(
        plan, run_id="bench", hosts=by_name.__getitem__, bus=bus, load_script=body,
        store=lambda name, content: None, new=True,
    )  # fmt: skip
    assert bus.seen > len(sshds) * 3, "every host must have been judged"
    assert sum(result.counts.values()) == len(sshds)
    await asyncio.gather(*(host.close() for host in hosts))
    await pool.close()


async def bare(sshds: list[Sshd], script: bytes) -> None:
    key = asyncssh.read_private_key(sshds[0].client_key)
    gate = asyncio.Semaphore(LOGINS)

    async def one(sshd: Sshd) -> None:
        async with gate:
            connection = await asyncssh.connect(
                "127.0.0.1", sshd.port, username=sshd.user, client_keys=[key], known_hosts=None,
                config=None, agent_path=None,
            )  # fmt: skip
        async with connection:
            done = await connection.run("/bin/sh", input=script, encoding=None)
            assert isinstance(done.stdout, bytes)
            assert done.stdout.endswith(b"end\tok\n")

    await asyncio.gather(*(one(sshd) for sshd in sshds))


def in_child(work: Callable[[], None]) -> Took:
    """Time and CPU of `work` in a process of its own, so that none profits from the one before."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the parent has to hear of it
            print(f"failed: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert status == 0
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Took(wall, spent)


def by_xargs(folder: Path, sshds: list[Sshd]) -> None:
    lines = "".join(f"{sshd.port}\n" for sshd in sshds)
    first = sshds[0]
    options = (
        f"-F none -i {first.client_key} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
        "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o KexAlgorithms=curve25519-sha256"
    )
    command = f"ssh {options} -p {{}} {first.user}@127.0.0.1 /bin/sh <{folder}/collector.sh"
    subprocess.run(
        ["xargs", "-P50", "-I{}", "sh", "-c", f"{command} >{folder}/{{}}.out"],
        input=lines.encode(), check=True,
    )  # fmt: skip
    for sshd in sshds:
        assert (folder / f"{sshd.port}.out").read_bytes().endswith(b"end\tok\n")


def by_ansible(folder: Path, sshds: list[Sshd], *module: str) -> None:
    binary = Path(sys.executable).with_name("ansible")
    done = subprocess.run(
        [str(binary), "all", "-i", str(folder / "inventory"), "-f", "50", *module],
        env={**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def prepare(folder: Path, sshds: list[Sshd], text: str, env: dict[str, str]) -> bytes:
    """The collector as a file that carries its own parameters, and what ansible needs."""
    head = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in env.items())
    script = f"LC_ALL=C; export LC_ALL\n{head}{text}".encode()
    (folder / "collector.sh").write_bytes(script)
    rows = [
        f"h{n} ansible_host=127.0.0.1 ansible_port={sshd.port} ansible_user={sshd.user}"
        for n, sshd in enumerate(sshds)
    ]
    (folder / "inventory").write_text("\n".join(rows) + "\n")
    (folder / "ansible.cfg").write_text(
        f"""[defaults]
host_key_checking = False
private_key_file = {sshds[0].client_key}
interpreter_python = {shutil.which("python3")}
[ssh_connection]
pipelining = True
ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null \
-o IdentitiesOnly=yes -o KexAlgorithms=curve25519-sha256
control_path_dir = {folder}/cp
"""
    )
    return script


def end_masters(folder: Path) -> None:
    """End ansible's kept connections, so that each round begins with none."""
    for socket in (folder / "cp").glob("*"):
        subprocess.run(
            ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "x"],
            capture_output=True,
            check=False,
        )


def main() -> None:
    given = [int(value) for value in sys.argv[1:]]
    count, rounds = given + [100, 3][len(given) :]
    plan = only_facts(cluster(count))
    has_ansible = Path(sys.executable).with_name("ansible").exists()
    folder = Path(tempfile.mkdtemp(prefix="haui-bench-"))
    try:
        with fleet(count) as sshds:
            script = prepare(folder, sshds, *collector(plan))
            contest: dict[str, Callable[[], None]] = {
                "haui": lambda: asyncio.run(ours(sshds, plan)),
                "bare asyncssh": lambda: asyncio.run(bare(sshds, script)),
                "xargs -P50 ssh": lambda: by_xargs(folder, sshds),
            }
            if has_ansible:
                raw = f"/bin/sh {folder}/collector.sh"
                contest["ansible raw"] = lambda: by_ansible(folder, sshds, "-m", "raw", "-a", raw)
                contest["ansible setup"] = lambda: by_ansible(folder, sshds, "-m", "setup")
            took: dict[str, list[Took]] = {name: [] for name in contest}
            for _ in range(rounds):
                for name, work in contest.items():
                    took[name].append(in_child(work))
                    end_masters(folder)
        print_table(took, count, rounds)
        if not has_ansible:
            print("without ansible: `make bench` installs it")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def print_table(took: dict[str, list[Took]], count: int, rounds: int) -> None:
    wall = {name: statistics.median(t.wall for t in all_) for name, all_ in took.items()}
    cpu = {name: statistics.median(t.cpu for t in all_) for name, all_ in took.items()}
    print(f"facts of {count} hosts, median of {rounds} rounds in turns")
    for name in took:
        print(
            f"{name:15} {wall[name]:6.2f} s wall, haui is {wall['haui'] / wall[name]:4.2f}x of it"
            f" · {cpu[name] / count * 1000:6.1f} ms client CPU a host"
        )
    extra = (cpu["haui"] - cpu["bare asyncssh"]) / count * 1000
    print(f"haui's own CPU above bare asyncssh: {extra:.1f} ms a host (goal: at most 5)")


if __name__ == "__main__":
    main()

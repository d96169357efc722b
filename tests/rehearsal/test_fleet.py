"""The simulated fleet over real SSH: probes, tasks, output, persistence, scale."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import asyncssh
import pytest
import yaml

from haui.errors import UsageError
from haui.evidence import Facts
from haui.rehearsal.fleet import SimulatedFleet
from haui.step import parse_findings
from haui.transport.launch import probe_command
from haui.transport.wire import READ_ABSENT, READ_SCRIPT, READ_TOO_LARGE, Envelope, command
from tests.rehearsal.conftest import (
    MARK,
    SENTINEL,
    ManualClock,
    Rehearsal,
    Starter,
    cluster,
    dial,
    task_env,
)

INIT = "control_plane.init"
JOIN = "control_plane.join"


async def apply(it: Rehearsal, host: str, step: str) -> bytes:
    """Run a step to its end; its output with the mark line."""
    client = await it.dial(host)
    await client.task("start", step)
    return await client.task("follow", step)


def verdicts(output: str) -> list[str]:
    return [finding.verdict for finding in parse_findings(output)]


async def test_a_probe_says_differs_before_the_step_and_ok_after(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        client = await it.dial("cp1")
        before = verdicts(await client.part("runtime.containerd", "probe"))
        output = await apply(it, "cp1", "runtime.containerd")
        after = verdicts(await client.part("runtime.containerd", "probe"))
        elsewhere = verdicts(await (await it.dial("cp2")).part("runtime.containerd", "probe"))
    assert before
    assert set(before) == {"differs"}
    assert after
    assert set(after) == {"ok"}
    assert elsewhere == before
    assert output.splitlines()[-1].decode().split("\t")[:3] == [MARK, "done", "0"]


async def test_a_read_only_step_is_fine_from_the_start(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        client = await it.dial("wk1")
        assert Facts(await client.part("preflight.facts", "probe")).complete


async def test_placed_files_are_evidence_by_their_content(rehearsal: Starter) -> None:
    content = {"manifest": b"0\t0640\t/etc/haui.conf\t\n", "files/0": b"hello\n"}
    sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    async with rehearsal() as it:
        client = await it.dial("cp1")
        env = task_env("start", "runtime.containerd")
        await client.exec(env, {"script": b":", "env": b"", **content})
        await client.task("follow", "runtime.containerd")
        seen = {}
        for name, line in {
            "same": f"{sha}\t640\t/etc/haui.conf\t\n",
            "mode": f"{sha}\t600\t/etc/haui.conf\t\n",
            "content": f"{'0' * 64}\t640\t/etc/haui.conf\t\n",
        }.items():
            found = await client.part(
                "runtime.containerd", "probe", {"manifest.expected": line.encode()}
            )
            seen[name] = parse_findings(found)[-1].verdict
    assert seen == {"same": "ok", "mode": "differs", "content": "differs"}


async def test_verification_shows_what_is_missing_and_then_the_whole_table(
    rehearsal: Starter,
) -> None:
    async with rehearsal() as it:
        client = await it.dial("cp1")
        await apply(it, "cp1", INIT)
        half = parse_findings(await client.part("verify.nodes", "probe"))
        for host in ("cp2", "cp3"):
            await apply(it, host, JOIN)
        for host in ("wk1", "wk2"):
            await apply(it, host, "workers.join")
        full = parse_findings(await client.part("verify.nodes", "probe"))
        workload = (await apply(it, "cp1", "verify.workload")).decode()
    assert [row.verdict for row in half] == ["ok", "differs", "differs", "differs", "differs"]
    assert [row.verdict for row in full] == ["ok"] * 5
    assert full[-1].what == "node wk2"
    assert full[-1].seen.startswith("Ready v")
    assert set(verdicts(workload)) == {"ok"}
    assert any("pod on wk1 to pod on wk2" in line for line in workload.splitlines())


async def test_a_gate_is_closed_while_a_control_plane_joins(
    rehearsal: Starter, clock: ManualClock
) -> None:
    async with rehearsal(speed=1, clock=clock) as it:
        first, second = await it.dial("cp1"), await it.dial("cp2")

        async def gate() -> list[str]:
            asking = asyncio.ensure_future(first.part(JOIN, "gate"))
            while not asking.done():
                clock.advance(0.05)
                await asyncio.sleep(0)
            return verdicts(await asking)

        nobody = await gate()
        await first.task("start", INIT)
        clock.advance(100)
        ready = await gate()
        await second.task("start", JOIN)
        joining = await gate()
        clock.advance(100)
        settled = await gate()
    assert nobody == ["differs"]
    assert ready == ["ok"]
    assert joining == ["ok", "differs"]
    assert settled == ["ok"]


async def test_supplies_are_well_formed_and_the_same_after_a_restart(rehearsal: Starter) -> None:
    seen = []
    for _ in range(2):
        async with rehearsal(seed=4) as it:
            output = await (await it.dial("cp1")).part(JOIN, "supply")
            seen.append(dict(line.split("=", 1) for line in output.splitlines()))
    assert seen[0] == seen[1]
    assert len(seen[0]["certificate_key"]) == 64
    assert seen[0]["ca_hash"].startswith("sha256:")
    assert [len(part) for part in seen[0]["token"].split(".")] == [6, 16]


async def test_two_starts_at_once_begin_one_attempt(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        clients = [await it.dial("cp1"), await it.dial("cp1")]
        await asyncio.gather(*(client.task("start", INIT) for client in clients))
        states = (await clients[0].task("states")).decode().splitlines()
    assert [row.split("\t")[1:5] for row in states] == [[INIT, "1", "done", "0"]]


async def test_output_is_byte_exact_from_every_offset(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        whole = await apply(it, "cp1", INIT)
        body, _, end = whole.rpartition(b"\n" + MARK.encode())
        client = await it.dial("cp1")
        for offset in (1, 7, len(body) // 2, len(body) - 1, len(body)):
            rest = await client.task("follow", INIT, HAUI_OFFSET=str(offset))
            assert rest == whole[offset:]
    assert end.strip().decode() == f"done\t0\t{len(body)}"
    assert b"[kubelet-start]" in body


async def test_output_streams_while_the_task_runs_and_goes_on_without_a_reader(
    rehearsal: Starter, clock: ManualClock
) -> None:
    async with rehearsal(speed=1, clock=clock) as it:
        client = await it.dial("cp1")
        assert (await client.task("start", INIT)).split(b"\t")[1] == b"running"
        process = await client.open(Envelope(script=b":", env=task_env("follow", INIT), inputs={}))
        reading = asyncio.ensure_future(process.stdout.readline())
        while not reading.done():
            clock.advance(0.5)
            await asyncio.sleep(0)
        first = await reading
        client.connection.abort()
        clock.advance(60)
        whole = await (await it.dial("cp1")).task("follow", INIT)
    assert first == b"[init] Kubernetes version v1.36.4\n"
    assert whole.startswith(first)
    assert whole.splitlines()[-1].split(b"\t")[:3] == [MARK.encode(), b"done", b"0"]


async def test_cancel_stops_a_running_task_and_the_step_is_not_done(
    rehearsal: Starter, clock: ManualClock
) -> None:
    async with rehearsal(speed=1, clock=clock) as it:
        client = await it.dial("cp1")
        await client.task("start", INIT)
        clock.advance(5)
        cancelled = await client.task("cancel", INIT)
        clock.advance(500)
        assert not it.fleet.hosts["cp1"].done(INIT, clock.now())
        later = await client.task("states")
    assert cancelled.split(b"\t")[1:3] == [b"done", b"143"]
    assert later.split(b"\t")[3:5] == [b"done", b"143"]


async def test_a_task_that_nobody_claimed_is_absent(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        client = await it.dial("cp1")
        assert await client.task("states") == b""
        assert await client.task("cancel", INIT) == b"state\tabsent\t\t0\n"
        assert await client.task("follow", INIT) == f"\n{MARK}\tabsent\t\t0\n".encode()


async def test_admin_conf_exists_after_init_and_says_what_it_is(rehearsal: Starter) -> None:
    env = {
        "HAUI_SCRIPT": READ_SCRIPT,
        "HAUI_PATH": "/etc/kubernetes/admin.conf",
        "HAUI_LIMIT": "100000",
    }
    async with rehearsal() as it:
        client = await it.dial("cp1")
        assert (await client.exec(env))[0] == READ_ABSENT
        await apply(it, "cp1", INIT)
        status, text, _ = await client.exec(env)
        assert (await client.exec({**env, "HAUI_LIMIT": "10"}))[0] == READ_TOO_LARGE
    config = yaml.safe_load(text)
    assert status == 0
    assert config["clusters"][0]["cluster"]["server"] == "https://api.atlas.lan:8443"
    assert b"rehearsal" in text.splitlines()[0]


async def test_a_killed_fleet_goes_on_where_the_clock_says(
    rehearsal: Starter, clock: ManualClock
) -> None:
    async with rehearsal(speed=1, clock=clock) as it:
        keys = {host.name: host.fingerprint for host in it.spec.hosts}
        client = await it.dial("cp1")
        await client.task("start", "runtime.containerd")
        clock.advance(100)
        await client.task("start", INIT)
        clock.advance(5)
        early = it.fleet.hosts["cp1"].state.attempts[-1].output(clock.now())
    async with rehearsal(speed=1, clock=clock) as it:
        assert {host.name: host.fingerprint for host in it.spec.hosts} == keys
        client = await it.dial("cp1")
        rows = (await client.task("states")).decode().splitlines()
        clock.advance(100)
        whole = await client.task("follow", INIT)
    assert [row.split("\t")[3] for row in rows] == ["done", "running"]
    assert whole.startswith(early)
    assert whole.splitlines()[-1].split(b"\t")[1:3] == [b"done", b"0"]


async def test_a_broken_state_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "hosts" / "cp1"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text('{"boot": 1')
    fleet = SimulatedFleet(cluster(1, 0), state_dir=tmp_path)
    with pytest.raises(UsageError, match="can't be read") as caught:
        await fleet.start()
    await fleet.stop()
    assert "--fresh" in caught.value.fix


async def test_only_the_fleets_own_client_key_is_let_in(rehearsal: Starter, tmp_path: Path) -> None:
    async with rehearsal() as it:
        assert _mode(it.spec.ssh.key) == 0o600
        other = asyncssh.generate_private_key("ssh-ed25519")
        other.write_private_key(tmp_path / "other")
        ssh = it.spec.ssh.model_copy(update={"key": str(tmp_path / "other")})
        with pytest.raises(asyncssh.PermissionDenied):
            await dial(it.spec.model_copy(update={"ssh": ssh}), "cp1")
        assert all(host.ssh.address == "127.0.0.1" for host in it.spec.hosts)


async def test_sudo_asks_for_its_password_and_refuses_a_wrong_one(rehearsal: Starter) -> None:
    async with rehearsal(sudo_password="open-sesame") as it:
        connection = (await it.dial("cp1")).connection
        right = await connection.create_process(_behind_sudo("-S -p ask-me"), encoding=None)
        assert await right.stderr.readexactly(6) == b"ask-me"
        right.stdin.write(b"open-sesame\n")
        assert await right.stdout.readline() == SENTINEL.encode() + b"\n"
        env = {"HAUI_STEP": "preflight.facts", "HAUI_PART": "probe"}
        right.stdin.write(Envelope(script=b":", env=env, inputs={}).encode())
        done = await right.wait()

        wrong = await connection.create_process(_behind_sudo("-S -p ask-me"), encoding=None)
        wrong.stdin.write(b"guess\n")
        said = await wrong.stderr.readuntil(b"again.\nask-me")
        wrong.stdin.write_eof()
        refused = await wrong.wait()
        silent = await connection.run(_behind_sudo("-n"))
    assert it.spec.ssh.user == "ops"
    assert it.spec.ssh.sudo == "password"
    assert (done.exit_status, bytes(done.stdout or b"")[-7:]) == (0, b"end\tok\n")
    assert said.startswith(b"ask-me")
    assert (refused.exit_status, refused.stdout) == (1, b"")
    assert (silent.exit_status, silent.stderr) == (1, "sudo: a password is required\n")


@pytest.mark.parametrize(
    ("password", "uid", "status"), [(None, "0", 0), ("open-sesame", "1000", 1)]
)
async def test_the_login_says_who_it_is(
    rehearsal: Starter, password: str | None, uid: str, status: int
) -> None:
    async with rehearsal(sudo_password=password) as it:
        client = await it.dial("cp1")
        done = await client.connection.run(probe_command(SENTINEL))
    assert (done.stdout, done.exit_status) == (f"{SENTINEL}\n{uid}\n", status)


async def test_foreign_commands_are_refused(rehearsal: Starter) -> None:
    async with rehearsal() as it:
        client = await it.dial("cp1")
        for command in ("rm -rf /", "it's not closed", "/bin/sh -c id haui x"):
            assert (await client.connection.run(command)).exit_status == 1


async def test_a_hundred_hosts_start_and_answer(rehearsal: Starter) -> None:
    async with rehearsal(cluster(3, 97)) as it:
        names = [host.name for host in it.spec.hosts]
        limit = asyncio.Semaphore(10)

        async def visit(name: str) -> list[str]:
            async with limit:
                client = await it.dial(name)
                await client.task("start", "runtime.containerd")
                return verdicts(await client.part("runtime.containerd", "probe"))

        seen = await asyncio.gather(*(visit(name) for name in names))
        assert len({host.fingerprint for host in it.spec.hosts}) == 100
    assert len(seen) == 100
    assert all(set(found) == {"ok"} for found in seen)


def _mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def _behind_sudo(options: str) -> str:
    return command(SENTINEL, timeout_s=60, become=f"sudo {options} --")

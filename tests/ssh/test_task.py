"""Tasks that outlive the connection, on a real sshd (without systemd: the setsid way)."""

# ruff: noqa: ASYNC240

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path
from platform import freedesktop_os_release
from typing import Any

import pytest

from haui.errors import StepError
from haui.host import File, Script, TaskId, TaskRequest
from haui.transport.remote import RemoteHost
from haui.transport.text import LineReader
from tests.ssh.conftest import Bench
from tests.ssh.lines import Lines
from tests.ssh.sshd import Sshd

RUN = "r1"


def request(
    step: str, text: str, *, run: str = RUN, attempt: int = 1, limit: int = 60, **parts: Any
) -> TaskRequest:
    files = parts.pop("files", ())
    script = Script(name=f"{step}.apply", text=text, **parts)
    task = TaskId(run=run, step=step, attempt=attempt)
    return TaskRequest(id=task, script=script, files=files, timeout_s=limit)


@pytest.fixture
def host(bench: Bench, shared_sshd: Sshd) -> RemoteHost:
    return bench.host(bench.target(shared_sshd))


@pytest.fixture
def run_id(request: pytest.FixtureRequest) -> str:
    name: str = request.node.name
    return name[:40]


async def finish(host: RemoteHost, task: TaskRequest) -> tuple[int | None, list[str]]:
    lines = Lines()
    await host.start(task)
    state = await host.follow(task.id, on_lines=lines)
    assert state.status == "done"
    return state.rc, lines.all


async def test_runs_to_its_end(host: RemoteHost, run_id: str) -> None:
    text = 'echo "$WORD"; echo err >&2; cat "$HAUI_INPUTS/token"; echo "$HOME $LC_ALL"; exit 3'
    parts: dict[str, Any] = {"env": {"WORD": "a=b 'c'"}, "inputs": {"token": b"hidden-token-1"}}
    rc, lines = await finish(host, request("s", text, run=run_id, **parts))
    assert rc == 3
    assert lines == ["a=b 'c'", "err", "••••/root C.UTF-8"]


async def test_secret_inputs_leave_nothing_behind(
    host: RemoteHost, run_id: str, shared_sshd: Sshd
) -> None:
    task = request(
        "s", "cat $HAUI_INPUTS/token >/dev/null", run=run_id, inputs={"token": b"canary-77"}
    )
    await finish(host, task)
    found = [
        path
        for root in (shared_sshd.state_root, shared_sshd.run_root)
        for path in root.rglob("*")
        if path.is_file() and b"canary-77" in path.read_bytes()
    ]
    assert found == []
    assert list(shared_sshd.run_root.iterdir()) == []


async def test_places_files_and_keeps_what_was_there(
    host: RemoteHost, run_id: str, shared_sshd: Sshd, tmp_path: Path
) -> None:
    same, other, new = tmp_path / "same", tmp_path / "other", tmp_path / "deep/er/new"
    same.write_text("same")
    same.chmod(0o600)
    other.write_text("before")
    files = (
        File(path=str(same), content=b"same", mode=0o600),
        File(path=str(other), content=b"after", mode=0o640),
        File(path=str(new), content=b"\x00\xffnew", mode=0o755),
    )
    rc, lines = await finish(host, request("s", 'cat "$HAUI_CHANGED"', run=run_id, files=files))
    assert (rc, lines) == (0, [str(other), str(new)])
    assert (other.read_text(), new.read_bytes()) == ("after", b"\x00\xffnew")
    assert stat.S_IMODE(other.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o755
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "other", "same"]
    before = shared_sshd.state_root / "before"
    assert (before / f"kept{other}").read_text() == "before"
    assert (before / f"absent{new}").exists()
    changes = (shared_sshd.state_root / "changes").read_text()
    assert f"{run_id}/s.1\t{other}\n" in changes
    again = (File(path=str(other), content=b"third", mode=0o640),)
    await finish(host, request("s", ":", run=run_id, attempt=2, files=again))
    assert other.read_text() == "third"
    assert (before / f"kept{other}").read_text() == "before"


async def test_a_file_for_another_family_of_operating_systems_is_not_placed(
    host: RemoteHost, run_id: str, tmp_path: Path
) -> None:
    here = freedesktop_os_release()
    debian = {"debian", "ubuntu"} & {here["ID"], *here.get("ID_LIKE", "").split()}
    files = tuple(
        File(path=str(tmp_path / family), content=b"x", family=family)
        for family in ("debian", "redhat")
    )
    rc, lines = await finish(host, request("s", 'cat "$HAUI_CHANGED"', run=run_id, files=files))
    ours = "debian" if debian else "redhat"
    assert (rc, lines) == (0, [str(tmp_path / ours)])
    assert [path.name for path in tmp_path.iterdir()] == [ours]


async def test_a_file_that_cannot_be_placed_stops_the_script(
    host: RemoteHost, run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    files = (File(path=str(tmp_path / "taken"), content=b"x"),)
    rc, lines = await finish(host, request("s", "echo ran", run=run_id, files=files))
    assert rc == 125
    assert "ran" not in lines
    assert lines[-1] == f"haui: cannot place {tmp_path}/taken"


async def test_the_same_id_runs_once(
    bench: Bench, shared_sshd: Sshd, run_id: str, tmp_path: Path
) -> None:
    hosts = [bench.host(bench.target(shared_sshd)) for _ in range(4)]
    task = request("s", f"echo x >>{tmp_path}/count; sleep 0.2", run=run_id)
    states = await asyncio.gather(*(host.start(task) for host in hosts for _ in range(3)))
    assert {state.status for state in states} <= {"running", "done"}
    await hosts[0].follow(task.id, on_lines=Lines())
    assert (await hosts[1].start(task)).rc == 0
    assert (tmp_path / "count").read_text() == "x\n"


async def test_reattaches_byte_by_byte_after_three_drops(
    bench: Bench, shared_sshd: Sshd, run_id: str, tmp_path: Path
) -> None:
    host = bench.host(bench.target(shared_sshd), rng=lambda: 0.1)
    text = (
        f"echo x >>{tmp_path}/count; n=0\n"
        "while [ $n -lt 1500 ]; do n=$((n+1)); printf 'ünïcode %s\\n' $n\n"
        f"if [ $((n % 400)) -eq 0 ]; then echo pause-$n; until [ -e {tmp_path}/go-$n ]; "
        "do sleep 0.02; done; fi; done; exit 5"
    )
    task = request("s", text, run=run_id)
    lines = Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    for stop in (400, 800, 1200):
        await lines.until(f"pause-{stop}")
        os.kill(await _session_of(host), signal.SIGKILL)
        (tmp_path / f"go-{stop}").touch()
    state = await asyncio.wait_for(following, 30)
    assert (state.status, state.rc) == ("done", 5)
    out = (shared_sshd.state_root / run_id / "s.1" / "out").read_bytes()
    reader = LineReader()
    assert lines.all == [*reader.feed(out), *reader.end()]
    assert state.output_bytes == len(out)
    assert (tmp_path / "count").read_text() == "x\n"
    kinds = [kind for kind, *_ in bench.events]
    assert kinds == ["lost", "connected"] * 3


async def _session_of(host: RemoteHost) -> int:
    """The pid of the sshd process that serves this host's connection."""
    text = (
        'pid=$$; while [ "$pid" -gt 1 ]; do '
        'if grep -qz "^sshd[^:]*: .*@notty" "/proc/$pid/cmdline"; then echo "$pid"; exit; fi; '
        'read -r _ _ _ pid _ <"/proc/$pid/stat"; done'
    )
    done = await host.run(Script(name="session", text=text))
    return int(done.stdout)


async def test_states_of_all_attempts(host: RemoteHost, run_id: str, tmp_path: Path) -> None:
    assert await host.tasks(run_id) == ()
    await finish(host, request("a.b", "exit 1", run=run_id))
    await finish(host, request("a.b", "printf 12345", run=run_id, attempt=2))
    waiting = request("w", f"until [ -e {tmp_path}/go ]; do sleep 0.05; done", run=run_id)
    await host.start(waiting)
    states = {(s.id.step, s.id.attempt): s for s in await host.tasks(run_id)}
    assert {key: (s.status, s.rc, s.output_bytes) for key, s in states.items()} == {
        ("a.b", 1): ("done", 1, 0),
        ("a.b", 2): ("done", 0, 5),
        ("w", 1): ("running", None, 0),
    }
    (tmp_path / "go").touch()
    await host.follow(waiting.id, on_lines=Lines())


async def test_cancel_ends_everything(host: RemoteHost, run_id: str, tmp_path: Path) -> None:
    text = f"sleep 300 & echo $! >{tmp_path}/pid; echo up; sleep 300"
    task = request("s", text, run=run_id)
    lines = Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    state = await host.cancel(task.id)
    assert (state.status, state.rc) == ("done", 130)
    assert (await following).rc == 130
    pid = int((tmp_path / "pid").read_text())
    gone = not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()
    assert gone
    assert (await host.cancel(task.id)).rc == 130


async def test_cancel_of_what_never_began(host: RemoteHost, run_id: str) -> None:
    task = TaskId(run=run_id, step="s", attempt=1)
    assert (await host.cancel(task)).status == "absent"
    assert (await host.follow(task, on_lines=Lines())).status == "absent"


async def test_time_limit(host: RemoteHost, run_id: str) -> None:
    rc, lines = await finish(host, request("s", "echo on; sleep 300", run=run_id, limit=1))
    assert rc == 124
    assert lines == ["on", "haui: stopped after 1 s, the time limit of this step"]


@pytest.mark.thorough
async def test_output_without_an_end_is_not_kept_without_an_end(
    host: RemoteHost, run_id: str, shared_sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild = "yes 0123456789 | head -c 80000000"
    text = f"for i in $(seq 3000); do echo $i; done; {wild}; echo last; exit 3"
    monkeypatch.setattr("haui.transport.remote.OUTPUT_LIMIT", 1 << 20)
    rc, lines = await finish(host, request("s", text, run=run_id))
    assert rc == 3
    out = shared_sshd.state_root / run_id / "s.1" / "out"
    assert out.read_bytes().startswith(b"".join(b"%d\n" % i for i in range(1, 3001)))
    assert (64 << 20) < out.stat().st_size < (64 << 20) + 200
    end = out.read_bytes()[-100:].decode().splitlines()[-1]
    assert end == "haui: more than 64 MiB of output; the rest was not kept"
    assert lines[-1].startswith("… more than 1 MiB of output")


async def test_a_process_that_was_left_behind_keeps_nobody_waiting(
    host: RemoteHost, run_id: str
) -> None:
    text = "setsid sleep 300 & echo $!"
    rc, lines = await finish(host, request("s", text, run=run_id))
    assert rc == 0
    os.kill(int(lines[0]), signal.SIGKILL)


@pytest.mark.parametrize(
    "forged", [b"0 0\n", b"-0\n", b"zero\n", b"0\t0\t9\n", b"\n", b"0", b"1" * 99 + b"\n"]
)
async def test_an_exit_status_that_is_none_is_no_result(
    host: RemoteHost, run_id: str, shared_sshd: Sshd, forged: bytes
) -> None:
    run_id = f"forged-{forged[:8].hex()}"
    await finish(host, request("s", "exit 0", run=run_id))
    (shared_sshd.state_root / run_id / "s.1" / "rc").write_bytes(forged)
    (shared_sshd.state_root / run_id / "s.bak").mkdir()
    (state,) = await host.tasks(run_id)
    assert (state.status, state.rc) == ("died", None)


async def test_a_killed_script_has_a_result_and_a_killed_runner_has_not(
    host: RemoteHost, run_id: str, shared_sshd: Sshd
) -> None:
    rc, _ = await finish(host, request("killed", "kill -9 $$", run=run_id))
    assert rc == 137
    task = request("died", "echo up; exec sleep 300", run=run_id)
    lines = Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    claim = shared_sshd.state_root / run_id / "died.1"
    runner = int((claim / "pid").read_text())
    children = Path(f"/proc/{runner}/task/{runner}/children").read_text().split()
    os.kill(runner, signal.SIGKILL)
    state = await following
    assert (state.status, state.rc) == ("died", None)
    for child in children:
        os.kill(int(child), signal.SIGTERM)


async def test_reboot_is_seen(host: RemoteHost, run_id: str, shared_sshd: Sshd) -> None:
    task = request("s", "echo up; exec sleep 300", run=run_id)
    lines = Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    claim = shared_sshd.state_root / run_id / "s.1"
    meta = (claim / "meta").read_text()
    other = "boot_id=00000000-0000-0000-0000-000000000000"
    (claim / "meta").write_text(other + "\n" + meta.split("\n", 1)[1])
    os.kill(int((claim / "pid").read_text()), signal.SIGTERM)  # a shutdown ends units like this
    state = await following
    assert (state.status, state.rc) == ("rebooted", None)
    assert [s.status for s in await host.tasks(run_id)] == ["rebooted"]


async def test_an_aborted_claim_is_taken_over(
    host: RemoteHost, run_id: str, shared_sshd: Sshd
) -> None:
    claim = shared_sshd.state_root / run_id / "s.1"
    claim.mkdir(parents=True)
    (claim / "script").write_text("half")
    assert [state.status for state in await host.tasks(run_id)] == ["absent"]
    rc, lines = await finish(host, request("s", "echo whole", run=run_id))
    assert (rc, lines) == (0, ["whole"])


async def test_a_state_folder_that_cannot_be_written(bench: Bench, start_sshd: Any) -> None:
    sshd = start_sshd()
    sshd.state_root.write_text("a file where a folder should be")
    host = bench.host(bench.target(sshd))
    with pytest.raises(StepError, match="can't keep track") as caught:
        await host.start(request("s", ":"))
    assert "cannot write to" in caught.value.why


async def test_hostile_output(host: RemoteHost, run_id: str) -> None:
    text = (
        "printf '\\377\\033]0;owned\\007\\033[2Jplain\\n'\n"
        "printf '10%%\\r50%%\\r100%%\\n'\n"
        "head -c 5000000 /dev/zero | tr '\\0' x; echo\n"
        "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done\n"
        "echo token abcdef.0123456789abcdef end"
    )
    rc, lines = await finish(host, request("s", text, run=run_id))
    assert rc == 0
    assert lines[:2] == ["\\xffplain", "100%"]
    assert lines[2] == "x" * 4000 + "…"
    assert lines[3:-1] == [f"line {n}" for n in range(1, 20001)]
    assert lines[-1] == "token •••• end"


async def test_follow_from_an_offset(host: RemoteHost, run_id: str) -> None:
    task = request("s", "printf 'one\\ntwo\\nthree'", run=run_id)
    await finish(host, task)
    lines = Lines()
    state = await host.follow(task.id, offset=4, on_lines=lines)
    assert (lines.all, state.output_bytes) == (["two", "three"], 13)

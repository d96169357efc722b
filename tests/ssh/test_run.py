"""Short scripts through a real sshd."""

# ruff: noqa: ASYNC240

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from haui.errors import ConnectionLostError, StepError
from haui.host import Script
from tests.ssh.conftest import Bench, StartSshd
from tests.ssh.sshd import Sshd


def script(text: str, **more: object) -> Script:
    return Script(name="test.script", text=text, **more)  # type: ignore[arg-type]


async def test_status_output_env_and_inputs(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    text = (
        'echo "$GREETING"; cat "$HAUI_INPUTS/secret"; stat -c %a "$HAUI_INPUTS" >&2\n'
        'echo "$HAUI_INPUTS" >&2; exit 7'
    )
    done = await host.run(
        script(text, env={"GREETING": 'it\'s; $(id) "x" !'}, inputs={"secret": b"s3cret\n"})
    )
    assert (done.status, done.stdout) == (7, 'it\'s; $(id) "x" !\ns3cret\n')
    mode, folder = done.stderr.split()
    assert mode == "700"
    assert not Path(folder).exists()


async def test_inputs_are_gone_when_the_script_sets_a_trap(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    done = await host.run(script('trap "echo bye" EXIT; echo "$HAUI_INPUTS"', inputs={"a": b"b"}))
    folder, bye = done.stdout.split()
    assert bye == "bye"
    assert not Path(folder).exists()


async def test_connect_tells_the_fingerprint(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    assert await host.connect() == shared_sshd.fingerprint
    assert await host.connect() == shared_sshd.fingerprint


async def test_noise_of_the_login_shell_is_dropped(
    bench: Bench, start_sshd: StartSshd, base: Path
) -> None:
    wrapper = base / "noisy"
    wrapper.write_text(
        '#!/bin/sh\nprintf "Welcome!\\nno newline"\necho oops >&2\n'
        'exec sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    wrapper.chmod(0o755)
    host = bench.host(bench.target(start_sshd(ForceCommand=str(wrapper))))
    done = await host.run(script("echo out; echo err >&2"))
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.skipif(not shutil.which("bash"), reason="this machine has no bash")
async def test_no_bash_below_a_script_runs_files_of_the_user(
    bench: Bench, start_sshd: StartSshd, base: Path
) -> None:
    noise = base / "noise"
    noise.write_text("echo noise\n")
    sshd = start_sshd({"BASH_ENV": str(noise)})
    (sshd.folder / "home/.bashrc").write_text("echo noise\n")
    host = bench.host(bench.target(sshd))
    text = (
        'echo "$HOME"; bash -c "echo quiet"; bash -c "echo quiet" </dev/null\n'
        'echo "echo quiet" | bash'
    )
    home = str(sshd.folder / "home")
    done = await host.run(script(text, env={"HOME": home}))
    assert done.stdout == f"{home}\n" + 3 * "quiet\n"
    # What is kept away would be there.
    text = 'env -u SHLVL bash -c "echo loud"; BASH_ENV=$FILE bash -c "echo loud"'
    done = await host.run(script(text, env={"HOME": home, "FILE": str(noise)}))
    assert done.stdout == 2 * "noise\nloud\n"


async def test_output_that_is_no_utf8_keeps_the_connection(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    done = await host.run(script(r"printf 'a\377b\033[31mred\033[0m\tc\n'"))
    assert done.stdout == "a\\xffbred\tc\n"
    assert (await host.run(script("echo still here"))).stdout == "still here\n"


async def test_too_much_output_is_an_error(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    with pytest.raises(StepError, match="more than"):
        await host.run(script("head -c 6000000 /dev/zero"))
    assert (await host.run(script("echo ok"))).stdout == "ok\n"


async def test_time_limit_is_kept_by_the_host(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    with pytest.raises(StepError, match="did not end within 1 s"):
        await host.run(script("echo started >&2; sleep 600"), timeout_s=1)
    done = await host.run(script("exit 124"))
    assert done.status == 124


async def test_large_inputs_travel_while_output_comes_back(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    blob = bytes(range(256)) * 12000
    done = await host.run(
        script(
            'yes 0123456789 | head -c 3000000; wc -c <"$HAUI_INPUTS/blob"', inputs={"blob": blob}
        )
    )
    assert done.stdout.endswith(f"{len(blob)}\n")
    assert len(done.stdout) > 3000000


async def test_read(bench: Bench, shared_sshd: Sshd, tmp_path: Path) -> None:
    host = bench.host(bench.target(shared_sshd))
    file = tmp_path / "a file"
    file.write_bytes(b"\x00\xff\r\n" * 10)
    assert await host.read(str(file)) == b"\x00\xff\r\n" * 10
    assert await host.read(str(file), limit=40) == b"\x00\xff\r\n" * 10
    with pytest.raises(StepError, match="larger than 39"):
        await host.read(str(file), limit=39)
    with pytest.raises(StepError, match="no file"):
        await host.read(str(tmp_path / "absent"))


async def test_more_scripts_at_once_than_sessions(bench: Bench, start_sshd: StartSshd) -> None:
    sshd = start_sshd(MaxSessions="2")
    host = bench.host(bench.target(sshd))
    await host.connect()
    done = await asyncio.gather(*(host.run(script(f"echo {n}")) for n in range(12)))
    assert [one.stdout for one in done] == [f"{n}\n" for n in range(12)]


async def test_a_host_that_opens_no_session_lets_nobody_wait(
    bench: Bench, start_sshd: StartSshd
) -> None:
    pool = bench.pool()
    connection = await pool.dial(bench.target(start_sshd(MaxSessions="0")))

    async def refused() -> str:
        with pytest.raises(ConnectionLostError) as caught:
            async with connection.exec("true"):
                pass
        return caught.value.what

    async with asyncio.timeout(20):
        told = await asyncio.gather(*(refused() for _ in range(3)))
    assert told == ["the host opens no session"] * 3
    await connection.close()

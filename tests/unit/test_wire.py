"""The wire format: what is sent is what arrives, through a real shell."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haui.host import TaskId
from haui.transport.wire import (
    BOOT,
    Envelope,
    command,
    env_lines,
    pack,
    parse_state,
    parse_states,
    unpack,
)

TASK = TaskId(run="r", step="s.t", attempt=2)
names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True).map(lambda name: "X" + name)
values = st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8"))
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]


def boot(
    shell: str, envelope: Envelope, run_root: Path, **env: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [shell, "-c", BOOT, "haui", "5e47"],
        input=envelope.encode(),
        capture_output=True,
        check=False,
        timeout=20,
        env={"PATH": os.environ["PATH"], "HAUI_RUN_ROOT": str(run_root), **env},
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_programs_speak_the_language_that_scripts_read(shell: str, tmp_path: Path) -> None:
    envelope = Envelope(script=b'env | grep "^L[AC]" | sort', env={}, inputs={})
    said = boot(shell, envelope, tmp_path, LANGUAGE="de:en", LC_MESSAGES="de_DE.UTF-8").stdout
    assert said == b"5e47\nLANGUAGE=\nLC_ALL=C.UTF-8\nLC_MESSAGES=de_DE.UTF-8\n"


def test_boot_is_safe_in_single_quotes_of_any_login_shell() -> None:
    assert not set("'\n!") & set(BOOT)
    assert shlex.split(command("5e47", timeout_s=7, become="sudo -n --"))[-5:] == [
        "/bin/sh", "-c", BOOT, "haui", "5e47",
    ]  # fmt: skip


def test_command() -> None:
    assert command("5e47", timeout_s=7).startswith("timeout -k 5 7 /bin/sh -c '")
    assert command("5e47", timeout_s=7, become="sudo -n --").startswith("sudo -n -- timeout ")


@given(st.dictionaries(names, values), st.binary(), st.dictionaries(st.just("a/b"), st.binary()))
def test_envelope_round_trip(env: dict[str, str], script: bytes, inputs: dict[str, bytes]) -> None:
    data = Envelope(script=script, env=env, inputs=inputs).encode()
    back = Envelope.decode(data)
    assert back is not None
    assert (back.script, back.inputs) == (script, inputs)
    assert env.items() <= back.env.items()


def test_envelope_is_not_there_before_its_last_byte() -> None:
    data = Envelope(script=b"echo\n\nx", env={"A": "1"}, inputs={"i": b"2"}).encode()
    assert all(Envelope.decode(data[:size]) is None for size in range(len(data)))
    assert Envelope.decode(data + b"more") is not None


@pytest.mark.parametrize(
    "env", [{"A": "two\nlines"}, {"A": "cr\r"}, {"A": "nul\0"}, {"A-B": "x"}, {"": "x"}, {"1": ""}]
)
def test_what_cannot_travel_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        env_lines(env)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary()))
def test_pack_round_trip(blobs: dict[str, bytes]) -> None:
    assert unpack(pack(blobs)) == blobs


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_what_was_sent(shell: str, tmp_path: Path) -> None:
    value = 'it\'s "quoted" $(id) `id` \\n ! ~ * ünï {a,b}'
    script = 'printf "%s|%s|%s|" "$VALUE" "$EMPTY" "$#"; cat "$HAUI_INPUTS/d/blob"; cat; exit 9'
    envelope = Envelope(
        script=script.encode(),
        env={"VALUE": value, "EMPTY": ""},
        inputs={"d/blob": b"\x00\xff\n\n"},
    )
    done = boot(shell, envelope, tmp_path)
    assert done.stdout == b"5e47\n" + f"{value}||0|".encode() + b"\x00\xff\n\n"
    assert (done.returncode, list(tmp_path.iterdir())) == (9, [])


@pytest.mark.parametrize("shell", SHELLS)
def test_inputs_are_removed_whatever_the_script_does(shell: str, tmp_path: Path) -> None:
    for text in (b"kill -9 $$", b"trap : EXIT", b"syntax error ("):
        if text.startswith(b"kill"):
            text = b"sh -c 'kill -9 $PPID'"
        done = boot(shell, Envelope(script=text, env={}, inputs={"i": b"x"}), tmp_path)
        assert done.stdout == b"5e47\n"
        assert list(tmp_path.iterdir()) == [], text


@pytest.mark.skipif("bash" not in SHELLS, reason="this machine has no bash")
@pytest.mark.parametrize("level", ["1", "0"])
def test_a_bash_below_takes_no_socket_for_a_remote_login(level: str, tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo noise\n")
    env = {"HOME": str(tmp_path)} | ({} if level == "1" else {"SHLVL": level})
    envelope = Envelope(script=b'bash -c "echo quiet"', env=env, inputs={})
    ours, its = socket.socketpair()
    with ours, its:
        ours.sendall(envelope.encode())
        done = subprocess.run(
            ["dash" if "dash" in SHELLS else "sh", "-c", BOOT, "haui", "5e47"],
            stdin=its.fileno(), capture_output=True, check=True, timeout=20,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
    assert done.stdout == b"5e47\n" + (b"" if level == "1" else b"noise\n") + b"quiet\n"


@settings(max_examples=15, deadline=None)
@given(values)
def test_any_value_arrives(value: str) -> None:
    # The envelope's bytes reach the script through read, export and printf of a real sh.
    envelope = Envelope(script=b'printf %s "$VALUE"', env={"VALUE": value}, inputs={})
    done = boot(SHELLS[0], envelope, Path("/nonexistent"))
    assert done.stdout == b"5e47\n" + value.encode()


def test_states() -> None:
    assert parse_state(TASK, "state\tdone\t0\t17\n").rc == 0
    running = parse_state(TASK, "state\trunning\t\t17")
    assert (running.status, running.rc, running.output_bytes) == ("running", None, 17)
    text = "noise\ntask\ta.b\t1\tdone\t7\t10\ntask\tc\t2\tdied\t\t0\n"
    first, second = parse_states("r", text)
    assert (first.id, first.rc) == (TaskId(run="r", step="a.b", attempt=1), 7)
    assert (second.id.step, second.status, second.rc) == ("c", "died", None)


@pytest.mark.parametrize("line", ["", "state\tfine\t0\t0", "state\tdone\tx\t0", "state\t1"])
def test_answers_that_make_no_sense(line: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse_state(TASK, line)


FORGED = [
    "done\t\t0",  # done, and nobody says how
    "running\t0\t0",
    "done\t-1\t0",
    "done\t+0\t0",
    "done\t 0\t0",
    "done\t0_0\t0",
    "done\t\u0660\t0",  # a zero to int(), too
    "done\t256\t0",
    "done\t" + "9" * 5000 + "\t0",
    "done\t0\t-1",
    "done\t0\t" + "9" * 19,
    "fine\t0\t0",
    "done",
    "",
]


@pytest.mark.parametrize("fields", FORGED)
def test_what_no_host_of_ours_says_is_no_answer(fields: str) -> None:
    with pytest.raises(ValueError):
        parse_state(TASK, f"state\t{fields}")
    with pytest.raises(ValueError):
        parse_states("r", f"task\ta.b\t1\tdone\t0\t5\ntask\ta.b\t2\t{fields}\n")


@pytest.mark.parametrize("attempt", ["0", "-1", "10000", "1e3", "", "../1"])
def test_attempts_are_counted_from_one(attempt: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        parse_states("r", f"task\ta.b\t{attempt}\tdone\t0\t5\n")


@given(st.text(max_size=60))
def test_an_answer_is_understood_or_refused_and_nothing_else(text: str) -> None:
    for line in (f"state\t{text}", f"task\t{text}", f"task\ta\t1\t{text}"):
        try:
            states = (parse_state(TASK, line), *parse_states("r", line))
        except ValueError:
            continue
        assert all(state.rc is None or 0 <= state.rc <= 255 for state in states)
        assert all((state.status == "done") == (state.rc is not None) for state in states)

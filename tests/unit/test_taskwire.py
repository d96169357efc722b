"""Requests that become bytes, and the mark that ends a task's output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.errors import StepError
from haui.host import Completed, File, Script, TaskId, TaskRequest
from haui.transport.taskwire import (
    MarkFinder,
    read_state,
    read_states,
    secrets_of,
    start_script,
    task_script,
)

TASK = TaskId(run="r1", step="containerd.install", attempt=1)
MARK = "5e47" * 8


def request(**parts: object) -> TaskRequest:
    script = {"name": "x.apply", "text": "true", **parts}
    files = script.pop("files", ())
    return TaskRequest(id=TASK, script=Script(**script), files=files)  # type: ignore[arg-type]


def test_start_carries_everything() -> None:
    files = (File(path="/etc/a b", content=b"A", mode=0o600), File(path="/x", content=b"\xff"))
    script = start_script(request(env={"A": "1"}, inputs={"p/q": b"s"}, files=files))
    assert script.inputs["manifest"] == b"0\t600\t/etc/a b\t\n1\t644\t/x\t\n"
    assert (script.inputs["files/0"], script.inputs["files/1"]) == (b"A", b"\xff")
    assert script.inputs["inputs/p/q"] == b"s"
    assert b"\nA=1\n" in script.inputs["env"]
    assert b"HAUI_SCRIPT=x.apply\n" in script.inputs["env"]
    assert b"s" not in "".join(script.env.values()).encode().split(b"\0")
    assert script.env["HAUI_VERB"] == "start"
    assert script.env["HAUI_TIMEOUT"] == "900"


@pytest.mark.parametrize(
    "bad",
    [
        request(env={"A": "two\nlines"}),
        request(inputs={"../up": b""}),
        request(inputs={"/abs": b""}),
        request(files=(File(path="relative", content=b""),)),
        request(files=(File(path="/tab\there", content=b""),)),
        TaskRequest(id=TaskId(run="..", step="s", attempt=1), script=Script(name="n", text="")),
        TaskRequest(id=TaskId(run="r", step="a/b", attempt=1), script=Script(name="n", text="")),
    ],
)
def test_what_cannot_be_sent(bad: TaskRequest) -> None:
    with pytest.raises(StepError):
        start_script(bad)


def test_only_short_single_lines_count_as_secrets() -> None:
    inputs = {"password": b"hunter22\n", "config": b"a: b\nc: d\n", "blob": b"x" * 5000}
    assert [secret.reveal() for secret in secrets_of(request(inputs=inputs))] == ["hunter22"]


def test_answers() -> None:
    done = Completed(status=0, stdout="noise\nstate\tdone\t3\t9\n", stderr="")
    assert read_state(TASK, done, host="h").rc == 3
    for text, status in (("state\twhat\t\t\n", 0), ("", 0), ("state\tdone\t0\t0\n", 1)):
        with pytest.raises(StepError):
            read_state(TASK, Completed(status=status, stdout=text, stderr="full"), host="h")


def test_names_become_no_paths() -> None:
    with pytest.raises(StepError):
        task_script("states", "../etc")


output = st.lists(st.sampled_from([b"\n", b"x", MARK[:5].encode(), b"\n5e47", b"\t", b"\xff"]))


@given(output.map(b"".join), st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_the_mark_is_found_in_any_chunks(body: bytes, sizes: list[int], apart: bool) -> None:
    finder = MarkFinder(MARK)
    stream = body + b"\n" + f"{MARK}\tdone\t0\t{len(body)}\n".encode()
    got = b""
    position = turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        got += finder.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    # The newline in front of the mark may already have ended an output without one.
    assert got in (body, body + b"\n")
    if body.endswith(b"\n") or not body:
        assert got == body
    state = finder.state(TASK, host="h")
    assert state is not None
    assert (state.rc, state.output_bytes) == (0, len(body))


def test_a_line_is_passed_on_when_it_was_printed() -> None:
    finder = MarkFinder(MARK)
    assert finder.feed(b"waiting for etcd\n") == b"waiting for etcd\n"
    assert finder.feed(b"half") == b"half"
    assert finder.feed(b"\n" + MARK[:8].encode()) == b""
    assert finder.feed(b"but not it\n") == b"\n" + MARK[:8].encode() + b"but not it\n"
    assert finder.state(TASK, host="h") is None


def test_what_follows_the_mark_is_not_kept_without_an_end() -> None:
    finder = MarkFinder(MARK)
    assert finder.feed(b"out\n\n" + MARK.encode() + b"\tdone\t0\t4\n") == b"out\n"
    for _ in range(1000):
        assert finder.feed(b"x" * 10_000) == b""
    assert len(finder._held) < 2000
    with pytest.raises(StepError, match="makes no sense"):
        finder.state(TASK, host="h")


def test_states_that_make_no_sense_are_an_error_with_a_host() -> None:
    said = Completed(status=0, stdout="task\ta\tx\tdone\t0\t0\n", stderr="")
    with pytest.raises(StepError, match="makes no sense") as caught:
        read_states("r1", said, host="cp2")
    assert caught.value.host == "cp2"
    assert "/var/lib/haui" in caught.value.fix
    with pytest.raises(StepError, match="keep track"):
        read_states("r1", Completed(status=1, stdout="", stderr="disk full"), host="cp2")


def test_a_full_disk_is_told_with_its_place() -> None:
    full = "cp: error writing '/var/lib/haui/r1/x.1/script': No space left on device"
    done = Completed(status=1, stdout="", stderr=f"{full}\nhaui: cannot begin the task")
    with pytest.raises(StepError) as caught:
        read_state(TASK, done, host="wk2")
    assert full in caught.value.why
    assert caught.value.fix.startswith("Make room on wk2 in the file system of /var/lib/haui ")

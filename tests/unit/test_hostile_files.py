"""Files that are no files, or hold what nobody wrote by hand: told in a bounded time and memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haui import bounded_json, plainfile
from haui.clusterfile.load import load
from haui.errors import HauiError
from haui.plainfile import read_at_most
from haui.preset import read_preset
from haui.record import readings
from haui.transport.hostkeys import HostKeys
from haui.wizard.draft import read_draft
from haui.wizard.expiry import certificate_end
from screens.host_file import UnreadableFile, read_text
from tests.unit.spec_samples import BASE

READERS: dict[str, Callable[[Path], object]] = {
    "cluster file": load,
    "preset": read_preset,
    "facts": readings.load,
    "place for facts": readings.check_target,
    "draft": read_draft,
    "host keys": lambda path: HostKeys(path, []),
    "host list": lambda path: read_text(str(path)),
}


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 << 20)


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe without a writer": _pipe,
    "a folder": lambda path: path.mkdir(),
    "a socket": _socket,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a disk": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a hundred megabytes": _huge,
}
NO_TEXTS: dict[str, bytes] = {
    "no UTF-8": b"name: \xff\xfe\xfa",
    "UTF-16": BASE.encode("utf-16"),
    "zero bytes": b"name: a\0b\n",
    "escapes": b"\x1b]0;owned\x07\x1b[2J",
    "deep": b"[" * 100_000,
    "deep maps": b'{"a":' * 100_000,
    "a closed bomb": b"[" * 900 + b"]" * 900,
    "a large number": b'{"format":"haui-draft/1","answers":{"a":' + b"9" * 9000 + b"}}",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plainfile, "PATIENCE_S", 0.05)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the name of a socket has at most 107 bytes
    return Path("told.yaml")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_told(reader: str, kind: str, path: Path) -> None:
    """And at most what may be read of it comes into memory: 64 MiB of facts, else 8 MiB."""
    NO_FILES[kind](path)
    tracemalloc.start()
    try:
        with pytest.raises((HauiError, UnreadableFile)) as caught:
            READERS[reader](path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (70 << 20 if reader == "facts" else 20 << 20)
    if isinstance(caught.value, HauiError):
        assert "told.yaml" in caught.value.what
        assert caught.value.fix or kind == "a hundred megabytes"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NO_TEXTS)
def test_what_is_no_text_is_told_or_nothing(reader: str, kind: str, path: Path) -> None:
    path.write_bytes(NO_TEXTS[kind])
    if reader in ("host keys", "host list") and kind not in ("no UTF-8", "zero bytes"):
        READERS[reader](path)  # no line of it says anything
        return
    if reader == "host keys":
        assert HostKeys(path, [])
        return
    with pytest.raises((HauiError, UnreadableFile)) as caught:
        READERS[reader](path)
    if isinstance(caught.value, HauiError):
        shown = caught.value.render()
        assert "told.yaml" in shown
        assert all(char.isprintable() or char == "\n" for char in shown)


@pytest.mark.parametrize("kind", NO_FILES)
def test_a_certificate_that_can_not_be_read_is_just_not_known(kind: str, path: Path) -> None:
    NO_FILES[kind](path)
    assert certificate_end(path) is None


@pytest.fixture
def fifo(path: Path) -> Iterator[Callable[[Iterator[bytes]], None]]:
    """Something that is written into a pipe by somebody else."""
    os.mkfifo(path)
    threads: list[threading.Thread] = []

    def write(parts: Iterator[bytes]) -> None:
        def work() -> None:
            try:
                with path.open("wb", buffering=0) as file:
                    for part in parts:
                        file.write(part)
            except BrokenPipeError:
                pass

        threads.append(threading.Thread(target=work))
        threads[0].start()

    yield write
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_pipe_is_read_to_its_end(
    path: Path, fifo: Callable[[Iterator[bytes]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`haui apply <(…)` is one."""
    monkeypatch.setattr(plainfile, "PATIENCE_S", 30.0)
    text = BASE.encode()
    fifo(iter([text[:100], text[100:]]))
    assert load(path).spec.name == "atlas"


def test_a_pipe_that_never_ends_is_left(
    path: Path, fifo: Callable[[Iterator[bytes]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plainfile, "PATIENCE_S", 30.0)
    fifo(iter(lambda: b"x" * 5000, b""))
    with pytest.raises(HauiError, match="larger than 1 MiB"):
        load(path)


def test_no_more_is_read_than_was_asked_for(path: Path) -> None:
    path.write_bytes(b"abcdef")
    assert read_at_most(path, 6) == b"abcdef"
    assert read_at_most(path, 5) == b"abcdef"
    assert read_at_most(path, 2) == b"abc"
    assert read_at_most(Path("/dev/null"), 2) == b""
    with pytest.raises(OSError, match="null"):
        read_at_most(Path("a\0b"), 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[[[]]]", "nested deeper than 2"),
        (b'{"a": {"b": {"c": 1}}}', "nested deeper than 2"),
        (b"[" * 2000, "nested deeper than 2"),
        (b"[1,2,3,4]", "more than 3 parts"),
        (b"NaN", "NaN is no number"),
        (b'"\xff"', "decode"),
        (b"", "Expecting value"),
    ],
    ids=lambda given: str(given[:12]),
)
def test_json_has_bounds(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bounded_json.loads(text, parts=10_000 if b"[[" in text else 3, depth=2)
    assert bounded_json.loads(b'[{"a": "x"}]', parts=3, depth=2) == [{"a": "x"}]


BOMBS = r"""
import resource, sys
from haui.clusterfile.load import load_text
from haui.errors import HauiError
from haui.wizard.hostlist import parse_any, parse_inventory, parse_ssh_config
from screens.host_file import kind_of

resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
M, L = (1 << 20) - 100, (1 << 19) - 100
files = [
    "\n" * M, "- " * (M // 2), "[" * M, "{" * M, '"' * M, f"'{'k' * M}': 1", "a: 1\n" * 24000,
    "%TAG !a! x:a\n" * (M // 14), "#\n" * (M // 2), "a: >\n" + " \n" * (M // 2),
    "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(9000)),
    "".join(f"k{i}: 1\n" for i in range(8000)),
]
lists = [
    "\n" * L, " \n" * (L // 2), " " * L, "\t" * L, "\r" * L, "[" * L, '"' * L, ":" * L,
    "host " + "\n" * L, "host a\nuser" + "=" * L + " x\n", "host a\nuser a" + " " * L + "x\n",
    "[a]" + " " * L + "x", ("[1-" * 1300 + "\n") * 60, "a[1-9][1-9][1-9][1-9][1-9]\n" * 900,
    "Host " + "*a" * 1500 + "b\n user x\n" + "".join(f"Host {'a' * 300}{i}\n" for i in range(900)),
    "[a:children]\n" + "".join(f"g{i}\n" for i in range(9000)), ("1." * 1900 + "\n") * 60,
]
for text in files:
    try:
        load_text(text, name="bomb.yaml", files=False)
    except HauiError as error:
        assert len(error.render()) < 20000
    else:
        sys.exit(f"not refused: {text[:20]!r}")
for text in lists:
    found = parse_any(text), parse_inventory(text), parse_ssh_config(text, None)
    assert all(len(each.hosts) <= 1000 for each in found)
    kind_of(text, "hosts")
print("all refused")
"""


def test_bombs_are_refused_within_a_minute_and_a_gigabyte() -> None:
    """Altogether they take some seconds; what reads one of them again and again would take hours,
    and is killed by the limit."""
    command = [sys.executable, "-c", BOMBS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all refused\n"), done.stderr[-2000:]

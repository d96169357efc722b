"""How a script travels to a host: one exec, parameters as lines, blobs as a tar in tmpfs.

The exec command is constant apart from a random sentinel (always its last word) and, with a sudo
password, a random prompt, so nothing from outside is ever shell text or argv; see `command`.
Standard input carries, in this order: `NAME=value` lines, an empty line, the script's
bytes ($HAUI_SCRIPT_BYTES), and a tar of inputs ($HAUI_INPUTS_BYTES) that is unpacked into a 0700
folder /run/haui-in.… and removed when the script ends. Standard output before the sentinel is
noise of the login shell and is thrown away; the client sends its input only after the sentinel, so
that a sudo that did not ask for a password never eats a line of it. $HAUI_SCRIPT holds the script's
name.

BOOT holds no single quote, newline or exclamation mark, so that any login shell (csh and fish too)
passes it on untouched between single quotes. A script with inputs runs in a subshell, so that a
trap of its own can't replace the one that removes them.

Tasks (changes that outlive the connection) use the same envelope with the script `haui.task` and
these parameters: HAUI_VERB start | states | follow | cancel, HAUI_RUN, HAUI_STEP, HAUI_ATTEMPT,
HAUI_TIMEOUT (seconds, start), HAUI_OFFSET and HAUI_MARK (follow). The inputs of `start` are
`script`, `env` (NAME=value lines), `manifest` (one line a file: index, octal mode, path,
family of operating systems or nothing, tab separated), `files/<index>`, `inputs/<name>`, and
`runner`, the wrapper that the unit runs. Answers:

- start, cancel: one line `state<TAB>STATUS<TAB>RC<TAB>BYTES` (RC empty when there is none);
- states: one line `task<TAB>STEP<TAB>ATTEMPT<TAB>STATUS<TAB>RC<TAB>BYTES` for each attempt;
- follow: the output's raw bytes from the offset, then a newline and
  `MARK<TAB>STATUS<TAB>RC<TAB>BYTES`.

Files are read with the script `haui.read` and HAUI_PATH and HAUI_LIMIT (bytes): the raw content on
stdout and status 0, or status 66 (no such file) or 67 (larger than the limit).
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from haui.host import TaskId, TaskState, TaskStatus

BOOT = (
    'printf "%s\\n" "$1"; shift; '
    'while IFS= read -r haui_line && [ -n "$haui_line" ]; do '
    'export "${haui_line%%=*}=${haui_line#*=}"; done; '
    'haui_text=$(head -c "$HAUI_SCRIPT_BYTES"); '
    'if [ "$HAUI_INPUTS_BYTES" -gt 0 ]; then umask 077; haui_run=${HAUI_RUN_ROOT:-/run}; '
    'mkdir -p "$haui_run" && HAUI_INPUTS=$(mktemp -d "$haui_run/haui-in.XXXXXXXX") || exit 120; '
    'export HAUI_INPUTS; trap "rm -rf \\"$HAUI_INPUTS\\"" EXIT; '
    'trap "exit 129" HUP; trap "exit 143" TERM; '
    'head -c "$HAUI_INPUTS_BYTES" | tar -x -o -C "$HAUI_INPUTS" || exit 121; umask 022; '
    '( eval "$haui_text" ); else eval "$haui_text"; fi'
)
"""Run as `/bin/sh -c BOOT haui SENTINEL`. Status 120 and 121 mean that inputs could not be placed.
$HAUI_RUN_ROOT replaces /run where tests run without root."""

BASE_ENV: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "cat",
    "DEBIAN_FRONTEND": "noninteractive",
    "NEEDRESTART_MODE": "a",
    "SHLVL": "1",
    "BASH_ENV": "",
}
"""What every script and task runs with. $LANGUAGE, which sudo lets through, is empty, as glibc (of
Debian 12) and Python's gettext go by it in the locale C.UTF-8, and scripts read what programs say.
The last two keep a bash below it (a package's own script, too) from running files of the host's
users: with `-c` it takes itself for a remote shell, and runs ~/.bashrc, when its input is a socket
or, as Debian builds it, $SSH_CLIENT is set; but only on the first level (run_startup_files in
bash's shell.c). $BASH_ENV names a file for any script."""

TASK_SCRIPT = "haui.task"
READ_SCRIPT = "haui.read"
READ_ABSENT, READ_TOO_LARGE = 66, 67

KILL_AFTER_S = 5
"""How long a script may take to end after its time limit before it is killed."""

MOST_ATTEMPTS = 9999
"""Of one step on one host in one run; a host that tells of more makes it up."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROW = 6
_DIGITS = re.compile(r"[0-9]{1,18}")
_STATUSES: Mapping[str, TaskStatus] = {
    "absent": "absent",
    "running": "running",
    "done": "done",
    "died": "died",
    "rebooted": "rebooted",
}


def command(sentinel: str, *, timeout_s: int, become: str = "") -> str:
    """The exec command. `become` is the constant sudo part in front, e.g. `sudo -n --`.

    The time limit is kept by the host (coreutils timeout): a lost client never leaves a script
    behind that runs forever.
    """
    limit = f"timeout -k {KILL_AFTER_S} {timeout_s}"
    return f"{become} {limit} /bin/sh -c '{BOOT}' haui {sentinel}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What one exec carries."""

    script: bytes
    env: Mapping[str, str]
    inputs: Mapping[str, bytes]

    def encode(self) -> bytes:
        """The bytes of standard input. Raises ValueError for a name or value that can't travel."""
        blob = pack(self.inputs) if self.inputs else b""
        sizes = {
            "HAUI_SCRIPT_BYTES": str(len(self.script)),
            "HAUI_INPUTS_BYTES": str(len(blob)),
        }
        return env_lines({**BASE_ENV, **self.env, **sizes}) + b"\n" + self.script + blob

    @staticmethod
    def decode(data: bytes) -> Envelope | None:
        """The envelope in `data`, or None while bytes are missing. For the simulated fleet."""
        head, gap, rest = data.partition(b"\n\n")
        if not gap:
            return None
        env = dict(line.split("=", 1) for line in head.decode().split("\n"))
        n_script, n_inputs = int(env["HAUI_SCRIPT_BYTES"]), int(env["HAUI_INPUTS_BYTES"])
        if len(rest) < n_script + n_inputs:
            return None
        blob = rest[n_script : n_script + n_inputs]
        return Envelope(script=rest[:n_script], env=env, inputs=unpack(blob) if blob else {})


def env_lines(env: Mapping[str, str]) -> bytes:
    """`NAME=value` lines; ValueError for names that are none and values with line breaks or NUL."""
    for name, value in env.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a variable name: {name!r}")
        if any(char in value for char in "\n\r\0"):
            raise ValueError(f"the value of {name} must be a single line")
    return "".join(f"{name}={value}\n" for name, value in env.items()).encode()


def pack(blobs: Mapping[str, bytes]) -> bytes:
    """A tar of `blobs` (relative names), mode 0600, no times or owners of this machine."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in blobs.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def unpack(blob: bytes) -> dict[str, bytes]:
    """The inverse of `pack`."""
    with tarfile.open(fileobj=io.BytesIO(blob)) as tar:
        return {
            member.name: file.read()
            for member in tar.getmembers()
            if (file := tar.extractfile(member)) is not None
        }


def parse_state(task: TaskId, line: str) -> TaskState:
    """The answer of start, cancel or follow: the last three tab-separated fields of `line`.

    Raises ValueError for what no host of ours says: a claim is believed when it is exact.
    """
    *_, status, rc, size = line.rstrip("\n").split("\t")
    return _state(task, status, rc, size)


def parse_states(run: str, text: str) -> tuple[TaskState, ...]:
    """The answer of states; other lines are ignored. Raises ValueError as `parse_state` does."""
    rows = [line.split("\t") for line in text.split("\n") if line.startswith("task\t")]
    if odd := [row for row in rows if len(row) != _ROW]:
        raise ValueError(f"not six fields: {odd[0]!r:.200}")
    return tuple(
        _state(
            TaskId(run=run, step=step, attempt=_number(attempt, 1, MOST_ATTEMPTS)), status, rc, size
        )
        for _, step, attempt, status, rc, size in rows
    )


def _state(task: TaskId, status: str, rc: str, size: str) -> TaskState:
    known = _STATUSES.get(status)
    if known is None or (known == "done") != bool(rc):
        raise ValueError(f"no state of a task: {status!r} with exit status {rc!r}")
    return TaskState(
        id=task,
        status=known,
        rc=_number(rc, 0, 255) if rc else None,
        output_bytes=_number(size or "0", 0, 1 << 50),
    )


def _number(text: str, least: int, most: int) -> int:
    """Digits only: int() also takes signs, blanks, underscores and the digits of other scripts."""
    if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(f"not a number from {least} to {most}: {text[:40]!r}")
    return int(text)

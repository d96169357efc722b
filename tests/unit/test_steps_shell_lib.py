"""The shell library and the check of placed files, run by the real /bin/sh."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haui.execution.compose import Library, manifest
from haui.host import File
from haui.step import parse_findings
from tests.unit.shell_host import Ran, ShellHost, with_power_cut

LIBRARY = Library.load()


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return ShellHost(tmp_path)


def sh(host: ShellHost, text: str, **env: str) -> Ran:
    return host.run(f"{LIBRARY.functions}\n{text}", env)


def test_a_finding_is_one_line_whatever_the_values_hold(host: ShellHost) -> None:
    ran = sh(host, """finding differs "$W" "$E" "$S" """, W="a\tb", E="c\n\nd", S=" * e\r\nf ")
    assert ran.stdout == "differs\ta b\tc d\t * e f \n"


def test_want_compares(host: ShellHost) -> None:
    ran = sh(host, "want same 1 1; want other 1 2; want none '' ''")
    verdicts = [found.verdict for found in parse_findings(ran.stdout)]
    assert verdicts == ["ok", "differs", "ok"]


def test_changed_knows_whole_paths_only(host: ShellHost) -> None:
    listed = host.write("/changed", "/etc/a.conf\n/etc/b\n")
    text = 'for p in /etc/a.conf /etc/a /etc/aXconf /etc/b; do changed "$p" && echo "$p"; done; :'
    assert sh(host, text, HAUI_CHANGED=str(listed)).stdout == "/etc/a.conf\n/etc/b\n"
    assert sh(host, text).stdout == ""


def test_die_says_why_and_what_to_do(host: ShellHost) -> None:
    ran = sh(host, "die 'no disk' 'add one'; echo not reached")
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.stderr == "haui: no disk\nhaui: fix: add one\n"


def test_wait_until_asks_until_it_is_so_and_gives_up_in_time(host: ShellHost) -> None:
    host.fake("sleep")
    text = "wait_until 50 sh -c 'echo x >>n; [ $(wc -l <n) -ge 3 ]' && echo yes"
    assert sh(host, text).stdout == "yes\n"
    assert host.calls == ["sleep 1", "sleep 1"]
    assert sh(host, "wait_until 0 false || echo gave up").stdout == "gave up\n"


def test_a_service_has_read_its_files_until_they_are_placed_anew(host: ShellHost) -> None:
    config = host.write("/etc/x.conf", "one")
    told = f"loaded x {config} && echo yes || echo no"
    assert sh(host, told).stdout == "no\n"
    sh(host, f'mark=$(files_mark {config}); note_loaded x "$mark"')
    assert sh(host, told).stdout == "yes\n"
    config.unlink()
    host.write("/etc/x.conf", "one")  # the same content, placed again
    assert sh(host, told).stdout == "no\n"


def test_the_original_is_kept_once(host: ShellHost) -> None:
    path = host.write("/etc/x", "first")
    sh(host, f"keep_before {path}")
    path.write_text("second")
    sh(host, f"keep_before {path}")
    assert host.read("/var/lib/haui/before/kept/etc/x") == "first"


def test_what_older_versions_kept_beside_the_file_is_taken_over(host: ShellHost) -> None:
    path = host.write("/etc/x", "ours")
    host.write("/etc/x.haui-orig", "first")
    sh(host, f"keep_before {path}")
    assert host.read("/var/lib/haui/before/kept/etc/x") == "first"
    assert not (host.folder / "root/etc/x.haui-orig").exists()


NAMES = (
    "net.ipv4.ip_forward",
    "/dev/mapper/a b",
    "-rf",
    "..",
    "x\n\ty",
    "ü%41'\"$(id)",
    "",
    "a" * 399,
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_note_has_any_name_and_the_first_one_stays(host: ShellHost, name: str) -> None:
    text = """
        noted swap "$N" || echo none
        note_before swap "$N" "-2 "; note_before swap "$N" 7; note_before swap other 1
        noted swap "$N"; echo
        for code in $(noted_codes swap); do
            note_name "$code"; printf '%s\037' "$haui_noted"
            noted swap "$haui_noted"; printf '\036'
        done
    """
    ran = sh(host, text, N=name)
    assert ran.status == 0, ran.stderr
    none, value, *listed = ran.stdout.split("\n", 2)
    assert (none, value) == ("none", "-2 ")
    assert set(listed[0].split("\x1e")) == {f"{name}\x1f-2 ", "other\x1f1", ""}


def code_of(name: bytes) -> str:
    """The code that records on hosts have for that name: the old ones have to be read as well."""
    code = "".join(
        chr(byte)
        if PLAIN.fullmatch(bytes([byte])) and (at or byte not in b"_.-")
        else f"%{byte:02x}"
        for at, byte in enumerate(name)
    )
    parts = []
    while len(code) > 200:
        parts.append(code[:200])
        code = f"+{code[200:]}"
    return "/".join([*parts, f"{code}.v"])


SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
PLAIN = re.compile(rb"[A-Za-z0-9_.-]")
BYTES = st.binary(max_size=12).map(lambda name: name.replace(b"\0", b""))
PIECES = st.sampled_from((*"/ :.-_%+@\n\t\\*?'\"$`(,ab9Z", "\u00fc", "\u20ac", "%2f", "/+", ".v"))
TEXTS = st.lists(PIECES, max_size=90).map("".join).map(str.encode)


@settings(derandomize=True, max_examples=3, deadline=None)
@given(
    names=st.lists(BYTES | TEXTS, min_size=20, max_size=40),
    place=st.sampled_from(("C", "C.UTF-8")),
)
def test_a_name_comes_back_from_its_code(names: list[bytes], place: str) -> None:
    names += [
        *(name.encode() for name in NAMES),
        b"/" * 66 + b"abc",
        b"a" * 201,
        b"\xc3.",
        b"x\xe2\x82",
    ]
    told = (
        'for name; do note_code "$name"; note_name "$haui_code"; '
        'printf "%s %s\\0" "$haui_code" "$haui_noted"; done'
    )
    wanted = [f"{code_of(name)} ".encode() + name for name in names]
    for shell in SHELLS:
        ran = subprocess.run(
            [shell, "-c", f"{LIBRARY.functions}\n{told}", "sh", *names],
            env={"PATH": os.defpath, "LC_ALL": place},
            capture_output=True,
            check=True,
        )
        assert ran.stdout.split(b"\0")[:-1] == wanted, shell


def test_a_usual_name_costs_no_process(host: ShellHost) -> None:
    names = ("net.ipv4.ip_forward", "/dev/mapper/a b", "libstdc++6:amd64", "getty@tty1.service")
    told = "".join(
        f'note_code \'{name}\'; note_name "$haui_code"; echo "$haui_noted"\n' for name in names
    )
    ran = sh(host, f"PATH=/none\n{told}")
    assert (ran.stdout.splitlines(), ran.stderr) == (list(names), "")


def test_many_names_are_noted_at_once_as_each_would_be(host: ShellHost) -> None:
    text = """
        note_before folder /b was
        note_each folder absent /a /b "$LONG" /a 'x y' && note_each folder absent
        for name in /a /b "$LONG" 'x y'; do noted folder "$name" || echo none; echo; done
        ls -A "$HAUI_BEFORE" "$HAUI_BEFORE/noted/folder" | grep -c .
    """
    ran = sh(host, text, LONG="long" * 60)
    assert ran.stdout.split() == ["absent", "was", "absent", "absent", "7"], ran.stderr
    refused = 'rm -r "$HAUI_BEFORE"; echo x >"$HAUI_BEFORE"; note_each folder absent /a; echo "$?"'
    ran = sh(host, refused)
    assert ran.stdout.split()[-1] == "1"
    assert "what was before can't be noted" in ran.stderr


def test_a_note_that_can_not_be_written_ends_the_script(host: ShellHost) -> None:
    host.write("/var/lib/haui/before", "no folder")
    ran = sh(host, "note_before swap x 1; echo went on")
    assert (ran.status, ran.stdout) == (1, "")
    assert "what was before can't be noted" in ran.stderr


def test_each_missing_folder_above_is_noted(host: ShellHost) -> None:
    (host.folder / "root/opt").mkdir()
    text = """
        note_folder "$HAUI_ROOT/opt/a/b"; mkdir -p "$HAUI_ROOT/opt/a/b"
        note_folder "$HAUI_ROOT/opt/a"
        for code in $(noted_codes folder); do note_name "$code"; echo "$haui_noted"; done
    """
    assert sh(host, text).stdout.split() == ["/opt/a/b", "/opt/a"]


def test_a_file_is_put_on_record_before_it_is_there(host: ShellHost) -> None:
    host.write("/etc/x", "first")
    host.fake("mv", 'case $* in *" $HAUI_ROOT/etc/x") exit 9 ;; esac; exec /bin/mv "$@"')
    new = host.write("/etc/x.haui-new", "ours")
    assert sh(host, f'put_file {new} "$HAUI_ROOT/etc/x"').status == 9
    assert host.read("/etc/x") == host.read("/var/lib/haui/before/kept/etc/x") == "first"
    code = f"wrote '/etc/x {hashlib.sha256(b'ours').hexdigest()}'"
    assert sh(host, f"noted {code}").status == 0


def test_a_file_that_is_put_somewhere_outlives_a_power_cut(host: ShellHost) -> None:
    with_power_cut(host)
    host.write("/etc/x", "first")
    text = 'put_line_file "$HAUI_ROOT/etc/x" second; put_line_file "$HAUI_ROOT/etc/haui/y" third'
    assert sh(host, text).status == 0
    assert (host.read("/etc/x"), host.read("/etc/haui/y")) == ("second\n", "third\n")
    assert host.read("/var/lib/haui/before/kept/etc/x") == "first"


def probe(host: ShellHost, *files: File) -> dict[str, str]:
    text = f"{LIBRARY.functions}\n{LIBRARY.files_probe}"
    ran = host.run(text, inputs={"manifest.expected": manifest(files).decode()})
    assert ran.status == 0, ran.stderr
    return {found.what: found.verdict for found in ran.findings.values()}


def as_root(host: ShellHost, mode: str = "644") -> None:
    host.fake("stat", f"echo '{mode} 0:0'")


def test_a_placed_file_is_proved_by_content_mode_and_owner(host: ShellHost) -> None:
    as_root(host)
    path = host.write("/etc/x", "hello\n")
    file = File(path=str(path), content=b"hello\n")
    assert set(probe(host, file).values()) == {"ok"}
    assert probe(host, File(path=str(path), content=b"other")) == {
        str(path): "differs", f"{path} (mode and owner)": "ok"
    }  # fmt: skip
    private = File(path=str(path), content=b"hello\n", mode=0o600)
    assert probe(host, private)[f"{path} (mode and owner)"] == "differs"


def test_the_owner_must_be_root(host: ShellHost) -> None:
    host.fake("stat", "echo '644 1000:1000'")
    path = host.write("/etc/x", "hello\n")
    found = probe(host, File(path=str(path), content=b"hello\n"))
    assert found[f"{path} (mode and owner)"] == "differs"


def test_absent_files_and_links_differ(host: ShellHost) -> None:
    as_root(host)
    target = host.write("/etc/target", "x")
    link = target.parent / "link"
    link.symlink_to(target)
    gone = str(target.parent / "gone")
    found = probe(host, File(path=str(link), content=b"x"), File(path=gone, content=b"x"))
    assert found == {str(link): "differs", gone: "differs"}


SYSTEMS = {
    "ID=debian\n": "debian",
    "NAME=x\nID='pop'\nID_LIKE=\"ubuntu debian\"\n": "debian",
    'ID="rocky"\nID_LIKE="rhel centos fedora"\n': "redhat",
    "ID=alpine\n": "other",
    'ID="$(touch /tmp/x)"\nID_LIKE=`id`\n': "other",
    "\x00\xff": "other",
}


@pytest.mark.parametrize("text", SYSTEMS)
def test_the_family_of_a_system_is_read_from_its_release_file(host: ShellHost, text: str) -> None:
    host.write("/etc/os-release", text)
    assert sh(host, "os_family").stdout.strip() == SYSTEMS[text]


def test_a_file_for_another_family_is_not_looked_for(host: ShellHost) -> None:
    absent = str(host.folder / "root/etc/absent")
    assert probe(host, File(path=absent, content=b"x", family="redhat")) == {}
    assert probe(host, File(path=absent, content=b"x", family="debian")) == {absent: "differs"}


def test_no_hash_of_a_file_is_shown(host: ShellHost) -> None:
    as_root(host, "600")
    path = host.write("/etc/login", "secret")
    text = f"{LIBRARY.functions}\n{LIBRARY.files_probe}"
    files = (File(path=str(path), content=b"secret", mode=0o600),)
    ran = host.run(text, inputs={"manifest.expected": manifest(files).decode()})
    assert hashlib.sha256(b"secret").hexdigest()[:8] not in ran.stdout + ran.stderr

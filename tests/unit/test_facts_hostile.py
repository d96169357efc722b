"""The script that tells a host's facts, on hosts that are broken or lie: it comes to its end, soon
and with little output, and nothing that a file or a command says becomes a fact of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from haui.evidence import Facts, Reading
from steps.checks import CATALOGUE, FACTS, findings
from steps.load import script
from tests.unit import rubbish
from tests.unit.rubbish import cluster_of
from tests.unit.shell_host import ShellHost
from tests.unit.test_checks_all import fault_of

SCRIPT = script("preflight_facts_probe")
MOST_BYTES = 1_000_000
FORGED = "forged.key"
LIE = f"{FORGED}\tyes\n\x0b{FORGED}\tyes\r{FORGED}\tyes\x85{FORGED}\tyes\nend\tok\n"
NOISE = bytes(range(256)) * 40 + LIE.encode() + b"\xff\xfe\x00" * 50 + LIE.encode()
KEYS = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*")
TOOLS = (
    "awk", "cat", "cut", "date", "dirname", "env", "expr", "find", "grep", "head", "ls", "mkdir",
    "mktemp", "mv", "od", "rm", "sed", "sh", "sleep", "sort", "tail", "timeout", "tr", "uniq", "wc",
    "xargs", "gawk", "mawk", "dash", "bash", "tee", "touch", "basename", "mkfifo",
)  # fmt: skip
"""What makes the script what it is; all other commands only ask about the host."""


def asked_paths() -> tuple[str, ...]:
    """The files that the script reads, by its own text; one name where it takes several."""
    found = re.findall(r"\$\{?(?:ROOT|[a-z]+_root)\}?\"?(/[A-Za-z0-9_.*?/-]+)", SCRIPT)
    listed = re.findall(
        r"(?<=[\s\"])(/?(?:etc|proc|sys|run|usr|var|lib)/[A-Za-z0-9_.*/-]+)", SCRIPT
    )
    paths = {f"/{path.lstrip('/')}".replace("?", "0").replace("*", "x") for path in found + listed}
    return tuple(sorted(path.rstrip("/") for path in paths if "//" not in path))


def asked_commands() -> tuple[str, ...]:
    """The commands of this machine that the script names, but those that it is made of."""
    words = set(re.findall(r"(?<![\w./-])[a-z][a-z0-9_+-]+(?![\w/=-])", SCRIPT)) - {*TOOLS}
    folders = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
    known = {name for name in words if any(Path(f, name).exists() for f in folders)}
    known -= {"test", "printf", "echo", "read", "true", "false", "kill", "link", "time", "who"}
    also = (
        "ip", "ss", "nft", "ufw", "firewall-cmd", "timedatectl", "chronyc", "systemctl", "iptables",
        "ip6tables", "getent", "sshd", "containerd", "ctr", "docker", "hostname", "nproc", "lsblk",
        "xfs_info", "sudo", "systemd-detect-virt",
    )  # fmt: skip
    return tuple(sorted(known | {*also}))


PATHS, COMMANDS = asked_paths(), asked_commands()


def look(host: ShellHost, path: str | None = None, **env: str) -> Facts:
    """What the script tells on that host. It comes to its end, whatever there is."""
    done = subprocess.run(
        ["/bin/sh", "-c", SCRIPT],
        env={
            "PATH": path or f"{host.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "CALLS": os.fspath(host.folder / "calls"),
            "HAUI_ROOT": os.fspath(host.folder / "root"),
            "HAUI_INPUTS": os.fspath(host.folder / "inputs"),
            "HAUI_HOST": "cp1",
            "HAUI_ADDRESS": "10.30.0.11",
            "HAUI_ENDPOINT_NAME": "api.atlas.lan",
            "HAUI_LOOKUP": "pkgs.k8s.io",
            "HAUI_VIP": "10.30.0.100",
            "HAUI_PEERS": "10.30.0.12 10.30.0.13",
            **env,
        },
        cwd=host.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout) < MOST_BYTES
    lines = done.stdout.split(b"\n")
    assert lines[-2:] == [b"end\tok", b""]
    assert [
        line[:80] for line in lines[:-2] if line.startswith(b"end\t") or b"\t" not in line
    ] == []
    text = done.stdout.decode(errors="replace")
    facts = Facts(text)
    told = {key for key in facts.keys if key != "end"}
    assert {key for key in told if not KEYS.fullmatch(key) or key not in SCRIPT} == set()
    assert FORGED not in told
    assert all(line.count(b"\t") == 1 for line in lines[:-2])
    judged(text)
    return facts


def judged(text: str) -> None:
    """No check is tripped by it, beside two healthy hosts."""
    cluster, evidence = cluster_of("stacked", "production"), rubbish.evidence_of(HEALTHY)
    clock = rubbish.NOW
    evidence.keep(FACTS, "cp1", Reading(text, asked=clock, answered=clock))
    for found in findings(CATALOGUE, cluster, cluster.host("cp1"), evidence):
        fault = fault_of(found, cluster, cluster.host("cp1"))
        assert not fault, f"{fault}: {found}"


HEALTHY = rubbish.healthy("stacked", "production")


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    """A host without a file, on which every command fails that would ask this machine."""
    made = ShellHost(tmp_path)
    shutil.rmtree(tmp_path / "root")
    (tmp_path / "root").mkdir()
    fake_all(made, "exit 1")
    return made


def fake_all(host: ShellHost, text: str) -> None:
    for command in COMMANDS:
        host.fake(command, text)


def put(host: ShellHost, path: str, content: bytes) -> None:
    target = host.folder / "root" / path.lstrip("/")
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def put_all(host: ShellHost, paths: Iterable[str], content: bytes) -> None:
    """The same in every file; what others are in is a folder."""
    for path in sorted(paths, key=len, reverse=True):
        put(host, path, content)


def test_the_script_s_own_text_names_what_it_asks() -> None:
    assert {"/etc/os-release", "/proc/meminfo", "/etc/fstab", "/etc/resolv.conf"} <= {*PATHS}
    assert {"ip", "df", "stat", "uname", "systemctl", "getent"} <= {*COMMANDS}


def test_a_host_without_a_file(host: ShellHost) -> None:
    facts = look(host)
    assert facts.one("os.id") is None
    assert facts.one("memory.mb") is None


def test_a_host_without_a_command(host: ShellHost, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    look(host, path=os.fspath(tmp_path / "none"))


def test_a_host_with_the_simplest_commands_alone(host: ShellHost, tmp_path: Path) -> None:
    simple = tmp_path / "simple"
    simple.mkdir()
    for name in ("awk", "cat", "date", "grep", "sed", "timeout"):
        (simple / name).symlink_to(shutil.which(name) or "/bin/false")
    put_all(host, PATHS, NOISE)
    look(host, path=os.fspath(simple))


def test_files_full_of_noise(host: ShellHost) -> None:
    put_all(host, PATHS, NOISE)
    look(host)


def test_files_that_are_folders(host: ShellHost) -> None:
    for path in PATHS:
        (host.folder / "root" / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    look(host)


@pytest.mark.parametrize("path", ["/etc/environment", "/proc/stat", "/etc/resolv.conf"])
def test_a_file_that_can_not_be_read_to_its_end(host: ShellHost, path: str) -> None:
    """As on a bad disk. It may cost its own area's facts, and no other's."""
    put(host, "/etc/cron.d/x", b"* * * * * root puppet agent\n")
    put(host, "/proc/meminfo", b"MemTotal: 4096000 kB\n")
    put(host, "/proc/sys/net/ipv4/ip_forward", b"0\n")
    target = host.folder / "root" / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to("/proc/self/mem")
    facts = look(host)
    assert facts.one("ssh.manager") == "cron /etc/cron.d/x"
    assert facts.one("memory.mb") == "4000"
    assert facts.one("sysctl") == "net.ipv4.ip_forward 0"


def test_files_that_are_links_to_nowhere_or_to_themselves(host: ShellHost) -> None:
    for index, path in enumerate(sorted(PATHS, key=len, reverse=True)):
        target = host.folder / "root" / path.lstrip("/")
        if not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(target.name if index % 2 else "/nowhere/at/all")
    look(host)


def test_files_with_names_that_lie(host: ShellHost) -> None:
    folders = {path.rpartition("/")[0] for path in PATHS if "x" in path.rpartition("/")[2]}
    for folder in (*folders, "/var/lib/etcd", "/etc/cni/net.d", "/etc/systemd/system"):
        for end in (".conf", ".conflist", ".swap", ".cfg", ".yaml", ""):
            name = f"a\n{FORGED}\tyes\nb$(touch owned) `touch owned` ' \" * {end}"
            if (host.folder / "root" / folder.lstrip("/")).is_file():
                continue
            put(host, f"{folder}/{name}", f"puppet agent\nnet.ipv4.ip_forward = 0\n{LIE}".encode())
    look(host)
    assert not list(host.folder.rglob("owned"))


@pytest.mark.parametrize("status", [0, 1, 124])
def test_commands_that_lie(host: ShellHost, status: int) -> None:
    (host.folder / "noise").write_bytes(NOISE)
    fake_all(host, f"cat {host.folder / 'noise'}; exit {status}")
    put(host, "/run/systemd/system/x", b"")
    look(host)


def test_commands_that_say_too_much(host: ShellHost) -> None:
    flood = host.folder / "flood"
    flood.write_text("eth0 10.30.0.11/24 tcp LISTEN 0.0.0.0:22 yes active enabled a=b\n" * 2_000)
    fake_all(host, f"cat {flood}")
    put(host, "/run/systemd/system/x", b"")
    look(host)


def test_commands_that_are_killed(host: ShellHost) -> None:
    fake_all(host, "kill -9 $$")
    look(host)


def test_a_name_of_300_characters(host: ShellHost) -> None:
    name = "x" * 300
    host.fake("uname", f"echo {name} 6.1.0 x86_64")
    host.fake("hostname", f"echo {name}")
    put(host, "/etc/hostname", f"{name}\n".encode())
    facts = look(host)
    assert facts.one("hostname.static") == name
    assert facts.one("hostname") == name


LINES = (
    b"ID=x\nnameserver 10.0.0.1\n10.30.0.11 cp1 api.atlas.lan\n/dev/vda9 none swap sw 0 0\n"
    b"hosts: files dns\nhttps_proxy=http://proxy:3128\nnet.ipv4.ip_forward=0\nserver: https://x\n"
    b"puppet agent\nsearch a.b\nSystemMaxUse=1\nSELINUX=enforcing\n"
)
BIG = (
    "/etc/hosts", "/etc/resolv.conf", "/etc/os-release", "/etc/fstab", "/etc/nsswitch.conf",
    "/etc/environment", "/etc/cloud/cloud.cfg", "/etc/sysctl.d/x.conf", "/etc/cron.d/x",
    "/etc/kubernetes/admin.conf", "/etc/systemd/journald.conf", "/proc/swaps",
)  # fmt: skip


def big_files(host: ShellHost, content: bytes, size: int) -> None:
    """A host whose files are all as large as that, in bytes."""
    first = host.folder / "big"
    first.write_bytes(content * (size // len(content)))
    for path in BIG:
        target = host.folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(first, target)


CONTENTS = (LINES, b"x", b"nameserver ", b"\0")


@pytest.mark.parametrize("content", CONTENTS, ids=range(4))
def test_files_of_a_megabyte(host: ShellHost, content: bytes) -> None:
    big_files(host, content, 1_000_000)
    look(host)


def test_files_of_ten_megabytes(host: ShellHost) -> None:
    big_files(host, LINES, 10_000_000)
    look(host)


@pytest.mark.thorough
@pytest.mark.parametrize("content", CONTENTS[1:], ids=range(3))
def test_files_of_ten_megabytes_without_lines(host: ShellHost, content: bytes) -> None:
    """awk takes seconds for a line of that length."""
    big_files(host, content, 10_000_000)
    look(host)


def test_what_the_gate_lets_through(host: ShellHost) -> None:
    """Whatever a part of the script tells, too much of it or no fact at all."""
    tell = (
        "i=0; while [ $i -lt 3000 ]; do printf 'route4\\t%01000d\\n' $i; i=$((i + 1)); done; "
        "echo plain; printf 'Bad Key\\tyes\\n'; fact arch x86_64; facts_end"
    )
    text = f"{SCRIPT.rpartition('if have awk')[0]}\nfacts_all() {{ {tell}; }}\nfacts_all | told\n"
    ran = host.run(text, {"PATH": "/usr/bin:/bin"})
    facts = Facts(ran.stdout)
    assert facts.complete
    assert set(facts.keys) <= {"route4", "arch", "end"}
    assert 200 < len(facts.all("route4")) < 300
    assert facts.one("arch") == "x86_64"
    assert len(ran.stdout) < MOST_BYTES


def test_a_bare_host_tells_what_checks_take_for_a_sign_that_it_was_asked(host: ShellHost) -> None:
    host.fake("uname", "echo cp1 6.1.0 x86_64")
    host.fake("id", "[ $1 = -un ] && echo root || echo 0")
    put(host, "/proc/meminfo", b"MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n")
    put(host, "/proc/sys/net/ipv4/ip_forward", b"0\n")
    put(host, "/proc/sys/net/ipv4/conf/all/rp_filter", b"2\n")
    facts = look(host)
    assert facts.one("rp_filter") == "all 2"
    markers = {check.marker for check in CATALOGUE if check.step == FACTS and check.marker}
    assert len(markers) > 5
    assert {marker for marker in markers if facts.one(marker) is None} == set()

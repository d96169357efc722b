"""The look at packages and images on a host on which nothing is real."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.evidence import Facts
from tests.unit.shell_host import ShellHost
from tests.unit.specs import spec
from tests.unit.supply_host import AWAY, look, made, quiet, verdicts


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = made(tmp_path)
    quiet(host)
    return host


def test_who_holds_a_lock(host: ShellHost) -> None:
    paths = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock")
    inodes = [host.write(path, "").stat().st_ino for path in paths]
    host.write(
        "/proc/locks",
        f"1: POSIX  ADVISORY  WRITE 812 08:01:{inodes[0]} 0 EOF\n"
        f"1: -> POSIX  ADVISORY  WRITE 999 08:01:{inodes[1]} 0 EOF\n"
        f"2: POSIX  ADVISORY  WRITE 813 00:2b:{inodes[2]} 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 0 08:01:1 0 EOF\nnonsense\n",
    )
    host.write("/proc/812/comm", "unattended-upgr\n")
    for pid, path in (("812", paths[0]), ("813", "/somewhere/else")):
        (host.folder / f"root/proc/{pid}/fd").mkdir(parents=True)
        (host.folder / f"root/proc/{pid}/fd/4").symlink_to(path)
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("lock", 3) == (("/var/lib/dpkg/lock-frontend", "812", "unattended-upgr"),)


def test_units_that_work_with_packages(host: ShellHost) -> None:
    host.fake("systemctl", '[ "$2" = apt-daily.service ] && echo activating || echo inactive')
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("unit", 2) == (("apt-daily.service", "activating"),)


def test_broken_and_held_packages(host: ShellHost) -> None:
    packages = "ii |apt iHR|ed iF |vim:amd64 hi |kubelet hn |haproxy:amd64 hi |kube un |x"
    host.fake("dpkg-query", f"printf '%s\\n' '{packages}' | sed 's/ \\([iuh]\\)/\\n\\1/g'")
    host.write("/var/lib/dpkg/updates/0001", "")
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("dpkg.broken", 2) == (("iHR", "ed"), ("iF_", "vim:amd64"))
    assert facts.all("held") == ("haproxy", "kubelet")
    assert facts.yes("dpkg.updates")


def test_what_the_host_says_of_proxies_comes_without_their_logins(host: ShellHost) -> None:
    host.write(
        "/etc/environment", "PATH=/bin\nhttps_proxy=http://me:secret@proxy.lan:3128\n# no_proxy=x\n"
    )
    host.write("/etc/apt/apt.conf.d/01p", 'Acquire::http::Proxy "http://u:pw@p.lan";\n')
    ran = look(host, AWAY)
    assert "secret" not in ran.stdout and "pw@" not in ran.stdout
    assert Facts(ran.stdout).all("proxy.own") == (
        "/etc/environment https_proxy=http://proxy.lan:3128",
        '/etc/apt/apt.conf.d/01p Acquire::http::Proxy "http://p.lan";',
    )


def test_names_are_looked_up(host: ShellHost) -> None:
    host.fake("getent", '[ "$2" = ghcr.io ] || exit 2; echo "192.0.2.1 STREAM ghcr.io"')
    facts = Facts(look(host, spec(), before="http_tool() { return 1; }").stdout)
    assert {name: address for name, _, address in facts.rows("name", 3)} == {
        "pkgs.k8s.io": "-",
        "registry.k8s.io": "-",
        "ghcr.io": "192.0.2.1",
    }


def test_a_host_without_apt_and_tools(host: ShellHost) -> None:
    without = "have() { case $1 in apt-get | curl | wget | python3) return 1 ;; esac; }"
    ran = look(host, spec(), before=without)
    facts = Facts(ran.stdout)
    assert (facts.one("apt"), facts.one("http.tool"), facts.complete) == ("no", "none", True)
    said = verdicts(spec(), ran)
    assert {said[check] for check in ("dpkg", "packages", "images", "registry")} == {"skipped"}


def test_a_balancer_asks_for_no_image(host: ShellHost) -> None:
    hosts = [{"name": "lb1", "address": "10.30.0.31", "roles": ["load-balancer"]}]
    plan = spec(hosts=[*spec().model_dump()["hosts"], *hosts])
    ran = look(host, plan, "lb1")
    assert Facts(ran.stdout).all("image") == ()
    assert Facts(ran.stdout).one("mirror") == "skipped"

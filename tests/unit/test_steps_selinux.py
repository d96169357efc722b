"""SELinux stays as it is and lets our services work, or becomes permissive when that is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import osfamily, packages, system
from tests.unit.shell_host import ShellHost, with_systemctl
from tests.unit.specs import shapes, spec

CHECK = "/etc/keepalived/haui-check.sh"
PERMISSIVE = {"system": {"selinux": "permissive"}}
(STEP,) = (step for step in system.STEPS if step.id == "system.selinux")

GETSEBOOL = 'echo "$1 --> $(cat "$STATE/$1" 2>/dev/null || echo off)"'
SETSEBOOL = '[ "$1" = -P ] && echo on >"$STATE/$2"'
SEMANAGE = """
case "$*" in
    "port -l") echo "http_port_t  tcp  80, 443, 8443, 9000-9002$(cat "$STATE/ports" 2>/dev/null)" ;;
    "port -a "*) [ ! -f "$STATE/taken" ] && printf ', %s' "$7" >>"$STATE/ports" ;;
    "port -m "*) printf ', %s' "$7" >>"$STATE/ports" ;;
    "fcontext -l -C") cat "$STATE/contexts" 2>/dev/null ;;
    "fcontext -a "*) echo "$5 regular file system_u:object_r:$4:s0" >>"$STATE/contexts" ;;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.write("/sys/fs/selinux/enforce", "1")
    host.write("/etc/selinux/config", "# SELINUX= takes\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
    host.fake("setenforce", f'printf %s "$1" >"{tmp_path}/root/sys/fs/selinux/enforce"')
    host.fake("getsebool", GETSEBOOL)
    host.fake("setsebool", SETSEBOOL)
    host.fake("semanage", SEMANAGE)
    host.fake("restorecon")
    return host


def library(host: ShellHost, text: str) -> tuple[int, list[str]]:
    """Run a line with the library before it; its status, and what was called since."""
    before = len(host.calls)
    return host.run(_with(text)).status, host.calls[before:]


def test_it_is_left_alone_unless_asked() -> None:
    cluster = spec()
    assert cluster.system.selinux == "keep"
    assert not STEP.on(cluster, cluster.hosts[0])
    assert STEP.on(spec(**PERMISSIVE), cluster.hosts[0])


def test_permissive_now_and_after_a_boot(host: ShellHost) -> None:
    assert not host.run("system_selinux_probe").done
    assert host.run("system_selinux_apply").status == 0
    assert host.run("system_selinux_probe").done
    assert "SELINUX=permissive\nSELINUXTYPE=targeted" in host.read("/etc/selinux/config")
    assert "SELINUX=enforcing" in host.read("/var/lib/haui/before/kept/etc/selinux/config")
    calls = host.calls
    assert host.run("system_selinux_apply").status == 0
    assert host.calls == calls, "nothing is left to do"


def test_a_host_without_it_has_nothing_to_do(host: ShellHost) -> None:
    (host.folder / "root/sys/fs/selinux/enforce").unlink()
    assert host.run("system_selinux_probe").done
    for line in (
        "allow_selinux haproxy_connect_any",
        "allow_selinux_port http_port_t 6443",
        f"allow_selinux_type keepalived_unconfined_script_exec_t {CHECK}",
        "want_selinux haproxy_connect_any",
    ):
        assert library(host, line) == (0, []), line


def test_a_boolean_is_switched_on_once(host: ShellHost) -> None:
    assert "differs" in host.run(_with("want_selinux haproxy_connect_any")).stdout
    _, calls = library(host, "allow_selinux haproxy_connect_any")
    assert calls[-1] == "setsebool -P haproxy_connect_any 1"
    assert host.run(_with("want_selinux haproxy_connect_any")).done
    _, calls = library(host, "allow_selinux haproxy_connect_any")
    assert not any(call.startswith("setsebool") for call in calls)


def test_a_policy_without_the_boolean_is_no_trouble(host: ShellHost) -> None:
    host.fake("getsebool", "exit 1")
    assert library(host, "allow_selinux keepalived_connect_any")[0] == 0
    assert host.run(_with("want_selinux keepalived_connect_any")).stdout == ""


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("port", ["8443", "9001", "6443"])
def test_a_port_becomes_one_of_the_web_servers(host: ShellHost, port: str, taken: bool) -> None:
    known = port != "6443"
    if taken:
        (Path(host.env["STATE"]) / "taken").touch()
    assert host.run(_with(f"want_selinux_port http_port_t {port}")).done is known
    status, calls = library(host, f"allow_selinux_port http_port_t {port}")
    assert status == 0
    assert any(" -t http_port_t " in call for call in calls) is not known
    assert host.run(_with(f"want_selinux_port http_port_t {port}")).done


def test_keepalived_may_run_its_check(host: ShellHost) -> None:
    host.write(CHECK, "#!/bin/sh\n")
    kind = "keepalived_unconfined_script_exec_t"
    status, calls = library(host, f"allow_selinux_type {kind} {CHECK}")
    assert status == 0
    assert f"semanage fcontext -a -t {kind} /etc/keepalived/haui-check\\.sh" in calls
    assert calls[-1].startswith("restorecon -F ")
    _, calls = library(host, f"allow_selinux_type {kind} {CHECK}")
    assert [call for call in calls if "fcontext" in call] == ["semanage fcontext -l -C"]


def test_its_tools_are_installed_where_it_is_on(host: ShellHost) -> None:
    host.fake("dpkg-query", "exit 1")
    env = {"HAUI_PACKAGES_DEBIAN": "curl", "HAUI_SELINUX_PACKAGES_DEBIAN": "policycoreutils"}
    assert "package policycoreutils" in host.run("packages_base_probe", env).findings
    (host.folder / "root/sys/fs/selinux/enforce").unlink()
    assert "package policycoreutils" not in host.run("packages_base_probe", env).findings


def test_only_hosts_with_containers_need_their_policy() -> None:
    cluster = shapes()["dedicated-lb"]
    node, balancer = cluster.host("cp1"), cluster.host("lb1")
    redhat = osfamily.REDHAT
    assert "container-selinux" in packages.selinux_packages(cluster, node, redhat)
    assert packages.selinux_packages(cluster, balancer, redhat) == ("policycoreutils-python-utils",)


def _with(text: str) -> str:
    folder = Path(system.__file__).parent
    whole = (folder.parent / "haui/agent/lib.sh").read_text()
    return f"{whole}{(folder / 'scripts/selinux_lib.sh').read_text()}\n{text}\n"

"""Checks of the system: what a host tells → what is said of it; and what its script tells."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from haui.evidence import Facts
from haui.spec import ClusterSpec
from steps.checks import system, system_security
from steps.checks.system_machine import AZURE_TAG, ORACLE_TAG
from steps.load import script
from tests.unit.checks import ask
from tests.unit.shell_host import ShellHost
from tests.unit.specs import PLANES, WORKERS, shapes, spec

CALL = "\nfacts_system\nfacts_end\n"

PRODUCTION = spec(profile="production")
TEST = spec(profile="test")
STORAGE = spec(
    profile="production",
    hosts=[*PLANES, *WORKERS[1:], {**WORKERS[0], "roles": ["worker", "storage"]}],
)
DEDICATED = shapes()["dedicated-lb"].model_copy(update={"profile": "production"})
NGINX = shapes()["nginx"].model_copy(update={"profile": "production"})
ARM = {"arch": "aarch64", "cpu.missing": None}
CONTAINER = {"virt": "lxc"}


def containerd(**settings: object) -> ClusterSpec:
    return spec(profile="production", advanced={"containerd": settings})


@pytest.mark.parametrize("check", system.CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize("cluster", [PRODUCTION, TEST], ids=["production", "test"])
def test_a_healthy_host_passes(check: Any, cluster: ClusterSpec) -> None:
    found = ask(check.id, {"cpus": "8"}, cluster=cluster)
    assert found.verdict == "ok", found
    assert found.seen


@pytest.mark.parametrize("check", system.CHECKS, ids=lambda check: check.id)
def test_a_host_that_tells_nothing_is_not_judged(check: Any) -> None:
    told = ask(check.id, dict.fromkeys(EVERYTHING))
    exceptions = {"system.os": "blocked", "system.agents": "ok", "system.layout": "ok",
                  "system.multipath": "ok"}  # fmt: skip
    assert told.verdict == exceptions.get(check.id, "skipped"), told
    assert told.seen


EVERYTHING = (
    "os.id", "os.like", "os.version", "os.name", "arch", "uid", "init", "systemd.state", "virt",
    "vendor", "product", "cpu.missing", "hostname", "hostname.static", "cloudinit", "selinux",
    "apparmor", "apparmor.parser", "fips", "uptime", "load", "cpu.steal", "kernel.log",
    "limit.files", "limit.tasks", "hugepages", "numa", "cpus",
)  # fmt: skip


def os_is(own: str | None, like: str | None, version: str | None) -> dict[str, object]:
    return {"os.id": own, "os.like": like, "os.version": version, "os.name": None}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (os_is("debian", None, "13"), "ok"),
        (os_is("debian", None, "11"), "ok"),
        (os_is("debian", None, "10"), "warning"),
        (os_is("debian", None, None), "info"),
        (os_is("ubuntu", "debian", "24.04"), "ok"),
        (os_is("ubuntu", "debian", "20.04"), "ok"),
        (os_is("ubuntu", "debian", "18.04"), "warning"),
        (os_is("linuxmint", "ubuntu debian", "21"), "ok"),
        (os_is("rhel", None, "9.4"), "blocked"),
        (os_is("rocky", "rhel centos fedora", "9.4"), "blocked"),
        (os_is("arch", None, None), "blocked"),
        (os_is(None, None, None), "blocked"),
        (os_is("\x7fELF", "garbage", "x"), "blocked"),
    ],
)
def test_distributions(facts: dict[str, object], verdict: str) -> None:
    found = ask("system.os", facts)
    assert found.verdict == verdict, found
    if verdict in ("blocked", "warning"):
        assert found.fix
    if facts["os.id"] == "rhel":
        assert "not supported yet" in found.fix


UNIT = "systemd.failed"

SAID = [
    ("system.root", {"uid": "1000"}, "blocked", "1000"),
    ("system.arch", {"arch": "aarch64"}, "ok", "aarch64"),
    ("system.arch", {"arch": "riscv64"}, "blocked", "riscv64"),
    ("system.arch", {"arch": "i686"}, "blocked", "i686"),
    ("system.cpu-level", {"cpu.missing": "sse4_2 popcnt"}, "warning", "popcnt"),
    ("system.cpu-level", ARM, "ok", "aarch64"),
    ("system.init", {"init": "openrc-init"}, "blocked", "openrc-init"),
    ("system.units", {"systemd.state": "starting"}, "warning", "starting"),
    ("system.units", {"systemd.state": "maintenance"}, "blocked", "maintenance"),
    ("system.units", {"systemd.state": "offline"}, "skipped", "systemd"),
    ("system.units", {"init": "sysvinit"}, "skipped", "systemd"),
    ("system.units", {"systemd.state": "degraded", UNIT: ["a.mount", "b.service"]}, "warning",
     "a.mount, b.service"),
    ("system.units", {"systemd.state": "degraded", UNIT: "a.mount", **CONTAINER}, "info",
     "a.mount"),
    ("system.virtualisation", {"virt": "none"}, "ok", "bare metal"),
    ("system.virtualisation", {"virt": "lxc"}, "blocked", "lxc"),
    ("system.virtualisation", {"virt": "systemd-nspawn"}, "blocked", "nspawn"),
    ("system.hostname", {"hostname": "localhost"}, "blocked", "localhost"),
    ("system.hostname", {"hostname": "localhost.localdomain"}, "blocked", "localhost"),
    ("system.hostname", {"hostname.static": "localhost"}, "blocked", "localhost"),
    ("system.hostname", {"hostname": "12345"}, "blocked", "number"),
    ("system.hostname", {"hostname": "my_host"}, "blocked", "my_host"),
    ("system.hostname", {"hostname": "-cp1"}, "blocked", "-cp1"),
    ("system.hostname", {"hostname": "a" * 63, "hostname.static": None}, "info", "aaa"),
    ("system.hostname", {"hostname": "a" * 64}, "blocked", "64 characters"),
    ("system.hostname", {"hostname.static": "a" * 300}, "blocked", "300 characters"),
    ("system.hostname", {"hostname": "cp1.lan", "hostname.static": "cp1.lan"}, "ok", "cp1.lan"),
    ("system.hostname", {"hostname": "web7", "hostname.static": "web7"}, "info", "cp1"),
    ("system.hostname-kept", {"cloudinit": "disabled"}, "ok", "disabled"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "cp1"}, "ok", "cp1"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "vm-1"}, "warning",
     "vm-1"),
    ("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "vm-1",
     "cloudinit.preserve": "yes"}, "ok", "preserve_hostname"),
    ("system.selinux", {"selinux": "permissive"}, "ok", "permissive"),
    ("system.selinux", {"selinux": "permissive", "selinux.config": "enforcing"}, "info",
     "after the next boot"),
    ("system.selinux", {"selinux": "enforcing", "selinux.container": "no"}, "blocked", "policy"),
    ("system.selinux", {"selinux": "enforcing", "selinux.container": "yes"}, "warning",
     "containerd"),
    ("system.apparmor", {"apparmor.parser": "no"}, "blocked", "apparmor_parser"),
    ("system.apparmor", {"apparmor": "no", "apparmor.parser": "no"}, "ok", "off"),
    ("system.agents", {"process": "fapolicyd"}, "warning", "fapolicyd"),
    ("system.agents", {"process": ["falcon-sensor", "s1-agent"]}, "warning", "CrowdStrike"),
    ("system.agents", {"process": "multipathd"}, "ok", "none"),
    ("system.fips", {"fips": "yes"}, "warning", "on"),
    ("system.first-boot", {"cloudinit": "running"}, "warning", "cloud-init"),
    ("system.first-boot", {"uptime": "299.9"}, "info", "299"),
    ("system.first-boot", {"uptime": "300"}, "ok", "5 min"),
    ("system.load", {"cpus": "4", "load": "9 9 4.0"}, "ok", "4"),
    ("system.load", {"cpus": "4", "load": "0 0 4.1"}, "warning", "4.1"),
    ("system.load", {"cpus": "4", "load": "0 0 4.1", **CONTAINER}, "info", "4.1"),
    ("system.load", {"cpus": "4", "load": "a b c"}, "skipped", "load"),
    ("system.load", {"cpus": "0", "load": "0 0 1"}, "skipped", "load"),
    ("system.steal", {"cpu.steal": "10.0"}, "ok", "10"),
    ("system.steal", {"cpu.steal": "10.1"}, "warning", "10.1"),
    ("system.steal", {"cpu.steal": "nan"}, "skipped", "processors"),
    ("system.kernel-log", {"kernel.log": "unreadable"}, "skipped", "log"),
    ("system.kernel-log", {"kernel.trouble": "io 3 I/O error, dev sda"}, "warning", "dev sda"),
    ("system.kernel-log", {"kernel.trouble": "oom 1 Killed process 7"}, "warning", "memory"),
    ("system.kernel-log", {"kernel.trouble": "hung 1 task x"}, "warning", "hung"),
    ("system.kernel-log", {"kernel.trouble": "hardware 1 mce"}, "warning", "hardware"),
    ("system.kernel-log", {"kernel.trouble": "io 3 I/O error", **CONTAINER}, "info", "machine"),
    ("system.limits", {"limit.files": "65535"}, "warning", "65535 open files"),
    ("system.limits", {"limit.files": "65536"}, "ok", "enough"),
    ("system.limits", {"limit.tasks": "511"}, "warning", "511 tasks"),
    ("system.limits", {"limit.tasks": "512"}, "ok", "enough"),
    ("system.limits", {"limit.files": "infinity", "limit.tasks": "infinity"}, "ok", "enough"),
    ("system.limits", {"limit.files": "many", "limit.tasks": None}, "skipped", "limits"),
    ("system.layout", {"hugepages": "512 2048"}, "info", "1024 MB"),
    ("system.layout", {"isolcpus": "2-7", "numa": "2"}, "info", "2-7"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "verdict", "seen"), SAID)
def test_what_is_said_of_a_host(check: str, facts: Any, verdict: str, seen: str) -> None:
    found = ask(check, facts)
    assert found.verdict == verdict, found
    assert seen in found.seen
    if verdict in ("warning", "blocked"):
        assert found.fix
        assert found.expected
        assert found.why


@pytest.mark.parametrize(
    ("virt", "verdict"),
    [("systemd-nspawn", "info"), ("docker", "warning"), ("openvz", "warning"), ("kvm", "ok")],
)
def test_containers_in_a_test(virt: str, verdict: str) -> None:
    assert ask("system.virtualisation", {"virt": virt}, cluster=TEST).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict", "seen"),
    [
        ({"vendor": "Amazon EC2"}, "blocked", "AWS"),
        ({"vendor": "Google", "product": "Google Compute Engine"}, "blocked", "Google"),
        ({"vendor": "Microsoft Corporation", "chassis.tag": AZURE_TAG}, "blocked", "Azure"),
        ({"vendor": "Microsoft Corporation"}, "ok", "Microsoft"),
        ({"vendor": "QEMU", "chassis.tag": ORACLE_TAG}, "blocked", "Oracle"),
        ({"vendor": "Hetzner"}, "blocked", "Hetzner"),
        ({"vendor": "OpenStack Foundation"}, "warning", "OpenStack"),
        ({"vendor": "RDO", "product": "OpenStack Compute"}, "warning", "OpenStack"),
        ({"vendor": "Dell Inc."}, "ok", "Dell"),
        ({"vendor": None}, "skipped", "firmware"),
        ({"vendor": "Amazon EC2", "virt": "systemd-nspawn"}, "skipped", "container"),
    ],
)
def test_virtual_addresses_in_clouds(facts: Any, verdict: str, seen: str) -> None:
    found = ask("system.virtual-address", facts)
    assert found.verdict == verdict
    assert seen in found.seen
    if verdict in ("blocked", "warning"):
        assert (found.fix_kind, found.fix_with) == ("answer", "endpoint")


def on(check: str, cluster: ClusterSpec, host: str) -> bool:
    found = next(one for one in system.CHECKS if one.id == check)
    return found.on(cluster, cluster.host(host))


def test_only_hosts_that_announce_an_address_are_asked_for_their_cloud() -> None:
    assert on("system.virtual-address", PRODUCTION, "cp1")
    assert on("system.virtual-address", shapes()["kube-vip"], "cp1")
    assert on("system.virtual-address", DEDICATED, "lb1")
    assert not on("system.virtual-address", DEDICATED, "cp1")
    assert not on("system.virtual-address", PRODUCTION, "wk1")
    assert not on("system.virtual-address", shapes()["kube-vip-bgp"], "cp1")
    assert not on("system.virtual-address", shapes()["external-balancer"], "cp1")


ETC, RUN = "/etc/systemd/system", "/run/systemd/system"


@pytest.mark.parametrize(
    ("cluster", "host", "rows", "command"),
    [
        (PRODUCTION, "cp1", [f"kubelet.service {ETC}/kubelet.service"],
         "systemctl unmask kubelet.service"),
        (PRODUCTION, "cp1", [f"kubelet.service {ETC}/kubelet.service",
         f"containerd.service {RUN}/containerd.service"],
         "systemctl unmask kubelet.service && systemctl unmask --runtime containerd.service"),
        (PRODUCTION, "cp1", [f"haproxy.service {ETC}/haproxy.service",
         f"keepalived.service {ETC}/keepalived.service"],
         "systemctl unmask haproxy.service keepalived.service"),
        (PRODUCTION, "wk1", [f"haproxy.service {ETC}/haproxy.service"], ""),
        (DEDICATED, "lb1", [f"kubelet.service {ETC}/kubelet.service"], ""),
        (NGINX, "cp1", [f"nginx.service {ETC}/nginx.service"], "systemctl unmask nginx.service"),
        (NGINX, "cp1", [f"nginx.service {RUN}/nginx.service"], ""),
        (NGINX, "cp1", [f"haproxy.service {ETC}/haproxy.service"], ""),
        (TEST, "cp1", [f"chrony.service {ETC}/chrony.service"], ""),
    ],
)  # fmt: skip
def test_masked_units(cluster: ClusterSpec, host: str, rows: list[str], command: str) -> None:
    found = ask("system.masked", {"unit.masked": rows}, host=host, cluster=cluster)
    assert found.verdict == ("blocked" if command else "ok")
    assert found.fix_with == command


def test_chrony_is_needed_only_where_nobody_else_sets_the_clock() -> None:
    masked = {"unit.masked": f"chrony.service {ETC}/chrony.service"}
    assert ask("system.masked", {**masked, "time.service": None}).verdict == "blocked"
    assert ask("system.masked", {**masked, "time.service": "systemd-timesyncd"}).verdict == "ok"


def test_the_host_is_named_as_in_the_cluster_file() -> None:
    found = ask("system.hostname", {"hostname": "$(reboot)"})
    assert found.fix_with == "hostnamectl set-hostname cp1"


def test_containerd_may_leave_security_modules_alone() -> None:
    off = containerd(disable_apparmor=True)
    assert ask("system.apparmor", {"apparmor.parser": "no"}, cluster=off).verdict == "ok"
    told = containerd(enable_selinux=True)
    selinux = {"selinux": "enforcing", "selinux.container": "yes"}
    assert ask("system.selinux", selinux, cluster=told).verdict == "ok"


def test_the_policy_of_containers_is_installed_where_there_is_one() -> None:
    enforcing = {"selinux": "enforcing", "selinux.container": "no"}
    assert ask("system.selinux", enforcing).fix_with == system_security.PERMISSIVE
    found = ask("system.selinux", {**enforcing, "os.id": "rocky"})
    assert found.fix_with == "dnf install -y container-selinux"


def test_multipath_matters_to_storage() -> None:
    running = {"process": "multipathd"}
    assert ask("system.multipath", running, host="wk1", cluster=STORAGE).verdict == "warning"
    assert on("system.multipath", STORAGE, "wk1")
    assert not on("system.multipath", STORAGE, "wk2")


def test_the_worst_complaint_of_the_kernel_comes_first() -> None:
    troubles = ["hung 2 task", "oom 1 killed", "io 9 dev sdb"]
    found = ask("system.kernel-log", {"kernel.trouble": troubles})
    assert found.seen.index("sdb") < found.seen.index("killed") < found.seen.index("task")


# The script.


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    host.fake(
        "uname", "case $1 in -m) echo x86_64 ;; -n) echo cp1 ;; *) echo 6.1.0-1-amd64 ;; esac"
    )
    host.fake("id", "echo 0")
    host.fake("hostname", "echo cp1.lan")
    host.fake("systemd-detect-virt", "echo none; exit 1")
    host.fake("dmesg", "exit 1")
    host.fake("systemctl", "exit 1")
    return host


def look(host: ShellHost) -> Facts:
    ran = host.run(script("preflight_facts_probe").partition("fact clock.first")[0] + CALL)
    assert ran.status == 0
    assert ran.stderr == ""
    facts = Facts(ran.stdout)
    assert facts.complete
    return facts


def test_the_script_tells_what_a_host_is(host: ShellHost) -> None:
    host.write(
        "/etc/os-release",
        'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'
        "EVIL=$(touch /tmp/evil)\n",
    )
    host.write("/run/systemd/system/x", "")
    host.fake(
        "systemctl",
        """
case $* in
    is-system-running) echo degraded; exit 1 ;;
    "list-units --state=failed"*) echo "a.service loaded failed failed Something"; echo b.mount ;;
    "show "*) echo DefaultLimitNOFILE=524288; echo DefaultTasksMax=4915 ;;
esac""",
    )
    host.write("/proc/cpuinfo", "processor : 0\nflags\t\t: fpu cx16 lahf_lm popcnt sse4_1 ssse3\n")
    host.write("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n")
    host.write("/sys/class/dmi/id/product_uuid", "4c4c\n")
    host.write("/etc/machine-id", "abc\n")
    host.write("/proc/sys/kernel/random/boot_id", "b-1\n")
    host.write("/etc/iscsi/initiatorname.iscsi", "# x\nInitiatorName=iqn.1993-08.org.debian:01:a\n")
    host.write("/etc/nvme/hostnqn", "nqn.2014-08.org.nvmexpress:uuid:1\n")
    host.write("/etc/hostname", "cp1\n")
    host.write("/proc/uptime", "123.45 67\n")
    host.write("/proc/loadavg", "0.50 0.25 0.10 1/100 7\n")
    host.write("/proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\ncpu0 1\n")
    host.write("/proc/cmdline", "quiet isolcpus=2-3 ro\n")
    host.write(
        "/proc/meminfo", "MemTotal: 1 kB\nHugePages_Total:      16\nHugepagesize:    2048 kB\n"
    )
    facts = look(host)
    one = {key: facts.one(key) for key in facts.keys}
    assert (one["os.id"], one["os.like"]) == ("ubuntu", "debian")
    assert (one["os.version"], one["os.name"]) == ("24.04", "Ubuntu 24.04 LTS")
    assert (one["arch"], one["uid"], one["init"], one["virt"]) == ("x86_64", "0", "systemd", "none")
    assert one["systemd.state"] == "degraded"
    assert facts.all("systemd.failed") == ("a.service", "b.mount")
    assert (one["limit.files"], one["limit.tasks"]) == ("524288", "4915")
    assert one["cpu.missing"] == "sse4_2"
    assert (one["vendor"], one["product-uuid"]) == ("Dell Inc.", "4c4c")
    assert (one["machine-id"], one["boot-id"]) == ("abc", "b-1")
    assert one["iscsi.iqn"] == "iqn.1993-08.org.debian:01:a"
    assert one["nvme.hostnqn"] == "nqn.2014-08.org.nvmexpress:uuid:1"
    assert (one["hostname"], one["hostname.static"], one["fqdn"]) == ("cp1", "cp1", "cp1.lan")
    assert (one["uptime"], one["load"]) == ("123.45", "0.50 0.25 0.10")
    assert one["cpu.steal"] == "10.0"
    assert (one["isolcpus"], one["hugepages"]) == ("2-3", "16 2048")


def test_the_script_tells_masked_units(host: ShellHost) -> None:
    host.write("/run/systemd/system/x", "")
    for folder, unit in ((ETC, "kubelet"), (RUN, "nginx")):
        path = host.write(f"{folder}/{unit}.service", "")
        path.unlink()
        path.symlink_to("/dev/null")
    other = host.write(f"{ETC}/containerd.service", "[Unit]\n")
    assert other.exists()
    assert set(look(host).all("unit.masked")) == {
        f"kubelet.service {ETC}/kubelet.service",
        f"nginx.service {RUN}/nginx.service",
    }


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ((), "absent"),
        (("disabled",), "disabled"),
        (("enabled", "status.json"), "running"),
        (("enabled", "status.json", "result.json"), "done"),
    ],
)
def test_the_script_tells_how_far_cloud_init_is(
    host: ShellHost, files: tuple[str, ...], state: str
) -> None:
    for file in files:
        host.write(f"/run/cloud-init/{file}", "{}")
    assert look(host).one("cloudinit") == state


def test_the_last_file_of_cloud_init_counts(host: ShellHost) -> None:
    assert look(host).one("cloudinit.preserve") is None
    host.write("/etc/cloud/cloud.cfg", "preserve_hostname: true\n")
    assert look(host).yes("cloudinit.preserve") is True
    host.write(
        "/etc/cloud/cloud.cfg.d/50.cfg", "# preserve_hostname: true\npreserve_hostname: no\n"
    )
    assert look(host).yes("cloudinit.preserve") is False


def test_the_command_of_the_fix_makes_cloud_init_leave_the_name_alone(host: ShellHost) -> None:
    host.write("/etc/cloud/cloud.cfg", "preserve_hostname: false\n")
    host.write("/etc/cloud/cloud.cfg.d/99_x.cfg", "preserve_hostname: false\n")
    fix = ask("system.hostname-kept", {"cloudinit": "done", "cloudinit.hostname": "x"}).fix_with
    subprocess.run(
        ["sh", "-c", fix.replace("/etc/", f"{host.folder}/root/etc/")], check=True, timeout=10
    )
    assert look(host).yes("cloudinit.preserve") is True


def test_the_script_tells_of_security_modules(host: ShellHost) -> None:
    bare = look(host)
    assert (bare.one("selinux"), bare.one("apparmor"), bare.one("fips")) == ("disabled", "no", "no")
    host.write("/sys/fs/selinux/enforce", "1")
    host.write("/etc/selinux/config", "# x\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
    host.write("/sys/module/apparmor/parameters/enabled", "Y\n")
    assert look(host).one("apparmor") == "no", "a container sees the module, not the folder"
    host.write("/sys/kernel/security/apparmor/profiles", "")
    host.write("/proc/sys/crypto/fips_enabled", "1\n")
    facts = look(host)
    assert (facts.one("selinux"), facts.one("selinux.container")) == ("enforcing", "no")
    assert facts.one("selinux.config") == "enforcing"
    assert (facts.one("apparmor"), facts.one("apparmor.parser")) == ("yes", "no")
    assert facts.one("fips") == "yes"
    host.write("/usr/sbin/apparmor_parser", "", mode=0o755)
    host.write("/usr/share/selinux/packages/container.pp.bz2", "")
    facts = look(host)
    assert (facts.one("apparmor.parser"), facts.one("selinux.container")) == ("yes", "yes")


def test_the_script_tells_programs_by_their_whole_names(host: ShellHost) -> None:
    for pid, name in enumerate(("systemd", "fapolicyd", "fapolicyd", "multipathd", "xagts"), 1):
        host.write(f"/proc/{pid}/comm", f"{name}\n")
    assert look(host).all("process") == ("fapolicyd", "multipathd")


LOG = """\
[1.0] end_request: I/O error, dev fd0, sector 0
[2.0] Memory cgroup out of memory: Killed process 7 (java)
[3.0] Out of memory: Killed process 8 (mysqld) total-vm:1kB
[4.0] blk_update_request: I/O error, dev sda, sector 1
[5.0] EXT4-fs error (device sda1): ext4_find_entry:1
[6.0] INFO: task jbd2/sda1-8:300 blocked for more than 120 seconds.
[7.0] mce: [Hardware Error]: Machine check events logged
[8.0] random: crng init done
"""


def test_the_script_tells_complaints_of_the_kernel(host: ShellHost) -> None:
    assert look(host).one("kernel.log") == "unreadable"
    host.write("/log", LOG)
    host.fake("dmesg", f"cat {host.folder}/root/log")
    facts = look(host)
    assert facts.one("kernel.log") == "read"
    rows = {row[0]: row[1:] for row in facts.rows("kernel.trouble", 3)}
    assert {kind: count for kind, (count, _) in rows.items()} == {
        "oom": "1", "io": "2", "hung": "1", "hardware": "1"
    }  # fmt: skip
    assert "mysqld" in rows["oom"][1]
    assert "sda1" in rows["io"][1]


def test_the_script_bears_missing_and_broken_files(host: ShellHost) -> None:
    (host.folder / "root/etc/os-release").unlink()
    facts = look(host)
    assert facts.one("os.id") is None
    assert facts.one("init") is None
    garbage = bytes(range(256)) * 40
    for path in ("etc/os-release", "etc/hostname", "proc/uptime", "proc/loadavg", "proc/stat",
                 "proc/cpuinfo", "proc/meminfo", "proc/cmdline", "proc/1/comm", "etc/machine-id",
                 "etc/iscsi/initiatorname.iscsi", "sys/fs/selinux/enforce", "etc/selinux/config",
                 "etc/cloud/cloud.cfg", "var/lib/cloud/data/previous-hostname"):  # fmt: skip
        target = host.folder / "root" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(garbage)
    ran = subprocess.run(
        ["/bin/sh", "-c", script("preflight_facts_probe").partition("fact clock.first")[0] + CALL],
        env={
            "PATH": f"{host.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "CALLS": str(host.folder / "calls"),
            "HAUI_ROOT": str(host.folder / "root"),
        },
        capture_output=True,
        timeout=30,
        check=True,
    )
    facts = Facts(ran.stdout.decode(errors="replace"))
    assert facts.complete
    assert facts.one("os.id") is None
    assert facts.one("arch") == "x86_64"


def test_a_hanging_command_does_not_hold_up_the_rest(host: ShellHost) -> None:
    host.fake("hostname", "sleep 60")
    host.fake("timeout", '[ "$4" != hostname ] || exit 124; shift 3; exec "$@"')
    assert look(host).one("fqdn") is None
    assert all(
        call.split()[:3] == ["timeout", "-k", "1"] for call in host.calls if "timeout" in call
    )

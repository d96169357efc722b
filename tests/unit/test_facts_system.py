"""What the script tells of a host's system, in a folder instead of /."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from haui.evidence import Facts
from tests.unit.checks import ask
from tests.unit.facts_of import look_at_garbage, look_with
from tests.unit.shell_host import ShellHost

ETC, RUN = "/etc/systemd/system", "/run/systemd/system"


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    host.fake("uname", "echo cp1 6.1.0-1-amd64 x86_64")
    host.fake("id", "echo 0")
    host.fake("systemd-detect-virt", "echo none; exit 1")
    host.fake("dmesg", "exit 1")
    host.fake("systemctl", "exit 1")
    return host


def look(host: ShellHost) -> Facts:
    return look_with(host, "facts_system")


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
    "list-units --state=failed"*) echo "a.service loaded failed failed Something"; echo b.mount ;;
    "show "*) echo SystemState=degraded; echo DefaultLimitNOFILE=524288
        echo DefaultTasksMax=4915 ;;
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
    assert (one["hostname"], one["hostname.static"]) == ("cp1", "cp1")
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_complaints_come_from_the_kernel_itself_where_it_can_be_read(host: ShellHost) -> None:
    """A character device stands for the kernel's; dd says what reading it to its end gives."""
    host.write("/dev/x", "")
    (host.folder / "root/dev/kmsg").symlink_to("/dev/null")
    host.write("/log", LOG)
    host.fake("dmesg", f"cat {host.folder}/root/log")
    host.fake("dd", f"cat {host.folder}/root/records; exit 1")
    record = "3,7,5140900,-;EXT4-fs error (device sda1): x"
    host.write("/records", f"{record}\n SUBSYSTEM=block\n6,8,6,-;a\n")
    assert len(look(host).rows("kernel.trouble", 3)) == 4, "a link leads elsewhere"
    (host.folder / "root/dev/kmsg").unlink()
    os.mknod(host.folder / "root/dev/kmsg", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    facts = look(host)
    assert facts.one("kernel.log") == "read"
    told = facts.one("kernel.trouble")
    assert told == "io 1 [    5.140900] EXT4-fs error (device sda1): x"


def test_the_script_bears_missing_and_broken_files(host: ShellHost) -> None:
    (host.folder / "root/etc/os-release").unlink()
    facts = look(host)
    assert facts.one("os.id") is None
    assert facts.one("init") is None
    paths = ("/etc/os-release", "/etc/hostname", "/proc/uptime", "/proc/loadavg", "/proc/stat",
             "/proc/cpuinfo", "/proc/meminfo", "/proc/cmdline", "/proc/1/comm", "/etc/machine-id",
             "/etc/iscsi/initiatorname.iscsi", "/sys/fs/selinux/enforce", "/etc/selinux/config",
             "/etc/cloud/cloud.cfg", "/var/lib/cloud/data/previous-hostname")  # fmt: skip
    facts = look_at_garbage(host, paths, "facts_system")
    assert facts.one("os.id") is None
    assert facts.one("arch") == "x86_64"


def test_a_hanging_command_does_not_hold_up_the_rest(host: ShellHost) -> None:
    host.write("/run/systemd/system/x", "")
    host.fake("systemctl", "sleep 60")
    host.fake("timeout", '[ "$4" != systemctl ] || exit 124; shift 3; exec "$@"')
    facts = look(host)
    assert (facts.one("systemd.state"), facts.one("arch")) == (None, "x86_64")
    assert all(
        call.split()[:3] == ["timeout", "-k", "1"] for call in host.calls if "timeout" in call
    )

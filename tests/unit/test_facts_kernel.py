"""What the script tells of a host's kernel, in a folder instead of /."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from haui.evidence import Facts
from haui.rehearsal.facts import kernel as healthy
from tests.unit.checks import ask
from tests.unit.facts_of import look_at_garbage, look_with, text_of
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    host.fake("uname", "echo cp1 6.1.0-1-amd64 x86_64")
    host.fake("modprobe", "exit 1")
    return host


def look(host: ShellHost) -> Facts:
    return look_with(host, "facts_kernel")


MODULES = {*healthy.LOADED, *healthy.LOADABLE}
OFF = "off /etc/modprobe.d/cis.conf"
TREE = "/lib/modules/6.1.0-1-amd64"


def states(host: ShellHost) -> dict[str, str]:
    return {row[0]: row[1] for row in look(host).rows("module", 2)}


def test_the_script_tells_modules_from_the_lists_of_modprobe(host: ShellHost) -> None:
    host.write(
        f"{TREE}/modules.dep",
        "kernel/fs/overlayfs/overlay.ko.zst:\n"
        "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\n"
        "kernel/drivers/net/vxlan/vxlan.ko.xz: kernel/x/udp_tunnel.ko\n"
        "kernel/drivers/block/rbd.ko:\n",
    )
    host.write(
        f"{TREE}/modules.builtin", "kernel/net/netfilter/nf_conntrack.ko\nkernel/a/ip-set.ko\n"
    )
    host.write("/etc/modprobe.d/cis.conf", "install vxlan /bin/true\ninstall rbd /sbin/other\n")
    host.write("/sys/module/overlay/x", "")
    facts = look(host)
    assert facts.yes("kernel.modules") is True
    told = states(host)
    assert told["overlay"] == "works", "it is loaded"
    assert told["br_netfilter"] == "loadable"
    assert told["vxlan"] == "off /etc/modprobe.d/cis.conf"
    assert told["rbd"] == "loadable"
    assert told["nf_conntrack"] == told["ip_set"] == "works"
    assert told["nf_tables"] == "missing"
    assert set(told) == MODULES


def test_what_is_loaded_works_though_it_must_not_be_loaded(host: ShellHost) -> None:
    host.write(f"{TREE}/modules.dep", "kernel/a/vxlan.ko:\n")
    host.write("/etc/modprobe.d/cis.conf", "install vxlan /bin/false\n")
    host.write("/sys/module/vxlan/x", "")
    assert states(host)["vxlan"] == "works"


def test_the_command_of_the_fix_lets_modules_be_loaded(host: ShellHost) -> None:
    host.write(f"{TREE}/modules.dep", "kernel/a/br_netfilter.ko:\n")
    host.write(
        "/etc/modprobe.d/cis.conf", "install br-netfilter /bin/false\ninstall b /bin/false\n"
    )
    told = states(host)["br_netfilter"]
    assert told == OFF
    fix = ask("kernel.modules", {"module": f"br_netfilter {told}"}).fix_with
    subprocess.run(
        ["sh", "-c", fix.replace("/etc/", f"{host.folder}/root/etc/")], check=True, timeout=10
    )
    assert states(host)["br_netfilter"] == "loadable"
    assert host.read("/etc/modprobe.d/cis.conf").endswith("\ninstall b /bin/false\n")


def test_a_container_shows_modules_by_what_they_do(host: ShellHost) -> None:
    host.write("/proc/filesystems", "nodev\toverlay\n")
    host.write("/proc/sys/net/bridge/x", "")
    host.write("/sys/module/ip_vs/x", "")
    told = states(host)
    assert (told["overlay"], told["br_netfilter"], told["ip_vs"]) == ("works",) * 3
    assert told["nf_conntrack"] == "missing"
    assert told["ip_vs_rr"] == told["vxlan"] == told["nf_tables"] == "unknown"


def test_the_script_tells_kernels_and_reboots(host: ShellHost) -> None:
    bare = look(host)
    assert (bare.one("kernel.release"), bare.all("kernel.installed")) == ("6.1.0-1-amd64", ())
    assert bare.yes("kernel.modules") is False
    assert bare.yes("reboot.required") is False
    host.write("/boot/vmlinuz-6.1.0-2-amd64", "")
    host.write("/boot/vmlinuz", "")
    host.write("/lib/modules/6.1.0-3/vmlinuz", "")
    host.write("/run/reboot-required", "")
    host.write("/run/reboot-required.pkgs", "linux-image\nlibc6\n")
    facts = look(host)
    assert facts.all("kernel.installed") == ("6.1.0-2-amd64", "6.1.0-3")
    assert facts.yes("reboot.required") is True
    assert facts.one("reboot.packages") == "linux-image libc6"


def test_the_script_tells_cgroups(host: ShellHost) -> None:
    assert look(host).one("cgroup") is None
    host.write("/sys/fs/cgroup/memory/x", "")
    rows = "#name\thierarchy\tcount\tenabled\ncpu\t2\t1\t1\nmemory\t0\t1\t0\npids\t3\t1\t1\n"
    host.write("/proc/cgroups", rows)
    facts = look(host)
    assert (facts.one("cgroup"), facts.one("cgroup.controllers")) == ("v1", "cpu pids")
    host.write("/sys/fs/cgroup/unified/cgroup.controllers", "")
    assert look(host).one("cgroup") == "hybrid"
    host.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
    facts = look(host)
    assert facts.one("cgroup") == "v2"
    assert facts.one("cgroup.controllers") == "cpuset cpu io memory pids"


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("shared:1", "shared"),
        ("master:1", "slave"),
        ("shared:2 master:1", "shared"),
        ("", "private"),
    ],
)
def test_the_script_tells_how_mounts_propagate(host: ShellHost, tags: str, kind: str) -> None:
    other = "21 20 8:1 / /mnt rw shared:9 - ext4 /dev/sdb rw\n"
    host.write("/proc/1/mountinfo", f"20 1 8:1 / / rw {tags} - ext4 /dev/sda rw\n{other}")
    assert look(host).one("root.propagation") == kind


def test_the_script_tells_lockdown_and_secure_boot(host: ShellHost) -> None:
    assert look(host).one("lockdown") is None
    host.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    variable = host.write("/sys/firmware/efi/efivars/SecureBoot-8be4df61", "")
    variable.write_bytes(b"\x06\0\0\0\x01")
    facts = look(host)
    assert (facts.one("lockdown"), facts.yes("secureboot")) == ("integrity", True)
    variable.write_bytes(b"\x06\0\0\0\0")
    assert look(host).yes("secureboot") is False


def test_the_script_tells_settings(host: ShellHost) -> None:
    host.write("/proc/sys/net/ipv4/ip_forward", "1\n")
    host.write("/proc/sys/net/bridge/bridge-nf-call-iptables", "0\n")
    host.write("/proc/sys/fs/inotify/max_user_watches", "8192\n")
    for name in ("all", "ens3"):
        host.write(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "2\n")
        host.write(f"/proc/sys/net/ipv4/conf/{name}/arp_ignore", "0\n")
    facts = look(host)
    assert {row[0]: row[1] for row in facts.rows("sysctl", 2)} == {
        "net.ipv4.ip_forward": "1",
        "net.bridge.bridge-nf-call-iptables": "0",
        "fs.inotify.max_user_watches": "8192",
    }
    assert set(facts.all("rp_filter")) == {"all 2", "ens3 2"}
    assert set(facts.all("arp_ignore")) == {"all 0", "ens3 0"}


def test_keys_with_an_underscore_come_through_the_whole_script(host: ShellHost) -> None:
    host.write("/proc/sys/net/ipv4/conf/all/rp_filter", "2\n")
    host.write("/proc/sys/net/ipv4/conf/all/arp_ignore", "1\n")
    facts = Facts(host.run("preflight_facts_probe").stdout)
    assert (facts.all("rp_filter"), facts.all("arp_ignore")) == (("all 2",), ("all 1",))


def test_the_script_reads_settings_of_the_kernel_whole() -> None:
    """The kernel gives a setting at once or not at all; a shell's read takes single bytes."""
    wanted = Path("/proc/sys/fs/inotify/max_user_watches")
    if not wanted.exists():
        pytest.skip("no such setting here")
    ran = subprocess.run(
        ["/bin/sh", "-c", text_of("facts_sysctl")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    told = {row[0]: row[1] for row in Facts(ran.stdout).rows("sysctl", 2)}
    assert told["fs.inotify.max_user_watches"] == wanted.read_text().strip()


def assignments(host: ShellHost) -> set[tuple[str, ...]]:
    return set(look(host).rows("sysctl.file", 3))


def test_the_script_tells_assignments_in_every_way_of_writing(host: ShellHost) -> None:
    host.write(
        "/etc/sysctl.d/10.conf",
        "# net.ipv4.ip_forward = 5\n; net.ipv4.ip_forward = 6\n  -net/ipv4/ip_forward=0  \n"
        "kernel.panic = 1\nnet.ipv4.ip_forward\n",
    )
    host.write("/usr/lib/sysctl.d/20.conf", "net.ipv4.ip_forward = 1\n")
    host.write("/etc/ufw/sysctl.conf", "net/ipv4/ip_forward=0\n")
    host.write("/etc/sysctl.d/30.conf.haui-orig", "net.ipv4.ip_forward = 7\n")
    expected = {
        ("net.ipv4.ip_forward", "0", "/etc/sysctl.d/10.conf"),
        ("net.ipv4.ip_forward", "1", "/usr/lib/sysctl.d/20.conf"),
    }
    assert assignments(host) == expected
    host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    assert assignments(host) == expected | {("net.ipv4.ip_forward", "0", "/etc/ufw/sysctl.conf")}


def test_a_file_hides_those_of_its_name(host: ShellHost) -> None:
    host.write("/usr/lib/sysctl.d/zzz.conf", "net.ipv4.ip_forward = 0\n")
    assert assignments(host)
    mask = host.write("/etc/sysctl.d/zzz.conf", "")
    assert not assignments(host)
    mask.unlink()
    mask.symlink_to("/dev/null")
    assert not assignments(host)


def test_the_command_of_the_fix_makes_the_later_file_silent(host: ShellHost) -> None:
    text = "kernel.panic = 1\n - net/ipv4/ip_forward = 0\nnet.ipv4.conf.all.forwarding=0\n"
    host.write("/etc/sysctl.d/zzz it's.conf", text)
    rows = [" ".join(row) for row in look(host).rows("sysctl.file", 3)]
    fix = ask("kernel.settings-files", {"sysctl.file": rows}).fix_with
    fix = fix.replace("/etc/", f"{host.folder}/root/etc/")
    subprocess.run(["sh", "-c", fix], check=True, timeout=10)
    assert not assignments(host)
    assert host.read("/etc/sysctl.d/zzz it's.conf").startswith("kernel.panic = 1\n")
    assert host.read("/etc/sysctl.d/zzz it's.conf.haui-orig") == text


def test_the_script_bears_broken_files(host: ShellHost) -> None:
    paths = ("/proc/cgroups", "/sys/fs/cgroup/memory/x", "/proc/1/mountinfo",
             "/sys/kernel/security/lockdown", "/etc/sysctl.d/x.conf", "/etc/modprobe.d/x.conf",
             "/run/reboot-required.pkgs", "/proc/sys/net/ipv4/ip_forward",
             f"{TREE}/modules.dep")  # fmt: skip
    facts = look_at_garbage(host, paths, "facts_kernel")
    assert {row[0] for row in facts.rows("module", 2)} == MODULES

"""The steps of the operating system, run by /bin/sh in a folder instead of /."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.step import Call, Step
from steps import system
from tests.unit.shell_host import Ran, ShellHost, with_systemctl
from tests.unit.specs import spec

SWAP, MODULES, SYSCTL, SELINUX, HOSTS, TIME = system.STEPS


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.write("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    return host


def run(host: ShellHost, call: Call | None) -> Ran:
    assert call is not None
    inputs = {name: content.decode() for name, content in call.inputs.items()}
    return host.run(call.script, call.env, inputs)


def look(host: ShellHost, step: Step) -> Ran:
    return run(host, step.work(spec(), spec().hosts[0], {}).probe)


def change(host: ShellHost, step: Step) -> Ran:
    return run(host, step.work(spec(), spec().hosts[0], {}).apply)


FSTAB = "# disks\nUUID=1 / ext4 rw 0 1\n/swap.img none swap sw 0 0\n# /old none swap sw 0 0\n"


def test_swap_is_turned_off_for_good_and_undoable(host: ShellHost) -> None:
    host.write("/etc/fstab", FSTAB, mode=0o640)
    swaps = host.write("/proc/swaps", "Filename\n/swap.img file 1 0 -2\n")
    host.fake("swapoff", f"echo Filename >{swaps}")
    before = look(host, SWAP)
    assert before.verdict("swap in use") == "differs"
    assert before.findings["swap in /etc/fstab"].seen == "/swap.img"
    assert change(host, SWAP).status == 0
    assert look(host, SWAP).done
    assert host.read("/etc/fstab").splitlines() == [
        "# disks",
        "UUID=1 / ext4 rw 0 1",
        "# haui: no swap with Kubernetes: /swap.img none swap sw 0 0",
        "# /old none swap sw 0 0",
    ]
    assert host.read("/var/lib/haui/before/kept/etc/fstab") == FSTAB
    assert (host.folder / "root/etc/fstab").stat().st_mode & 0o777 == 0o640
    assert "systemctl mask swap.target" in host.calls
    assert "swapoff -a" in host.calls


def test_swap_units_and_zram_are_kept_off(host: ShellHost) -> None:
    state = Path(host.env["STATE"])
    (state / "units").write_text("dev-sda3.swap loaded active active Swap Partition\n")
    (state / "enabled-zramswap.service").write_text("enabled\n")
    host.write("/usr/lib/systemd/system-generators/zram-generator", "", mode=0o755)
    host.write("/etc/systemd/zram-generator.conf", "[zram0]\n")
    found = look(host, SWAP)
    assert found.findings["compressed swap (zram)"].seen.split() == [
        "zramswap.service", "zram-generator"
    ]  # fmt: skip
    assert change(host, SWAP).status == 0
    assert look(host, SWAP).done
    assert "systemctl mask dev-sda3.swap" in host.calls
    assert host.read("/etc/systemd/zram-generator.conf") == ""


def test_swap_stays_when_the_kubelet_is_told_to_bear_it() -> None:
    bearing = spec(advanced={"kubeadm": {"KubeletConfiguration": {"failSwapOn": False}}})
    assert not SWAP.on(bearing, bearing.hosts[0])
    assert SWAP.on(spec(), spec().hosts[0])


def builtin(host: ShellHost) -> None:
    """A kernel with everything built in and no module tree, as containers see it."""
    host.write("/proc/filesystems", "nodev\toverlay\n")
    host.write("/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n")
    host.write("/proc/sys/net/netfilter/nf_conntrack_max", "1\n")
    host.fake("modprobe", "exit 1")


def test_built_in_modules_are_accepted_without_being_listed(host: ShellHost) -> None:
    builtin(host)
    assert look(host, MODULES).done
    assert change(host, MODULES).status == 0
    assert "overlay" not in host.read(system.MODULES_LIST).splitlines()
    assert look(host, MODULES).done


def test_loadable_modules_are_loaded_and_listed(host: ShellHost) -> None:
    modules = host.folder / "root/sys/module"
    host.fake("modprobe", f'case $1 in -nq) ;; *) mkdir -p "{modules}/$2" ;; esac')
    assert look(host, MODULES).verdict("module br_netfilter") == "differs"
    assert change(host, MODULES).status == 0
    listed = host.read(system.MODULES_LIST).splitlines()
    assert listed[1:] == ["overlay", "br_netfilter", "nf_conntrack"]
    assert look(host, MODULES).done


def test_a_missing_module_is_named_with_the_fix(host: ShellHost) -> None:
    host.fake("modprobe", "exit 1")
    ran = change(host, MODULES)
    assert ran.status == 1
    assert "kernel module overlay does not exist" in ran.stderr
    assert "linux-modules-extra" in ran.stderr


def test_settings_are_read_from_the_kernel_and_not_from_the_file(host: ShellHost) -> None:
    for name, value in system.sysctls(spec()).items():
        host.write(f"/proc/sys/{name.replace('.', '/')}", f"{value}\n")
    assert look(host, SYSCTL).done
    host.write("/proc/sys/net/ipv4/ip_forward", "0\n")
    assert look(host, SYSCTL).verdict("net.ipv4.ip_forward") == "differs"
    (host.folder / "root/proc/sys/net/bridge/bridge-nf-call-iptables").unlink()
    assert "module" in look(host, SYSCTL).findings["net.bridge.bridge-nf-call-iptables"].seen


def test_the_file_of_settings_says_what_the_probe_expects() -> None:
    work = SYSCTL.work(spec(), spec().hosts[0], {})
    assert work.probe is not None
    lines = work.files[0].content.decode().splitlines()[1:]
    assert [line.replace(" ", "") for line in lines] == work.probe.env["HAUI_SYSCTLS"].split()


def resolver(host: ShellHost) -> None:
    hosts = host.folder / "root/etc/hosts"
    host.fake("getent", f'awk -v n="$2" \'$2 == n {{ print $1, "STREAM"; exit }}\' {hosts}')


def test_the_block_of_names_goes_first_and_leaves_the_rest_alone(host: ShellHost) -> None:
    original = "127.0.0.1 localhost\n10.9.9.9 api.atlas.lan\n"
    host.write("/etc/hosts", original)
    resolver(host)
    assert look(host, HOSTS).findings["address of api.atlas.lan"].seen == "10.9.9.9"
    assert change(host, HOSTS).status == 0
    assert host.read("/etc/hosts") == system.hosts_block(spec()) + original
    assert look(host, HOSTS).done
    assert change(host, HOSTS).status == 0
    assert host.read("/etc/hosts") == system.hosts_block(spec()) + original
    assert host.read("/var/lib/haui/before/kept/etc/hosts") == original


def test_names_below_a_block_without_its_end_stay(host: ShellHost) -> None:
    host.write("/etc/hosts", "# BEGIN haui\n10.9.9.9 api.atlas.lan\n127.0.0.1 localhost\n")
    resolver(host)
    for _ in range(2):
        assert change(host, HOSTS).status == 0
        below = "10.9.9.9 api.atlas.lan\n127.0.0.1 localhost\n"
        assert host.read("/etc/hosts") == system.hosts_block(spec()) + below
    assert look(host, HOSTS).done


def test_cloud_init_is_kept_from_writing_the_names_anew(host: ShellHost) -> None:
    host.write("/etc/hosts", system.hosts_block(spec()))
    host.write("/etc/cloud/cloud.cfg.d/README", "")
    resolver(host)
    assert look(host, HOSTS).verdict("cloud-init and /etc/hosts") == "differs"
    change(host, HOSTS)
    assert look(host, HOSTS).done


def clock(host: ShellHost, synchronised: str, container: bool = False) -> None:
    host.fake("timedatectl", f"echo {synchronised}")
    host.fake("systemd-detect-virt", "exit 0" if container else "exit 1")
    host.fake("chronyc", "exit 1")


def time_probe(host: ShellHost, profile: str) -> Ran:
    changed = spec(profile=profile)
    return run(host, TIME.work(changed, changed.hosts[0], {}).probe)


def test_a_missing_time_service_is_mended_in_production_and_said_in_a_test(host: ShellHost) -> None:
    clock(host, "no")
    assert time_probe(host, "production").verdict("time service") == "differs"
    assert time_probe(host, "test").verdict("time service") == "info"
    (Path(host.env["STATE"]) / "active").write_text("chrony\n")
    assert time_probe(host, "production").verdict("clock") == "differs"
    clock(host, "yes")
    assert time_probe(host, "production").done


def test_in_a_container_the_clock_is_the_machines(host: ShellHost) -> None:
    clock(host, "no", container=True)
    assert time_probe(host, "production").verdict("time service") == "info"

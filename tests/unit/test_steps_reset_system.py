"""The reset of a host's settings and packages, run by /bin/sh in a folder instead of /."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import system
from steps.load import body
from tests.unit.reset_host import ResetHost, change, rooted, undone

SWAP, _, SYSCTL, SELINUX, HOSTS, _ = system.STEPS


@pytest.fixture
def host(tmp_path: Path) -> ResetHost:
    return ResetHost(tmp_path)


def test_kernel_parameters_are_what_they_were(host: ResetHost) -> None:
    forward = host.write("/proc/sys/net/ipv4/ip_forward", "0\n")
    panic = host.write("/proc/sys/kernel/panic", "0\n")
    keys = host.write("/proc/sys/kernel/keys/root_maxkeys", "1\t2\n")
    host.write(system.SYSCTL_FILE, "# x\nnet.ipv4.ip_forward = 1\n")
    host.fake("sysctl", f"echo 1 >{forward}")
    change(host, SYSCTL)
    panic.write_text("10\n")  # the kubelet
    change(host, SYSCTL)
    seen = host.step("reset.system", "probe")
    assert (seen.verdict("net.ipv4.ip_forward"), seen.verdict("kernel.panic")) == (
        "differs", "differs",
    )  # fmt: skip
    undone(host, "reset.system")
    assert (forward.read_text(), panic.read_text(), keys.read_text()) == ("0\n", "0\n", "1\t2\n")


FSTAB = "UUID=1 / ext4 rw 0 1\n/swap.img none swap sw 0 0\n"


@pytest.mark.parametrize("added", ["", "UUID=2 /data ext4 rw 0 0\n"], ids=["as left", "edited"])
def test_swap_is_on_again(host: ResetHost, added: str) -> None:
    host.write("/etc/fstab", FSTAB, mode=0o640)
    host.write("/swap.img", "")
    host.write("/dev/zram0", "")
    swaps = host.write(
        "/proc/swaps", "Filename\n/swap.img file 1 0 -2\n/dev/zram0 partition 1 0 100\n"
    )
    host.fake("swapoff", f"echo Filename >{swaps}")
    host.fake("swapon", f'for n do :; done; echo "$n file 1 0 -2" >>{swaps}')
    host.unit("zramswap.service", "active", "enabled")
    change(host, SWAP)
    change(host, SWAP)
    assert "#" in host.read("/etc/fstab")
    with rooted(host, "/etc/fstab").open("a") as fstab:
        fstab.write(added)
    undone(host, "reset.system")
    assert host.read("/etc/fstab") == FSTAB + added
    assert rooted(host, "/etc/fstab").stat().st_mode & 0o777 == 0o640
    assert "swapon /swap.img" in host.calls
    assert "swapon -p 100 /dev/zram0" in host.calls
    assert "systemctl unmask swap.target" in host.calls
    undone(host, "reset.files")
    undone(host, "reset.units")
    assert (host.state / "enabled-zramswap.service").read_text() == "enabled\n"


def test_swap_that_was_off_stays_off(host: ResetHost) -> None:
    host.unit("swap.target", "", "masked")
    change(host, SWAP)
    undone(host, "reset.system")
    assert not any(call.startswith(("swapon", "systemctl unmask")) for call in host.calls)


def test_selinux_enforces_again_and_forgets_what_it_was_told(host: ResetHost) -> None:
    enforce = host.write("/sys/fs/selinux/enforce", "1")
    host.write("/etc/selinux/config", "SELINUX=enforcing\n")
    host.fake("setenforce", f'printf %s "$1" >{enforce}')
    host.fake("getsebool", 'echo "$1 --> $(cat "$STATE/$1" 2>/dev/null || echo off)"')
    host.fake("setsebool", 'case $3 in 1) echo on ;; *) echo "$3" ;; esac >"$STATE/$2"')
    host.fake("semanage", SEMANAGE)
    change(host, SELINUX)
    text = (
        "# haui: include\n" + body("selinux_lib") + "\nallow_selinux haproxy_connect_any\n"
        "allow_selinux_port http_port_t 8443\n"
    )
    host.on_record(text)
    assert enforce.read_text() == "0"
    assert not host.step("reset.system", "probe").done
    undone(host, "reset.system")
    undone(host, "reset.files")
    assert enforce.read_text() == "1"
    assert host.read("/etc/selinux/config") == "SELINUX=enforcing\n"
    assert (host.state / "haproxy_connect_any").read_text() == "off\n"
    assert "semanage port -d -p tcp 8443" in host.calls


SEMANAGE = """
case "$1 $2 $3" in
    "port -l -C") cat "$STATE/ports" 2>/dev/null ;;
    "port -l "*) cat "$STATE/ports" 2>/dev/null ;;
    "port -a -t") echo "$4 tcp $7" >"$STATE/ports" ;;
    "port -d -p") rm -f "$STATE/ports" ;;
esac
exit 0
"""


# Packages

DPKG_QUERY = """
for n do :; done
[ -e "$STATE/pkg-$n" ] || exit 1
case "$*" in *Version*) echo "installed $(cat "$STATE/pkg-$n")" ;; *) echo installed ;; esac
"""
DPKG = """
case "$*" in
    *--no-act*)
        for n do case $n in -*) ;; *)
            if [ -e "$STATE/needed-$n" ]; then
                echo "dpkg: dependency problems prevent removal of $n:"
            else
                echo "Would remove or purge $n (1.0) ..."
            fi ;;
        esac; done ;;
esac
exit 0
"""
APT_GET = """
case " $* " in *" purge "*) for n do rm -f "$STATE/pkg-$n"; done ;; esac
exit 0
"""


def debian(host: ResetHost, **packages: str) -> None:
    host.fake("dpkg-query", DPKG_QUERY)
    host.fake("dpkg", DPKG)
    host.fake("apt-get", APT_GET)
    host.fake(
        "apt-mark",
        'case $1 in showhold) cat "$STATE/held" ;; unhold) rm "$STATE/held" ;; esac 2>/dev/null; :',
    )
    for name, version in packages.items():
        (host.state / f"pkg-{name}").write_text(f"{version}\n")


def test_only_what_haui_has_brought_and_nobody_needs_is_removed(host: ResetHost) -> None:
    debian(host, kubeadm="1.34", socat="1.7", libnl="3", curl="7.89", jq="1")
    (host.state / "needed-libnl").write_text("")
    (host.state / "held").write_text("kubeadm\n")
    host.on_record(
        "for p in kubeadm socat libnl gone; do note_before package $p absent; done\n"
        "note_before package curl 7.88; note_before package timesyncd 252\n"
        "note_before hold kubeadm free"
    )
    seen = host.step("reset.packages", "probe")
    assert {name: seen.verdict(f"package {name}") for name in ("kubeadm", "socat", "libnl")} == {
        "kubeadm": "differs", "socat": "differs", "libnl": "info",
    }  # fmt: skip
    assert seen.findings["package curl"].seen == "changed to 7.89 by an install, and stays so"
    assert "taken away by an install" in seen.findings["package timesyncd"].seen
    assert seen.verdict("hold on kubeadm") == "differs"
    undone(host, "reset.packages")
    left = sorted(path.name for path in host.state.glob("pkg-*"))
    assert left == ["pkg-curl", "pkg-jq", "pkg-libnl"]
    assert "apt-mark unhold kubeadm" in host.calls


APT_GET_AFTER_A_POWER_CUT = """
case " $* " in *" purge "*)
    for n do
        if [ -e "$STATE/broken-$n" ]; then rm "$STATE/broken-$n"; else rm -f "$STATE/pkg-$n"; fi
    done ;;
esac
exit 0
"""


def test_a_package_that_was_being_removed_loses_its_configuration_as_well(host: ResetHost) -> None:
    debian(host, containerd="1.6", runc="1.1")
    host.fake("apt-get", APT_GET_AFTER_A_POWER_CUT)
    (host.state / "broken-containerd").write_text("")
    host.on_record("for p in containerd runc; do note_before package $p absent; done")
    undone(host, "reset.packages")
    assert not list(host.state.glob("pkg-*"))
    assert [call.split()[-1] for call in host.calls if " purge " in call] == ["runc", "containerd"]


def test_configuration_that_went_with_its_package_is_not_given_back_again(host: ResetHost) -> None:
    """haui was killed when the packages were gone, and does all steps again."""
    path = "/etc/containerd/config.toml"
    debian(host, containerd="1.6")
    host.fake(
        "dpkg-query", f'case "$*" in *Conffiles*) echo " {path} 0abc"; exit ;; esac{DPKG_QUERY}'
    )
    host.fake("apt-get", f'case " $* " in *" purge "*) rm "$HAUI_ROOT{path}" ;; esac\n{APT_GET}')
    host.placed(path, "haui's", before="Debian's")
    host.on_record("note_before package containerd absent")
    undone(host, "reset.files")
    assert host.read(path) == "Debian's"
    undone(host, "reset.packages")
    assert host.step("reset.files", "probe").done
    assert not (host.folder / f"root{path}").exists()


RPM = """
case " $* " in
    *" --test "*)
        for n do case $n in kubelet) kubelet=1 ;; runc) runc=1 ;; docker) exit 1 ;; esac; done
        # kubeadm needs the kubelet, and somebody else needs runc.
        [ -z "$runc" ] || exit 1
        case " $* " in *" kubelet"*" kubeadm "* | *" kubeadm"*" kubelet "*) exit 0 ;; esac
        [ -z "$kubelet" ] || [ ! -e "$STATE/rpm-kubeadm" ] || exit 1
        exit 0 ;;
esac
for n do :; done
[ -e "$STATE/rpm-$n" ] || exit 1
cat "$STATE/rpm-$n"
"""


def test_the_rhel_family_removes_as_much_as_nobody_needs(host: ResetHost) -> None:
    host.write("/etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n')
    host.fake("rpm", RPM)
    host.fake("dnf", 'case " $* " in *" remove "*) for n do rm -f "$STATE/rpm-$n"; done ;; esac; :')
    for name in ("kubelet", "kubeadm", "runc"):
        (host.state / f"rpm-{name}").write_text("1-1\n")
    host.on_record("for p in kubelet kubeadm runc; do note_before package $p absent; done")
    seen = host.step("reset.packages", "probe")
    assert [seen.verdict(f"package {n}") for n in ("kubelet", "kubeadm", "runc")] == [
        "differs", "differs", "info",
    ]  # fmt: skip
    undone(host, "reset.packages")
    assert sorted(path.name for path in host.state.glob("rpm-*")) == ["rpm-runc"]
    (remove,) = [call for call in host.calls if " remove " in call]
    assert "clean_requirements_on_remove=1" in remove

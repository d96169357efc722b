"""How a host tells its file systems, etcd's folder and its swap: the script on made-up hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.evidence import Facts
from steps.checks.mounts import mounts
from tests.unit.facts_of import look_with
from tests.unit.shell_host import ShellHost

MOUNTINFO = """\
20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
21 20 0:5 / /dev rw - devtmpfs udev rw
22 20 8:17 / /var ro,nosuid - xfs /dev/sdb1 rw,attr2
23 22 0:40 /@etcd /var/lib/etcd rw - btrfs /dev/mapper/vg-etcd rw,ssd
24 20 0:41 / /mnt rw - cifs //srv/my\\040share rw
25 24 8:33 / /mnt rw,noexec - ext4 /dev/sdc1 rw
"""
DF = """
echo "1M-blocks  Used Avail Inodes IFree File"
shift 2
for path; do
    [ -e "$path" ] || continue
    case $path in
        */var/lib/etcd) echo "1000 100 900 - - $path" ;;
        *) echo "2000 500 1500 128000 100000 $path" ;;
    esac
done
"""
FOLDERS = ("etc", "usr", "tmp", "run", "opt", "var/lib/etcd", "var/log", "var/lib/dpkg")


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    for folder in FOLDERS:
        (tmp_path / "root" / folder).mkdir(parents=True, exist_ok=True)
    host.write("/proc/self/mountinfo", MOUNTINFO)
    host.write("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    host.fake("df", DF)
    host.fake("lsblk")
    host.fake("xfs_info", "echo 'naming =version 2 bsize=4096 ascii-ci=0, ftype=0'")
    return host


def facts(host: ShellHost) -> Facts:
    return look_with(host, "facts_disks")


def unit(host: ShellHost, name: str, *wanted_by: str, file: bool = True) -> None:
    """A unit in /etc/systemd/system, with the links that enable it."""
    if file:
        host.write(f"/etc/systemd/system/{name}", "[Unit]\n")
    for target in wanted_by:
        link = host.folder / f"root/etc/systemd/system/{target}.wants/{name}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"/usr/lib/systemd/system/{name}")


def masked(host: ShellHost, name: str) -> None:
    path = host.folder / "root/etc/systemd/system" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/dev/null")


def test_each_folder_is_told_with_the_file_system_that_holds_it(host: ShellHost) -> None:
    found = mounts(facts(host))
    assert found["/"].options == {"rw", "relatime", "errors=remount-ro"}
    assert (found["/"].size, found["/"].used, found["/"].free) == (2000, 500, 1500)
    assert (found["/"].inodes, found["/"].inodes_free) == (128000, 100000)
    assert found["/etc"].identity == found["/"].identity == "8:1"
    assert found["/var/lib/haui"].point == "/var"
    assert "ro" in found["/var/log"].options
    etcd = found["/var/lib/etcd"]
    assert (etcd.fstype, etcd.source, etcd.point) == ("btrfs", "/dev/mapper/vg-etcd", etcd.path)
    assert (etcd.inodes, etcd.device) == (0, "0:40")


def test_symbolic_links_are_followed_and_the_last_mount_counts(host: ShellHost) -> None:
    root = host.folder / "root"
    (root / "mnt/data").mkdir(parents=True)
    (root / "var/lib/containerd").symlink_to(root / "mnt/data")
    (root / "var/lib/kubelet").symlink_to(root / "nowhere")
    found = mounts(facts(host))
    assert found["/var/lib/containerd"].source == "/dev/sdc1"
    assert "noexec" in found["/var/lib/containerd"].options
    assert found["/var/lib/kubelet"].point == "/var"


def test_a_name_with_blanks_stays_one_field(host: ShellHost) -> None:
    info = "1 0 0:1 / / rw - cifs //srv/my\\040share rw\n"
    host.write("/proc/self/mountinfo", info)
    assert mounts(facts(host))["/"].source == "//srv/my\\040share"


def test_xfs_is_asked_for_its_type_of_entries(host: ShellHost) -> None:
    assert facts(host).one("xfs.ftype") == "0"
    host.write("/proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    assert facts(host).one("xfs.ftype") is None


def test_the_disk_under_etcd_is_found_for_partitions_and_for_btrfs(host: ShellHost) -> None:
    host.write("/sys/class/block/vg-etcd/queue/rotational", "1\n")
    assert facts(host).one("rotational") == "1"
    host.write("/proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    assert facts(host).one("rotational") is None
    host.write("/sys/devices/sda/queue/rotational", "0\n")
    host.write("/sys/devices/sda/sda1/partition", "1\n")
    (host.folder / "root/sys/dev/block").mkdir(parents=True)
    (host.folder / "root/sys/dev/block/8:1").symlink_to("../../devices/sda/sda1")
    assert facts(host).one("rotational") == "0"


def test_a_file_system_that_hangs_is_named_and_the_others_are_told(host: ShellHost) -> None:
    host.fake(
        "timeout",
        """
        case "$*" in
            *" df "*/var/lib/etcd* | *" stat "*/var/lib/etcd) exit 124 ;;
        esac
        shift 3
        exec "$@"
        """,
    )
    found = facts(host)
    assert found.all("mount.hung") == ("/var/lib/etcd",)
    assert "/var/log" in mounts(found)


def test_what_may_be_written_to_is_told(host: ShellHost) -> None:
    rows = {row[0]: row[1] for row in facts(host).rows("writable", 2)}
    assert rows["/"] == rows["/etc"] == rows["/var/lib/dpkg"] == "yes"
    assert "/var/lib/haui" not in rows
    (host.folder / "root/tmp").chmod(0o1777)
    assert facts(host).one("tmp.mode") == "1777"


def test_limits_of_the_journal_the_last_one_wins(host: ShellHost) -> None:
    assert facts(host).one("journald.max") is None
    host.write("/etc/systemd/journald.conf", "[Journal]\n#SystemMaxUse=\nSystemMaxUse=1G\n")
    host.write("/etc/systemd/journald.conf.d/x.conf", "[Journal]\nSystemMaxUse=500M\n")
    assert facts(host).one("journald.max") == "500M"


def test_what_is_in_the_folder_of_etcd(host: ShellHost) -> None:
    found = facts(host)
    assert (found.yes("etcd.member"), found.yes("etcd.manifest")) == (False, False)
    assert found.all("etcd.entry") == ()
    host.write("/var/lib/etcd/member/wal/0.wal", "")
    host.write("/var/lib/etcd/.hidden", "")
    host.write("/var/lib/etcd/.haui-fsync.Ab12Cd34/data", "")
    host.write("/etc/kubernetes/manifests/etcd.yaml", "")
    host.write("/etc/etcd/haui-cluster", "atlas-etcd")
    found = facts(host)
    assert (found.yes("etcd.member"), found.yes("etcd.manifest")) == (True, True)
    assert set(found.all("etcd.entry")) == {"member", ".hidden"}
    assert found.one("etcd.mark") == "atlas-etcd"


def test_swap_in_use_and_in_fstab(host: ShellHost) -> None:
    host.write("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda5 partition 99 7 -2\n")
    host.write("/etc/fstab", "# /x none swap sw\nUUID=1 none swap sw 0 0\n/dev/sda1 / ext4 rw\n")
    found = facts(host)
    assert found.yes("swap.asked")
    assert found.all("swap.active") == ("/dev/sda5 partition 99 7",)
    assert found.all("swap.fstab") == ("UUID=1",)
    assert found.one("swap.target") == "free"


def test_units_that_make_swap(host: ShellHost) -> None:
    unit(host, "zramswap.service", "multi-user.target", file=False)
    unit(host, "dphys-swapfile.service", "multi-user.target", file=False)
    unit(host, "data-swap.swap", "swap.target", "multi-user.target")
    unit(host, "idle.swap")
    masked(host, "dev-sda5.swap")
    masked(host, "swap.target")
    found = facts(host)
    assert found.all("swap.zram") == ("zramswap.service",)
    assert found.all("swap.maker") == ("dphys-swapfile.service",)
    assert set(found.all("swap.unit")) == {
        "data-swap.swap multi-user.target swap.target", "idle.swap -"
    }  # fmt: skip
    assert found.one("swap.target") == "masked"


def test_the_generator_of_compressed_swap_counts_with_a_configuration(host: ShellHost) -> None:
    host.write("/usr/lib/systemd/system-generators/zram-generator", "", 0o755)
    assert facts(host).all("swap.zram") == ()
    host.write("/usr/lib/systemd/zram-generator.conf", "[zram0]\n")
    assert facts(host).all("swap.zram") == ("zram-generator",)
    host.write("/etc/systemd/zram-generator.conf", "")
    assert facts(host).all("swap.zram") == ()


def test_other_programs_that_turn_swap_on(host: ShellHost) -> None:
    host.write("/etc/rc.local", "#!/bin/sh\n# swapon /x\n", 0o755)
    host.write("/etc/waagent.conf", "# ResourceDisk.EnableSwap=y\nResourceDisk.EnableSwap=n\n")
    assert facts(host).all("swap.maker") == ()
    host.write("/etc/rc.local", "#!/bin/sh\nsleep 1; swapon /x\n", 0o755)
    host.write("/etc/waagent.conf", "ResourceDisk.EnableSwap=y\n")
    (host.folder / "root/etc/rc3.d").mkdir()
    (host.folder / "root/etc/rc3.d/S01dphys-swapfile").write_text("")
    makers = {"dphys-swapfile.service", "/etc/rc.local", "/etc/waagent.conf"}
    assert set(facts(host).all("swap.maker")) == makers


def test_swap_partitions_are_known_by_their_type(host: ShellHost) -> None:
    swap = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"
    rows = [f'NAME="/dev/sda{n}" PARTTYPE="{kind}"' for n, kind in ((1, "x"), (2, swap.upper()))]
    host.write("/sys/class/block/sda1/partition", "1\n")
    host.fake("lsblk", "\n".join(f"echo '{row}'" for row in rows))
    assert facts(host).all("swap.partition") == ("/dev/sda2",)


def test_a_host_without_anything_and_with_garbage_ends_well(tmp_path: Path) -> None:
    host = ShellHost(tmp_path)
    for command in ("df", "lsblk", "xfs_info"):
        host.fake(command, "echo nonsense; exit 1")
    found = facts(host)
    assert found.all("mount") == ()
    assert found.yes("swap.asked") is None
    for name in ("proc/swaps", "proc/self/mountinfo", "etc/fstab", "etc/waagent.conf"):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\x00 \xfe\nswap \t- -\n a b\n")
    assert facts(host).all("mount") == ()


def test_nothing_is_changed(host: ShellHost) -> None:
    def everything() -> list[tuple[str, int]]:
        paths = sorted((host.folder / "root").rglob("*"))
        return [(str(path), path.lstat().st_mtime_ns) for path in paths]

    before = everything()
    facts(host)
    assert everything() == before

"""etcd's programs: named by kubeadm, taken out of the image, and not exchanged under data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.shell_host import ShellHost, with_systemctl

IMAGE = "hub.lan/k8s/etcd:3.5.24-0"
RECORD = "/var/lib/haui/etcd-programs"
CTR = r"""
case "$*" in
    *"images pull"*) exit ${PULL:-0} ;;
    *"images mount"*)
        for folder; do :; done
        mkdir -p "$folder/usr/local/bin"
        printf '#!/bin/sh\necho etcd Version: 3.5.24\n' >"$folder/usr/local/bin/etcd"
        chmod 755 "$folder/usr/local/bin/etcd"
        [ -n "${NO_CTL:-}" ] || cp "$folder/usr/local/bin/etcd" "$folder/usr/local/bin/etcdctl" ;;
    *"images unmount"*) for folder; do :; done; rm -rf "$folder/usr" ;;
esac
exit 0
"""
STAT = 'echo "700 etcd"'


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    """A fresh etcd host with containerd."""
    shell = ShellHost(tmp_path, {"HAUI_HOST": "et1", "HAUI_IMAGE": IMAGE})
    with_systemctl(shell)
    shell.fake("ctr", CTR)
    shell.fake("timeout", 'shift\nexec "$@"')
    shell.fake("id", 'test -e "$STATE/user"')
    shell.fake("useradd", 'touch "$STATE/user"')
    shell.fake("chown")
    shell.fake("stat", STAT)
    return shell


def test_the_programs_come_out_of_the_image_and_it_goes(host: ShellHost) -> None:
    assert not host.run("etcd_install_probe").done
    ran = host.run("etcd_install_apply")
    assert ran.status == 0, ran.stderr
    assert "Version: 3.5.24" in ran.stdout
    assert host.read(RECORD).startswith("etcd:3.5.24-0\n")
    assert (host.folder / "root/usr/local/bin/etcdctl").stat().st_mode & 0o777 == 0o755
    assert f"ctr -n haui images rm {IMAGE}" in host.calls
    assert host.run("etcd_install_probe").done


def test_it_is_done_once(host: ShellHost) -> None:
    host.run("etcd_install_apply")
    before = len(host.calls)
    assert host.run("etcd_install_apply").status == 0
    assert not [call for call in host.calls[before:] if call.startswith("ctr")]


def test_an_attempt_that_was_killed_leaves_no_open_image(host: ShellHost) -> None:
    assert host.run("etcd_install_apply").status == 0
    images = [
        call.split(" images ")[1].split()[0] for call in host.calls if call.startswith("ctr ")
    ]
    assert images[:3] == ["pull", "unmount", "mount"]
    assert images[-1] == "unmount"
    assert not (host.folder / "root/run/haui/etcd-image").exists()


def test_a_program_that_was_changed_is_installed_anew(host: ShellHost) -> None:
    host.run("etcd_install_apply")
    host.write("/usr/local/bin/etcd", "another")
    assert host.run("etcd_install_probe").verdict("programs etcd and etcdctl") == "differs"
    assert host.run("etcd_install_apply").status == 0
    assert host.run("etcd_install_probe").done


def test_the_same_release_from_another_registry_is_the_same(host: ShellHost) -> None:
    host.run("etcd_install_apply")
    assert host.run("etcd_install_probe", {"HAUI_IMAGE": "other.lan/etcd:3.5.24-0"}).done


def test_another_release_is_installed_only_while_there_is_no_data(host: ShellHost) -> None:
    host.run("etcd_install_apply")
    newer = {"HAUI_IMAGE": "hub.lan/k8s/etcd:3.6.1-0"}
    assert host.run("etcd_install_probe", newer).verdict("release of etcd") == "differs"
    host.write("/var/lib/etcd/member/snap/db", "data")
    ran = host.run("etcd_install_probe", newer)
    assert ran.verdict("release of etcd") == "blocked"
    assert "one member at a time" in ran.findings["release of etcd"].expected
    assert host.run("etcd_install_apply", newer).status != 0
    assert host.read(RECORD).startswith("etcd:3.5.24-0\n")


def test_an_etcd_of_the_distribution_that_runs_is_not_replaced(host: ShellHost) -> None:
    (host.folder / "state/active").write_text("etcd\n")
    systemctl = (host.folder / "bin/systemctl").read_text()
    shown = '"show -p") echo /lib/systemd/system/etcd.service ;;\n    "enable --now")'
    changed = systemctl.replace('"enable --now")', shown)
    (host.folder / "bin/systemctl").write_text(changed)
    found = host.run("etcd_install_probe").findings["other etcd"]
    assert (found.verdict, found.seen) == ("blocked", "/lib/systemd/system/etcd.service")


@pytest.mark.parametrize(
    ("env", "words"),
    [({"PULL": "1"}, "can't be pulled"), ({"NO_CTL": "1"}, "holds no etcdctl")],
)
def test_what_fails_is_said_and_nothing_is_recorded(
    host: ShellHost, env: dict[str, str], words: str
) -> None:
    ran = host.run("etcd_install_apply", env)
    assert ran.status != 0
    assert words in ran.stderr
    assert not host.run("etcd_install_probe").done


def test_the_pull_goes_the_way_of_all_images(host: ShellHost) -> None:
    host.fake("ctr", CTR.replace("exit ${PULL:-0}", 'env >"$STATE/env"'))
    env = {"HAUI_HTTPS_PROXY": "http://proxy.lan:3128", "HAUI_NO_PROXY": "hub.lan"}
    host.run("etcd_install_apply", env)
    pulled = next(call for call in host.calls if "images pull" in call)
    assert f"--hosts-dir {host.folder / 'root/etc/containerd/certs.d'} {IMAGE}" in pulled
    seen = (host.folder / "state/env").read_text()
    assert "HTTPS_PROXY=http://proxy.lan:3128\n" in seen
    assert "NO_PROXY=hub.lan\n" in seen


@pytest.mark.parametrize(
    ("does", "printed"),
    [
        ("printf 'r/kube-proxy:v1\\nr/etcd:3.6.0-0\\nr/pause:3\\n'", "image=r/etcd:3.6.0-0\n"),
        ("echo r/pause:3", ""),
        ("exit 1", ""),
    ],
)
def test_kubeadm_names_the_image(host: ShellHost, does: str, printed: str) -> None:
    host.fake("kubeadm", does)
    ran = host.run("etcd_image_supply")
    assert (ran.stdout, ran.status == 0) == (printed, bool(printed))

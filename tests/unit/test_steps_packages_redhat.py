"""Packages on hosts of the RHEL family, with rpm and dnf made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps import osfamily, osfamily_dnf, packages, runtime, system
from steps.preflight_plan import KUBERNETES, OURS
from tests.unit.redhat_host import offer, redhat, state
from tests.unit.shell_host import Ran, ShellHost
from tests.unit.specs import KEY, spec

STEPS = {step.id: step for step in (*packages.STEPS, *runtime.STEPS, *system.STEPS)}
RELEASE = "150500.1.1"
LINE = "excludepkgs=kubeadm,kubelet,kubectl\n"
PROXY = {"http": "http://p.lan:1", "https": "http://p.lan:1"}


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return redhat(tmp_path)


def run(host: ShellHost, step: str, part: str, cluster: ClusterSpec | None = None) -> Ran:
    """A part of a step as a host of the family runs it, its files in place."""
    cluster = cluster or spec()
    work = STEPS[step].work(cluster, cluster.hosts[0], {})
    for file in work.files:
        if file.family in ("", "redhat"):
            host.write(file.path, file.content.decode())
    call = work.probe if part == "probe" else work.apply
    assert call is not None
    return host.run(call.script, call.env)


def kubernetes(host: ShellHost, *versions: str, more: tuple[str, ...] = ()) -> None:
    """Our source has these versions."""
    ours = [f"haui-kubernetes {n} {v}-{RELEASE}" for n in KUBERNETES for v in versions]
    offer(host, *ours, *(f"haui-kubernetes {name} 1.4.0-{RELEASE}" for name in OURS), *more)


def repository(**supply: Any) -> dict[str, str]:
    files = osfamily.REDHAT.source_files(spec(supply=supply))
    assert {file.family for file in files} == {"redhat"}
    assert files[0].path == "/etc/yum.repos.d/haui-kubernetes.repo"
    lines = files[0].content.decode().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_the_community_repository_is_that_of_the_minor() -> None:
    said = repository()
    assert said["baseurl"] == "https://pkgs.k8s.io/core:/stable:/v1.34/rpm/"
    assert (said["gpgcheck"], said["gpgkey"]) == ("1", f"file://{osfamily_dnf.KEY_PATH}")
    assert set(said["exclude"].split()) == {*KUBERNETES, *OURS}
    assert "proxy" not in said


def test_a_mirror_has_its_key_or_is_unsigned() -> None:
    signed = {"packages": {"mirror": "http://m.lan/k", "key_text": KEY}}
    assert repository(**signed)["gpgcheck"] == "1"
    placed = {file.path: file for file in osfamily.source_files(spec(supply=signed))}
    assert placed[osfamily_dnf.KEY_PATH].content == KEY.encode()
    unsigned = repository(packages={"mirror": "http://m.lan/k", "unsigned": True})
    assert unsigned["gpgcheck"] == "0"
    assert "gpgkey" not in unsigned


@pytest.mark.parametrize(
    ("mirror", "proxy", "line"),
    [
        ("http://m.lan/k", {}, None),
        ("http://m.lan/k", PROXY, "http://p.lan:1"),
        ("https://m.lan/k", {"https": "http://s.lan:2"}, "http://s.lan:2"),
        ("https://m.lan/k", {"http": "http://p.lan:1"}, None),
        ("http://m.lan/k", {**PROXY, "no_proxy": [".lan"]}, "_none_"),
        ("http://10.0.0.11/k", {**PROXY, "no_proxy": ["10.0.0.11"]}, "_none_"),
    ],
)
def test_the_repository_has_its_own_proxy(
    mirror: str, proxy: dict[str, Any], line: str | None
) -> None:
    said = repository(packages={"mirror": mirror, "unsigned": True}, proxy=proxy)
    assert said.get("proxy") == line


def test_every_dnf_of_haui_gets_the_proxy(host: ShellHost) -> None:
    host.fake("dnf", 'echo "$http_proxy $https_proxy ${no_proxy%%,*}" >"$STATE/ways"')
    cluster = spec(supply={"proxy": PROXY})
    run(host, "packages.base", "apply", cluster)
    ways = (Path(host.env["STATE"]) / "ways").read_text()
    assert ways == "http://p.lan:1 http://p.lan:1 localhost\n"
    assert host.read("/etc/dnf/dnf.conf") == "[main]\nbest=True\n", "the admin's own"


def test_the_names_of_the_family_are_installed_and_only_what_is_missing(host: ShellHost) -> None:
    names = osfamily.REDHAT.base_packages
    offer(host, *(f"baseos {name} 1.0-1.el9" for name in names))
    state(host, "rpm-curl-minimal", "7.76-1.el9")
    state(host, "provides", "curl curl-minimal\n")
    probe = run(host, "packages.base", "probe")
    assert probe.verdict("package curl") == "ok"
    assert probe.verdict("package iproute-tc") == "differs"
    assert run(host, "packages.base", "apply").status == 0
    (call,) = [line for line in host.calls if " install " in line]
    assert set(call.partition(" install ")[2].split()) == {*names} - {"curl"}
    assert run(host, "packages.base", "probe").done


def test_stale_lists_are_refreshed_once(host: ShellHost) -> None:
    offer(host, *(f"baseos {name} 1.0-1.el9" for name in osfamily.REDHAT.base_packages))
    state(host, "stale")
    assert run(host, "packages.base", "apply").status == 0
    kinds = ["--refresh" in line for line in host.calls if " install " in line]
    assert kinds == [False, True]


def test_a_package_that_no_source_has_is_named(host: ShellHost) -> None:
    ran = run(host, "packages.base", "apply")
    assert ran.status == 1
    assert "dnf install" in ran.stderr
    assert "conntrack-tools" in ran.stderr


def test_the_source_is_proved_by_an_offer_of_the_asked_version(host: ShellHost) -> None:
    host.write(osfamily_dnf.KEY_PATH, KEY)
    kubernetes(host, "1.34.2", "1.34.20")
    assert run(host, "packages.source", "probe").done
    assert run(host, "packages.source", "apply").status == 0
    (refresh,) = [line for line in host.calls if line.endswith("makecache")]
    assert "--repo=haui-kubernetes" in refresh
    assert refresh.index("*.skip_if") < refresh.index("haui-kubernetes.skip_if_unavailable=0")
    kubernetes(host, "1.34.20")
    assert run(host, "packages.source", "probe").verdict("offered kubelet") == "differs"
    ran = run(host, "packages.source", "apply")
    assert ran.status == 1
    assert f"choose one of: 1.34.20-{RELEASE}" in ran.stderr


@pytest.mark.parametrize("before", ["", "1.34.20", "1.34.1"])
def test_kubernetes_comes_at_exactly_the_asked_version(host: ShellHost, before: str) -> None:
    kubernetes(host, "1.34.1", "1.34.2", "1.34.20")
    run(host, "packages.source", "probe")
    for name in KUBERNETES if before else ():
        state(host, f"rpm-{name}", f"{before}-{RELEASE}")
    assert not run(host, "runtime.kubernetes", "probe").done
    ran = run(host, "runtime.kubernetes", "apply")
    assert ran.status == 0, ran.stderr
    (call,) = [line for line in host.calls if " install " in line]
    assert f" kubelet-1.34.2-{RELEASE}" in call
    assert "disable_excludes=haui-kubernetes,main" in call
    assert run(host, "runtime.kubernetes", "probe").done
    assert host.read("/etc/dnf/dnf.conf") == "[main]\nbest=True\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[main]\nbest=True\n", f"[main]\n{LINE}best=True\n"),
        ("[main]\nexclude=foo*\n", "[main]\nexclude=foo*,kubeadm,kubelet,kubectl\n"),
        (
            "[main]\n[x]\nexclude=a\n",
            "[main]\nexcludepkgs=kubeadm,kubelet,kubectl\n[x]\nexclude=a\n",
        ),
    ],
)
def test_another_source_that_would_upgrade_them_is_kept_out(
    host: ShellHost, before: str, after: str
) -> None:
    host.write("/etc/dnf/dnf.conf", before)
    newer = tuple(f"kubernetes {name} 1.34.9-{RELEASE}" for name in KUBERNETES)
    kubernetes(host, "1.34.2", more=newer)
    run(host, "packages.source", "probe")
    assert run(host, "runtime.kubernetes", "apply").status == 0
    assert host.read("/etc/dnf/dnf.conf") == after
    assert host.read("/var/lib/haui/before/kept/etc/dnf/dnf.conf") == before
    assert run(host, "runtime.kubernetes", "probe").done
    host.write("/etc/dnf/dnf.conf", before)
    assert run(host, "runtime.kubernetes", "probe").verdict("hold on kubelet") == "differs"


@pytest.mark.parametrize(
    ("offered", "installed"),
    [
        ("docker-ce-stable containerd.io 2.1.5-1.el9", "containerd.io"),
        ("haui-kubernetes containerd.io 2.1.5-1.el9", "containerd.io"),
        ("fedora containerd 2.0.7-1.fc43", "containerd"),
        ("", None),
    ],
)
def test_containerd_comes_from_whoever_has_it(
    host: ShellHost, offered: str, installed: str | None
) -> None:
    offer(host, offered)
    ran = run(host, "runtime.containerd", "apply")
    there = [path.name for path in Path(host.env["STATE"]).glob("rpm-*")]
    assert there == ([f"rpm-{installed}"] if installed else [])
    if installed is None:
        assert ran.status == 1
        assert "Docker's repository" in ran.stderr
        assert "supply.packages.mirror" in ran.stderr


def test_the_clock_is_kept_by_chronyd(host: ShellHost) -> None:
    offer(host, "baseos chrony 4.6-1.el9")
    host.fake("timedatectl", "echo yes")
    assert run(host, "system.time", "apply").status == 0
    assert "systemctl enable --now chronyd" in host.calls


@pytest.mark.parametrize(
    ("release", "loadable", "own", "wanted"),
    [
        ("9.6", "true", "yes", False),
        ("9.6", "false", "yes", True),
        ("10.0", "true", "yes", True),
        ("10.0", "false", "", False),
    ],
)
def test_the_rest_of_the_kernels_modules(
    host: ShellHost, release: str, loadable: str, own: str, wanted: bool
) -> None:
    host.write("/etc/os-release", f'ID="rocky"\nID_LIKE="rhel"\nVERSION_ID="{release}"\n')
    host.fake("uname", "echo 6.12.0-55.el10.x86_64")
    host.fake("modprobe", loadable)
    extras = "kernel-modules-extra-6.12.0-55.el10.x86_64"
    if own:
        state(host, "rpm-kernel-core-6.12.0-55.el10.x86_64", "x")
    offer(host, f"baseos {extras} 6.12.0-55.el10")
    seen = run(host, "system.modules", "probe").findings
    assert (f"package {extras}" in seen) is wanted
    run(host, "system.modules", "apply")
    assert (Path(host.env["STATE"]) / f"rpm-{extras}").exists() is wanted


def test_a_system_of_no_family_is_refused(host: ShellHost) -> None:
    host.write("/etc/os-release", 'ID=arch\nPRETTY_NAME="Arch Linux"\n')
    ran = host.run("packages_base_apply", {"HAUI_PACKAGES_DEBIAN": "curl"})
    assert "no package manager known for Arch Linux" in ran.stderr

"""The steps about packages with a real rpm and dnf, in an install root: `make test-dnf`.

Needs root, dnf, rpm, rpmbuild, createrepo_c and gpg, all of which Debian has packages of too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from steps import packages, runtime
from steps.preflight_plan import KUBERNETES, OURS
from tests.unit.redhat_host import ROCKY
from tests.unit.shell_host import Ran, ShellHost, with_systemctl
from tests.unit.specs import spec

TOOLS = ("dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c", "gpg")
pytestmark = pytest.mark.skipif(
    not os.environ.get("HAUI_REAL_DNF") or os.geteuid() != 0 or not all(map(shutil.which, TOOLS)),
    reason="make test-dnf, as root, with rpm's and dnf's programs",
)
STEPS = {step.id: step for step in (*packages.STEPS, *runtime.STEPS)}
VERSIONS = ("1.34.1", "1.34.2", "1.34.20")
SPEC = """Name: {name}
Version: {version}
Release: 150500.1.1
Summary: tiny
License: none
BuildArch: noarch
%description
tiny
%files
"""


def do(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run it; its output when it fails."""
    given = {**os.environ, **(env or {})}
    ran = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed repository with three versions; its key is beside it, in key.asc."""
    folder = tmp_path_factory.mktemp("mirror")
    repository = folder / "repository"
    repository.mkdir()
    packages_of = [(name, version) for name in KUBERNETES for version in VERSIONS]
    for name, version in (*packages_of, *((name, "1.4.0") for name in OURS)):
        text = folder / f"{name}.spec"
        text.write_text(SPEC.format(name=name, version=version))
        defined = (f"_topdir {folder}/build", f"_rpmdir {repository}", "_rpmfilename %{NVRA}.rpm")
        do("rpmbuild", "-bb", *(part for line in defined for part in ("--define", line)), text)
    home = folder / "gpg"
    home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(home)}
    made = ("--quick-gen-key", "haui test <test@example.org>", "rsa2048", "sign", "never")
    do("gpg", "--batch", "--passphrase", "", *made, env=env)
    do("gpg", "--armor", "--output", folder / "key.asc", "--export", env=env)
    signed = ("_gpg_name test@example.org", f"_gpg_path {home}", f"__gpg {shutil.which('gpg')}")
    options = [part for line in signed for part in ("--define", line)]
    do("rpmsign", *options, "--addsign", *sorted(repository.glob("*.rpm")), env=env)
    do("createrepo_c", "-q", repository)
    do("gpgconf", "--homedir", home, "--kill", "all")
    return folder


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.write("/etc/os-release", ROCKY)
    host.write("/etc/dnf/dnf.conf", "[main]\nbest=True\ngpgcheck=1\nplugins=0\n")
    root = tmp_path / "root"
    options = f"--installroot={root} --releasever=9 --setopt=pluginpath={tmp_path}"
    host.fake("dnf", f'exec {shutil.which("dnf")} {options} "$@"')
    host.fake("rpm", f'exec {shutil.which("rpm")} --root {root} "$@"')
    return host


def needing(folder: Path) -> Path:
    """A package of somebody else's that needs the kubelet."""
    text = folder / "theirs.spec"
    body = SPEC.format(name="theirs", version="1").replace("%desc", "Requires: kubelet\n%desc", 1)
    text.write_text(body)
    defined = (f"_topdir {folder}/build", f"_rpmdir {folder}", "_rpmfilename %{NVRA}.rpm")
    do("rpmbuild", "-bb", *(part for line in defined for part in ("--define", line)), text)
    return next(folder.glob("theirs*.rpm"))


def cluster(mirror: Path, version: str, key: str | None = None) -> ClusterSpec:
    given = {"mirror": "http://mirror.lan/k", "key_text": key or (mirror / "key.asc").read_text()}
    return spec(kubernetes={"version": version}, supply={"packages": given})


def run(host: ShellHost, step: str, part: str, cluster: ClusterSpec, mirror: Path) -> Ran:
    """A part of a step; the mirror is a folder here, and the key is below the install root."""
    work = STEPS[step].work(cluster, cluster.hosts[0], {})
    for file in work.files:
        if file.family in ("", "redhat"):
            text = file.content.decode()
            text = text.replace("http://mirror.lan/k", f"file://{mirror}/repository")
            root = host.folder / "root"
            host.write(file.path, text.replace("file:///etc/pki", f"file://{root}/etc/pki"))
    call = work.probe if part == "probe" else work.apply
    assert call is not None
    return host.run(call.script, call.env)


def test_install_downgrade_upgrade_and_hold(host: ShellHost, mirror: Path) -> None:
    (Path(host.env["STATE"]) / "enabled-kubelet").write_text("enabled\n")
    for version in ("1.34.2", "1.34.1", "1.34.20", "1.34.2"):
        asked = cluster(mirror, version)
        ran = run(host, "packages.source", "apply", asked, mirror)
        assert ran.status == 0, ran.stderr
        assert run(host, "packages.source", "probe", asked, mirror).done
        assert not run(host, "runtime.kubernetes", "probe", asked, mirror).done
        ran = run(host, "runtime.kubernetes", "apply", asked, mirror)
        assert ran.status == 0, ran.stdout + ran.stderr
        assert run(host, "runtime.kubernetes", "probe", asked, mirror).done
    do(host.folder / "bin/dnf", "-q", "-y", "upgrade", env={"CALLS": str(host.folder / "calls")})
    assert run(host, "runtime.kubernetes", "probe", cluster(mirror, "1.34.2"), mirror).done


def test_another_repository_with_the_same_packages(host: ShellHost, mirror: Path) -> None:
    (Path(host.env["STATE"]) / "enabled-kubelet").write_text("enabled\n")
    asked = cluster(mirror, "1.34.1")
    other = f"[other]\nname=other\nbaseurl=file://{mirror}/repository\ngpgcheck=0\n"
    host.write("/etc/yum.repos.d/other.repo", other)
    assert run(host, "packages.source", "apply", asked, mirror).status == 0
    ran = run(host, "runtime.kubernetes", "apply", asked, mirror)
    assert ran.status == 0, ran.stdout + ran.stderr
    assert "excludepkgs=kubeadm,kubelet,kubectl" in host.read("/etc/dnf/dnf.conf")
    assert run(host, "runtime.kubernetes", "probe", asked, mirror).done


def test_a_key_that_is_not_the_mirrors(host: ShellHost, mirror: Path, tmp_path: Path) -> None:
    home = tmp_path / "other"
    home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(home)}
    made = ("--quick-gen-key", "other <other@example.org>", "rsa2048", "sign", "never")
    do("gpg", "--batch", "--passphrase", "", *made, env=env)
    do("gpg", "--armor", "--output", home / "key.asc", "--export", env=env)
    do("gpgconf", "--homedir", home, "--kill", "all")
    asked = cluster(mirror, "1.34.2", (home / "key.asc").read_text())
    assert run(host, "packages.source", "apply", asked, mirror).status == 0
    ran = run(host, "runtime.kubernetes", "apply", asked, mirror)
    assert ran.status == 1
    assert "GPG check FAILED" in ran.stderr + ran.stdout
    seen = run(host, "runtime.kubernetes", "probe", asked, mirror)
    assert seen.verdict("package kubelet") == "differs"


def test_a_reset_removes_what_haui_has_brought_and_nobody_needs(
    host: ShellHost, mirror: Path, tmp_path: Path
) -> None:
    asked = cluster(mirror, "1.34.2")
    for step in ("packages.source", "runtime.kubernetes"):
        assert run(host, step, "apply", asked, mirror).status == 0
    theirs = needing(tmp_path / "root")
    do(
        host.folder / "bin/rpm",
        "-i",
        "--nosignature",
        theirs,
        env={"CALLS": str(host.folder / "calls")},
    )
    before = host.run("reset_packages_probe")
    assert before.verdict("package kubeadm") == "differs"
    assert before.verdict("package kubelet") == "info"
    ran = host.run("reset_packages_apply")
    assert ran.status == 0, ran.stdout + ran.stderr
    after = host.run("reset_packages_probe")
    assert after.done, after.stdout
    left = host.run("rpm -qa --qf '%{NAME}\\n' | sort\n").stdout.split()
    assert "theirs" in left and "kubelet" in left
    assert not {"kubeadm", "kubectl", "cri-tools"} & set(left)

"""The look at packages and images on a host of the RHEL family: with a made-up dnf, and what the
checks make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haui.events import Finding
from haui.evidence import Facts, Reading
from steps import osfamily, preflight_plan
from steps.checks import BY_ID, Look
from steps.checks.supply_facts import STEP
from tests.unit.checks import fleet
from tests.unit.redhat_host import redhat, state
from tests.unit.shell_host import ShellHost
from tests.unit.specs import KEY, spec
from tests.unit.supply_host import cluster, look, verdicts
from tests.unit.supply_servers import folder, serving

NEEDED = preflight_plan.needed(spec(), spec().hosts[0], osfamily.REDHAT)

DNF = """
where=
for arg do case $arg in --setopt=logdir=*) where=${arg#*logdir=} ;; esac; done
mkdir -p "$where/cache/haui-kubernetes-1"
cp "$where"/repos/*.repo "$STATE/" 2>/dev/null
case " $* " in
    *" --refresh "*)
        [ ! -f "$STATE/mirror.error" ] || { cat "$STATE/mirror.error" >&2; exit 1; }
        cat "$STATE/mirror" ;;
    *" --whatprovides "*) cat "$STATE/mirror" "$STATE/own" 2>/dev/null ;;
    *" --assumeno "*) cat "$STATE/install" >&2; exit 1 ;;
esac
"""

MIRROR = "".join(
    f"{name} {version}-150500.1.1\n"
    for name in preflight_plan.KUBERNETES
    for version in ("1.34.2", "1.34.20", "1.33.9")
) + "".join(f"{name} 1.4.0-150500.1.1\n" for name in preflight_plan.OURS)

REPOSITORIES = """
[base] # with variables
name=Base $releasever
baseurl=URL/base/$releasever/$basearch/os/
enabled=1
[listed]
mirrorlist=URL/list?release=${releasever}&flavour=$flavour
[subscribed]
baseurl=https://cdn.example.org/x
sslclientcert=/etc/pki/entitlement/1.pem
[off]
baseurl=URL/off
enabled=0
[gone]
metalink=URL/gone
enabled = 1
"""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = redhat(tmp_path)
    host.fake("dnf", DNF)
    host.fake("systemctl", "echo inactive; exit 3")
    host.fake("uname", '[ "$1" = -m ] && echo x86_64 || echo 5.14.0')
    state(host, "mirror", MIRROR)
    state(host, "own", "".join(f"{name} 9.0-1.el9\n" for name in NEEDED if "cni" not in name))
    state(host, "install", "Operation aborted.\n")
    host.write("/var/cache/dnf/baseos-1/repodata/repomd.xml", "")
    return host


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    root = tmp_path / "web"
    for path in ("base/9/x86_64/os/repodata/repomd.xml", "list"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    with serving(folder(root, asked)) as port:
        yield f"http://127.0.0.1:{port}", asked


MIRRORED = cluster("http://127.0.0.1:1/k", key="k.asc", key_text=KEY)


def told(host: ShellHost) -> Facts:
    facts = Facts(look(host, MIRRORED).stdout)
    assert facts.complete
    return facts


def judged(host: ShellHost, check: str) -> Finding:
    evidence = fleet(MIRRORED)
    evidence.keep(STEP, "cp1", Reading(look(host, MIRRORED).stdout))
    return BY_ID[check].finding(Look(MIRRORED, MIRRORED.host("cp1"), evidence))


def test_a_host_that_gets_everything(host: ShellHost) -> None:
    before = sorted(str(path) for path in (host.folder / "root").rglob("*"))
    facts = told(host)
    assert sorted(str(path) for path in (host.folder / "root").rglob("*")) == before
    assert (facts.one("apt"), facts.one("dnf"), facts.one("mirror")) == ("no", "yes", "ok")
    offered = [row for row in facts.rows("offered", 2) if row[0] == "kubelet"]
    assert offered == [("kubelet", "1.34.20-150500.1.1"), ("kubelet", "1.34.2-150500.1.1")]
    assert facts.all("mirrored") == preflight_plan.OURS
    assert {row[0] for row in facts.rows("package", 3)} == {*NEEDED, *preflight_plan.KUBERNETES}
    said = verdicts(MIRRORED, look(host, MIRRORED))
    for check in ("lock", "dpkg", "held", "mirror", "versions", "packages", "floors"):
        assert said[check] == "ok", check


def test_dnf_reads_ours_with_the_key_of_the_cluster_file_and_keeps_its_own_folders(
    host: ShellHost,
) -> None:
    told(host)
    repository = (Path(host.env["STATE"]) / "haui-kubernetes.repo").read_text()
    assert "gpgkey=file:///" in repository
    assert "/etc/pki" not in repository
    for call in host.calls:
        if call.startswith("dnf "):
            for folder_of in ("cachedir", "persistdir", "logdir", "reposdir"):
                assert f"--setopt={folder_of}={host.folder}/inputs/supply." in call
            assert "--setopt=plugins=0" in call


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Error: Failed to download metadata for repo 'haui-kubernetes'", "reach"),
        ("Status code: 404 for http://m/repodata/repomd.xml\nError: x", "repodata/repomd.xml"),
        ("Error: GPG check FAILED", "supply.packages.key"),
    ],
)
def test_a_mirror_that_fails(host: ShellHost, said: str, words: str) -> None:
    state(host, "mirror.error", said + "\n")
    found = judged(host, "supply.mirror")
    assert found.verdict == "blocked"
    assert "dnf reads http://127.0.0.1:1/k" in found.expected
    assert words in found.fix


def test_the_sources_of_the_host_are_asked(host: ShellHost, web: tuple[str, list[str]]) -> None:
    url, asked = web
    host.write("/etc/yum.repos.d/all.repo", REPOSITORIES.replace("URL", url))
    host.write("/etc/dnf/vars/flavour", "generic\n")
    rows = {row[0]: row[1] for row in told(host).rows("source", 2)}
    assert rows == {
        f"{url}/base/9/x86_64/os": "ok",
        f"{url}/list": "ok",
        "subscribed": "ok",
        f"{url}/gone": "answers 404",
    }
    assert any("release=9&flavour=generic" in line for line in asked)
    assert not any("/off" in line for line in asked)


def test_containerd_without_a_source(host: ShellHost) -> None:
    others = [name for name in NEEDED if name != "containerd.io"]
    state(host, "own", "".join(f"{name} 1.0-1.el9\n" for name in others))
    found = judged(host, "supply.packages")
    assert (found.verdict, "containerd.io" in found.seen) == ("blocked", True)
    assert "docker-ce.repo" in found.fix
    state(host, "own", "".join(f"{name} 1.0-1.el9\n" for name in others if name != "socat"))
    found = judged(host, "supply.packages")
    assert "dnf list socat" in found.fix


def test_a_host_without_lists_is_not_judged_by_them(host: ShellHost) -> None:
    (host.folder / "root/var/cache/dnf/baseos-1/repodata/repomd.xml").unlink()
    state(host, "own", "")
    assert told(host).one("lists") == "none"
    assert judged(host, "supply.packages").verdict == "info"


def test_what_dnf_would_not_install(host: ShellHost) -> None:
    state(host, "install", "Error: \n Problem: nothing provides x needed by socat-1.0-1.el9\n")
    found = judged(host, "supply.packages")
    assert found.verdict == "blocked"
    assert "nothing provides x" in found.seen
    assert "dnf check" in found.fix


def test_a_database_that_rpm_can_not_read(host: ShellHost) -> None:
    host.fake("rpm", 'echo "error: cannot open Packages database" >&2; exit 1')
    found = judged(host, "supply.dpkg")
    assert (found.verdict, found.fix_with) == ("blocked", "rpm --rebuilddb")


@pytest.mark.parametrize("line", ["exclude=kubelet foo*", "excludepkgs = foo*,kubelet"])
def test_what_is_kept_by_somebody_else(host: ShellHost, line: str) -> None:
    host.write("/etc/dnf/dnf.conf", f"[main]\n{line}\n")
    state(host, "rpm-kubelet", "1.34.2-150500.1.1")
    assert judged(host, "supply.held").verdict == "ok"
    state(host, "rpm-kubelet", "1.30.1-150500.1.1")
    assert judged(host, "supply.held").verdict == "warning"

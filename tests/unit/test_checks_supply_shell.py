"""The look at packages and images, run as a host would: apt for real, with a mirror on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haui.evidence import Facts, Reading
from haui.spec import ClusterSpec
from steps import osfamily, osfamily_apt, preflight_images, preflight_plan
from steps.checks import BY_ID, Look
from tests.unit.checks import fleet
from tests.unit.shell_host import ShellHost
from tests.unit.specs import KEY, spec
from tests.unit.supply_host import cluster, look, made, verdicts
from tests.unit.supply_servers import Registry, folder, handler, serving

STEP = "preflight.supply"
needs_apt = pytest.mark.skipif(
    not Path("/usr/lib/apt/apt-helper").exists(), reason="there is no apt on this machine"
)


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return made(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A flat mirror without a signature, with 1.34.2 and 1.34.10."""
    root = tmp_path / "mirror"
    root.mkdir()
    names = [(name, v) for name in preflight_plan.KUBERNETES for v in ("1.34.2-1.1", "1.34.10-1.1")]
    names += [("cri-tools", "1.34.0-1.1"), ("kubernetes-cni", "1.7.1-1.1"), ("socat", "9.9-1")]
    (root / "Packages").write_text(
        "".join(
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nDescription: x\n"
            f"Filename: ./{name}.deb\nSize: 1\nSHA256: {'0' * 64}\n\n"
            for name, version in names
        )
    )
    with serving(folder(root, [])) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def hub() -> Iterator[tuple[str, Registry]]:
    registry = Registry()
    with serving(handler(registry)) as port:
        yield f"http://127.0.0.1:{port}", registry


def fill(registry: Registry, cluster: ClusterSpec, name: str = "cp1") -> None:
    """Put every image of the plan into the registry."""
    for image in preflight_images.images(cluster, cluster.host(name)):
        path, _, tag = image.reference.partition("/")[2].rpartition(":")
        registry.image(f"all/{path}", tag, "amd64", "arm64")


@needs_apt
def test_a_host_that_gets_everything(
    host: ShellHost, mirror: str, hub: tuple[str, Registry]
) -> None:
    plan = cluster(mirror, hub[0])
    fill(hub[1], plan)
    before = sorted(str(path) for path in (host.folder / "root").rglob("*"))
    ran = look(host, plan)
    assert sorted(str(path) for path in (host.folder / "root").rglob("*")) == before
    facts = Facts(ran.stdout)
    assert facts.complete
    assert facts.one("mirror") == "ok", ran.stdout
    assert {row for row in facts.rows("offered", 2) if row[0] == "kubelet"} == {
        ("kubelet", "1.34.2-1.1"),
        ("kubelet", "1.34.10-1.1"),
    }
    assert facts.all("mirrored") == ("socat", "cri-tools", "kubernetes-cni")
    assert facts.one("lists") == "none"
    packages = {name: can for name, _, can in facts.rows("package", 3)}
    assert packages["socat"] == "9.9-1"
    assert set(packages) == {
        *preflight_plan.needed(plan, plan.host("cp1"), osfamily.DEBIAN),
        *preflight_plan.KUBERNETES,
    }
    said = verdicts(plan, ran)
    for check in ("lock", "dpkg", "held", "mirror", "versions", "registry", "registry-ca",
                  "images", "arch", "layers", "rate", "proxy", "no-proxy"):  # fmt: skip
        assert said[check] == "ok", check
    assert set(said.values()) <= {"ok", "info", "skipped", "warning"}
    asked = [line for line in hub[1].asked if "/manifests/" in line]
    assert "GET /v2/all/kube-apiserver/manifests/v1.34.2?ns=registry.k8s.io" in asked


@needs_apt
@pytest.mark.parametrize(
    ("packages", "words"),
    [
        ({"key": "m.asc", "key_text": KEY}, ("does not have a Release file",)),
        ({"unsigned": True}, ()),
    ],
)
def test_a_mirror_without_a_signature(
    host: ShellHost, mirror: str, packages: dict[str, Any], words: tuple[str, ...]
) -> None:
    facts = Facts(look(host, cluster(mirror, **packages)).stdout)
    assert facts.one("mirror") == ("failed" if words else "ok")
    said = facts.one("mirror.said") or ""
    assert all(word in said for word in words), said
    assert str(host.folder) not in said


@needs_apt
@pytest.mark.parametrize("path", ["/nothing", None])
def test_a_mirror_that_is_not_there(host: ShellHost, mirror: str, path: str | None) -> None:
    plan = cluster(f"{mirror}{path}" if path else "http://127.0.0.1:1")
    ran = look(host, plan)
    assert Facts(ran.stdout).one("mirror") == "failed"
    said = verdicts(plan, ran)
    assert (said["mirror"], said["versions"], said["registry"]) == ("blocked", "skipped", "blocked")


@needs_apt
def test_a_version_that_the_mirror_does_not_have(host: ShellHost, mirror: str) -> None:
    plan = cluster(mirror).model_copy(
        update={"kubernetes": spec(kubernetes={"version": "1.34.1"}).kubernetes}
    )
    ran = look(host, plan)
    evidence = fleet(plan)
    evidence.keep(STEP, "cp1", Reading(ran.stdout))
    found = BY_ID["supply.versions"].finding(Look(plan, plan.host("cp1"), evidence))
    assert (found.verdict, found.fix) == ("blocked", "Choose one of 1.34.10, 1.34.2.")


@needs_apt
def test_the_hosts_own_sources_are_asked(host: ShellHost, mirror: str, tmp_path: Path) -> None:
    host.write(
        "/etc/apt/sources.list",
        f"deb {mirror} ./\ndeb http://127.0.0.1:1/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n",
    )
    facts = Facts(look(host, cluster(mirror)).stdout)
    rows = {row[0]: row[1] for row in facts.rows("source", 2)}
    assert rows[mirror] == "ok"
    assert "Could not connect" in rows["http://127.0.0.1:1/debian"]
    assert len(rows) == 2


@needs_apt
@pytest.mark.parametrize(
    ("needs", "verdict"), [("apt", "ok"), ("no-such-package", "blocked"), ("kmod", "ok")]
)
def test_apt_is_asked_whether_it_would_install_all(
    host: ShellHost, mirror: str, needs: str, verdict: str
) -> None:
    plan = cluster(mirror)
    names = preflight_plan.needed(plan, plan.host("cp1"), osfamily.DEBIAN)
    ours = {"socat", *preflight_plan.OURS}
    listed = "".join(
        f"Package: {name}\nVersion: 1:9.9-1\nArchitecture: all\nDescription: x\nDepends: {needs}\n"
        f"Filename: ./{name}.deb\nSize: 1\nSHA256: {'0' * 64}\n\n"
        for name in names
        if name not in ours
    )
    host.write("/etc/apt/sources.list", "deb [trusted=yes] http://debs.lan/ ./\n")
    host.write("/var/lib/apt/lists/debs.lan_._Packages", listed)
    (host.folder / "root/var/lib/apt/lists/partial").mkdir()
    before = sorted(str(path) for path in (host.folder / "root").rglob("*"))
    ran = look(host, plan)
    assert sorted(str(path) for path in (host.folder / "root").rglob("*")) == before
    facts = Facts(ran.stdout)
    assert facts.one("lists") == "0"
    candidates = {name: can for name, _, can in facts.rows("package", 3)}
    assert candidates["keepalived"] == "1:9.9-1"
    assert candidates["socat"] == "9.9-1"
    said = facts.one("simulate") or ""
    assert said == "ok" or needs in said
    assert verdicts(plan, ran)["packages"] == verdict, said


@needs_apt
def test_sources_that_apt_cannot_read(host: ShellHost, mirror: str) -> None:
    host.write("/etc/apt/sources.list", "debb nonsense\n")
    ran = look(host, cluster(mirror))
    assert "sources.list" in (Facts(ran.stdout).one("apt.sources") or "")
    assert verdicts(cluster(mirror), ran)["sources"] == "blocked"


@needs_apt
def test_our_own_source_of_an_earlier_install_is_in_nobodys_way(
    host: ShellHost, mirror: str
) -> None:
    """apt takes no two sources of a place whose keys lie elsewhere; another one's stays a clash."""
    plan = cluster(mirror, key_text=KEY)
    (placed,) = (
        file for file in osfamily_apt.source_files(plan) if file.path == osfamily_apt.LIST_PATH
    )
    assert placed.content is not None
    host.write(osfamily_apt.LIST_PATH, placed.content.decode())
    assert Facts(look(host, plan).stdout).one("apt.sources") == "yes"
    host.write("/etc/apt/sources.list.d/kubernetes.list", placed.content.decode())
    ran = look(host, plan)
    assert "Signed-By" in (Facts(ran.stdout).one("apt.sources") or "")
    assert verdicts(plan, ran)["sources"] == "blocked"

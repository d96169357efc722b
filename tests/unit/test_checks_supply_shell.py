"""The look at packages and images, run as a host would: apt for real, with a mirror on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haui.evidence import Facts, Reading
from haui.spec import ClusterSpec
from steps import preflight_images, preflight_plan, preflight_supply
from steps.checks import BY_ID, CATALOGUE, Look
from steps.load import script
from tests.unit.checks import fleet
from tests.unit.shell_host import Ran, ShellHost
from tests.unit.specs import KEY, spec
from tests.unit.supply_servers import Registry, folder, handler, serving

STEP = "preflight.supply"
needs_apt = pytest.mark.skipif(
    not Path("/usr/lib/apt/apt-helper").exists(), reason="there is no apt on this machine"
)
APT = """
case $1 in
    indextargets) cat "$STATE/targets" 2>/dev/null ;;
    *) exec /usr/bin/apt-get "$@" ;;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    """A host without package lists and sources, whose packages are all in good order."""
    host = ShellHost(tmp_path / "host", {"STATE": str(tmp_path)})
    host.fake("dpkg-query", 'printf "ii |apt\\nrc |old\\nit |man-db\\n"')
    host.fake("apt-mark")
    host.fake("apt-get", APT)
    host.fake("systemctl", "echo inactive; exit 3")
    return host


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


def cluster(mirror: str, hub: str = "http://127.0.0.1:1", **packages: Any) -> ClusterSpec:
    """One whose packages and images come from there, as in a network without the internet."""
    registries = dict.fromkeys(("registry.k8s.io", "ghcr.io"), f"{hub}/all")
    given = {"mirror": mirror, **(packages or {"unsigned": True})}
    return spec(supply={"packages": given, "images": {"registries": registries}})


def look(host: ShellHost, cluster: ClusterSpec, name: str = "cp1", before: str = "") -> Ran:
    """Run the script; `before` is shell that comes before its first command."""
    call = preflight_supply.STEP.work(cluster, cluster.host(name), {}).probe
    assert call is not None
    text = script(call.script).replace("HTTP_TOOL=$(", f"{before}\nHTTP_TOOL=$(", 1)
    inputs = {key: value.decode() for key, value in call.inputs.items()}
    ran = host.run(text, call.env, inputs)
    assert (ran.status, ran.stderr) == (0, "")
    assert not list((host.folder / "inputs").glob("supply.*")), "the folder is gone"
    return ran


def verdicts(cluster: ClusterSpec, ran: Ran, name: str = "cp1") -> dict[str, str]:
    """What the checks say of the host."""
    evidence = fleet(cluster)
    evidence.keep(STEP, name, Reading(ran.stdout))
    looked = Look(cluster, cluster.host(name), evidence)
    return {
        check.id.partition(".")[2]: check.finding(looked).verdict
        for check in CATALOGUE
        if check.step == STEP and check.on(cluster, cluster.host(name))
    }


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
        *preflight_plan.needed(plan, plan.host("cp1")),
        *preflight_plan.KUBERNETES,
    }
    said = verdicts(plan, ran)
    for check in ("lock", "dpkg", "held", "mirror", "versions", "registry", "registry_ca",
                  "images", "arch", "layers", "rate", "proxy", "no_proxy"):  # fmt: skip
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
    lines = (
        f"{mirror}/ ./ {mirror}\nhttp://127.0.0.1:1/debian/ bookworm http://127.0.0.1:1/debian\n"
    )
    (tmp_path / "targets").write_text(f"{lines}cdrom:[Debian]/ bookworm cdrom:[Debian]\n")
    facts = Facts(look(host, cluster(mirror)).stdout)
    rows = {row[0]: row[1] for row in facts.rows("source", 2)}
    assert rows[mirror] == "ok"
    assert "Could not connect" in rows["http://127.0.0.1:1/debian"]
    assert len(rows) == 2


AWAY = cluster("http://127.0.0.1:1")
"""Everything is asked of this machine, which has none of it."""


def quiet(host: ShellHost) -> None:
    """Nothing of apt is real."""
    for name in ("apt-get", "apt-cache", "apt-config"):
        host.fake(name)


def test_who_holds_a_lock(host: ShellHost) -> None:
    quiet(host)
    paths = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock")
    inodes = [host.write(path, "").stat().st_ino for path in paths]
    host.write(
        "/proc/locks",
        f"1: POSIX  ADVISORY  WRITE 812 08:01:{inodes[0]} 0 EOF\n"
        f"1: -> POSIX  ADVISORY  WRITE 999 08:01:{inodes[1]} 0 EOF\n"
        f"2: POSIX  ADVISORY  WRITE 813 00:2b:{inodes[2]} 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 0 08:01:1 0 EOF\nnonsense\n",
    )
    host.write("/proc/812/comm", "unattended-upgr\n")
    for pid, path in (("812", paths[0]), ("813", "/somewhere/else")):
        (host.folder / f"root/proc/{pid}/fd").mkdir(parents=True)
        (host.folder / f"root/proc/{pid}/fd/4").symlink_to(path)
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("lock", 3) == (("/var/lib/dpkg/lock-frontend", "812", "unattended-upgr"),)


def test_units_that_work_with_packages(host: ShellHost) -> None:
    quiet(host)
    host.fake("systemctl", '[ "$2" = apt-daily.service ] && echo activating || echo inactive')
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("unit", 2) == (("apt-daily.service", "activating"),)


def test_broken_and_held_packages(host: ShellHost) -> None:
    quiet(host)
    host.fake("dpkg-query", 'printf "ii |apt\\niHR|ed\\niF |vim:amd64\\nhi |kubelet\\nun |x\\n"')
    host.fake("apt-mark", "echo kubelet; echo haproxy; echo linux-image-amd64; echo kube")
    host.write("/var/lib/dpkg/updates/0001", "")
    facts = Facts(look(host, AWAY).stdout)
    assert facts.rows("dpkg.broken", 2) == (("iHR", "ed"), ("iF_", "vim:amd64"))
    assert facts.all("held") == ("haproxy", "kubelet")
    assert facts.yes("dpkg.updates")


def test_what_the_host_says_of_proxies_comes_without_their_logins(host: ShellHost) -> None:
    quiet(host)
    host.write(
        "/etc/environment", "PATH=/bin\nhttps_proxy=http://me:secret@proxy.lan:3128\n# no_proxy=x\n"
    )
    host.write("/etc/apt/apt.conf.d/01p", 'Acquire::http::Proxy "http://u:pw@p.lan";\n')
    ran = look(host, AWAY)
    assert "secret" not in ran.stdout and "pw@" not in ran.stdout
    assert Facts(ran.stdout).all("proxy.own") == (
        "/etc/environment https_proxy=http://proxy.lan:3128",
        '/etc/apt/apt.conf.d/01p Acquire::http::Proxy "http://p.lan";',
    )


def test_names_are_looked_up(host: ShellHost) -> None:
    quiet(host)
    host.fake("getent", '[ "$2" = ghcr.io ] || exit 2; echo "192.0.2.1 STREAM ghcr.io"')
    facts = Facts(look(host, spec(), before="http_tool() { return 1; }").stdout)
    assert {name: address for name, _, address in facts.rows("name", 3)} == {
        "pkgs.k8s.io": "-",
        "registry.k8s.io": "-",
        "ghcr.io": "192.0.2.1",
    }


def test_a_host_without_apt_and_tools(host: ShellHost) -> None:
    without = "have() { case $1 in apt-get | curl | wget | python3) return 1 ;; esac; }"
    ran = look(host, spec(), before=without)
    facts = Facts(ran.stdout)
    assert (facts.one("apt"), facts.one("http.tool"), facts.complete) == ("no", "none", True)
    said = verdicts(spec(), ran)
    assert {said[check] for check in ("dpkg", "packages", "images", "registry")} == {"skipped"}


def test_a_balancer_asks_for_no_image(host: ShellHost) -> None:
    quiet(host)
    hosts = [{"name": "lb1", "address": "10.30.0.31", "roles": ["load-balancer"]}]
    plan = spec(hosts=[*spec().model_dump()["hosts"], *hosts])
    ran = look(host, plan, "lb1")
    assert Facts(ran.stdout).all("image") == ()
    assert Facts(ran.stdout).one("mirror") == "skipped"


@needs_apt
@pytest.mark.parametrize(
    ("needs", "verdict"), [("apt", "ok"), ("no-such-package", "blocked"), ("kmod", "ok")]
)
def test_apt_is_asked_whether_it_would_install_all(
    host: ShellHost, mirror: str, needs: str, verdict: str
) -> None:
    plan = cluster(mirror)
    names = preflight_plan.needed(plan, plan.host("cp1"))
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

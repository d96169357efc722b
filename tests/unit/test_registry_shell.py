"""The registry's scripts on a faked host: its certificates by the real openssl, its images pushed
by the real curl, jq and tar into a small registry."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from haui.spec import HostSpec
from steps import etcd_pki, registry, registry_pki
from tests.unit.archives import Layout, docker_archive, layers_of, write_folder, write_tar
from tests.unit.shell_host import Ran, ShellHost, with_systemctl
from tests.unit.small_registry import SmallRegistry, digest
from tests.unit.specs import with_registry

LACKS = [tool for tool in ("openssl", "curl", "jq", "tar") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(LACKS), reason=f"needs {', '.join(LACKS)}")

CLUSTER = with_registry()
ME = HostSpec(name="rg1", address="127.0.0.1", roles=("registry",))
FOLDER = "/etc/haui/registry"
DAYS = {"HAUI_DAYS": "365", "HAUI_RENEW_DAYS": "30"}
NAMES = {"HAUI_NAMES": " ".join(etcd_pki.names(ME))}
PUSHER = "Basic cHVzaGVyOng="
PAUSE, PROXY = "registry.k8s.io/pause:3.10", "registry.k8s.io/kube-proxy:v1.34.2"


def made(folder: Path) -> ShellHost:
    return ShellHost(folder, {"HAUI_HOST": "rg1", "HAUI_ADDRESS": "127.0.0.1", **DAYS, **NAMES})


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> ShellHost:
    """The registry's host with its CA and certificate."""
    host = made(tmp_path_factory.mktemp("rg1"))
    config = registry_pki.ca_config(CLUSTER).decode()
    assert host.run("registry_ca_probe").verdict("CA of the registry") == "differs"
    assert host.run("registry_ca_apply", None, {"ca.cnf": config}).status == 0
    assert host.run("registry_ca_probe").done
    call = registry_pki.signing().call(CLUSTER, ME)
    inputs = {name: data.decode() for name, data in call.inputs.items()}
    supplied = host.run(call.script, call.env, inputs)
    values = dict(line.split("=", 1) for line in supplied.stdout.splitlines())
    assert (
        host.run("registry_certificate_probe").verdict("certificate of the registry") == "differs"
    )
    parts = {name: data.decode() for name, data in registry_pki.server_inputs(values).items()}
    assert host.run("registry_certificate_apply", None, parts).status == 0
    assert host.run("registry_certificate_probe").done
    for name in ("server.key", "server.cnf"):
        (host.folder / "inputs" / name).unlink()
    return host


@pytest.fixture
def small(certified: ShellHost) -> Iterator[SmallRegistry]:
    pki = certified.folder / "root" / FOLDER.lstrip("/")
    with SmallRegistry(pki / "server.crt", pki / "server.key", PUSHER) as running:
        yield running


def call(host: ShellHost, script: str, small: SmallRegistry, archive: str, **inputs: str) -> Ran:
    env = {"HAUI_PORT": str(small.port), "HAUI_ARCHIVE": archive, "HAUI_OWN": "rg1:5000 rg2:5000"}
    login = {"login": f"Authorization: {PUSHER}\n"} | inputs
    return host.run(script, {**env, "HAUI_NAME": "rg1:5000"}, login)


def test_the_ca_is_told_and_its_key_is_not(certified: ShellHost) -> None:
    told = certified.run("registry_trust_supply").stdout
    assert base64.b64decode(told.partition("=")[2]).decode() == certified.read(f"{FOLDER}/ca.crt")
    mode = (certified.folder / "root" / FOLDER.lstrip("/") / "ca.key").stat().st_mode
    assert oct(mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"HAUI_NAMES": "DNS:rg9"}, "not for rg9"),
        ({"HAUI_RENEW_DAYS": "366"}, "fewer than 366 days left"),
    ],
)
def test_a_certificate_is_made_anew(
    certified: ShellHost, change: dict[str, str], fault: str
) -> None:
    found = certified.run("registry_certificate_probe", change)
    assert found.findings["certificate of the registry"].seen == fault


def test_a_ca_without_its_key_is_for_a_person(certified: ShellHost, tmp_path: Path) -> None:
    other = made(tmp_path)
    other.write(f"{FOLDER}/ca.crt", certified.read(f"{FOLDER}/ca.crt"))
    assert other.run("registry_ca_probe").verdict("key of the registry's CA") == "blocked"


def layout() -> Layout:
    """One plain image, and one whose other processor was left out, as containerd exports it."""
    made, other = Layout(), Layout()
    made.name(PAUSE, made.image("pause"))
    made.name(PROXY, made.index({"amd64": made.image("proxy"), "arm64": other.image("arm")}))
    made.name("x", made.image("nameless"), **{"org.opencontainers.image.ref.name": "latest"})
    return made


def test_a_layout_is_pushed_byte_by_byte(certified: ShellHost, small: SmallRegistry) -> None:
    files, srv = layout().files(), certified.folder / "root/srv"
    write_tar(srv / "tar", files)
    probe = call(certified, "registry_fill_probe", small, "/srv/tar")
    assert probe.verdict(f"image {PAUSE}") == probe.verdict(f"image {PROXY}") == "differs"
    assert probe.verdict("image latest of the archive") == "info"
    ran = call(certified, "registry_fill_apply", small, "/srv/tar")
    assert ran.status == 0, ran.stderr
    assert f"push:    {PAUSE} as {PAUSE}" in ran.stdout
    assert small.pushed == [PROXY, PAUSE]
    repository, _, tag = PAUSE.partition(":")
    assert small.manifests[repository, tag][1] == layout().image("pause")
    repository, _, tag = PROXY.partition(":")
    parts = small.manifest(repository, tag)["manifests"]
    assert isinstance(parts, list)
    assert [part["platform"]["architecture"] for part in parts] == ["amd64"], "no holes"
    # The same archive in its other forms: nothing is left to push.
    write_tar(srv / "dotted", files, prefix="./")
    write_folder(srv / "folder", files)
    assert call(certified, "registry_fill_probe", small, "/srv/dotted").done
    small.requests.clear()
    again = call(certified, "registry_fill_apply", small, "/srv/folder")
    assert again.stdout.count("here:") == 2
    assert not [request for request in small.requests if request[:4] in ("PUT ", "POST")]


def test_a_docker_archive_gets_a_manifest(certified: ShellHost, small: SmallRegistry) -> None:
    names = ["old.lan:5000/a/one:1", "busybox:1.36", "rg1:5000/tools/two:2"]
    write_tar(certified.folder / "root/srv/docker.tar", *docker_archive(names))
    ran = call(certified, "registry_fill_apply", small, "/srv/docker.tar")
    assert ran.status == 0, ran.stderr
    assert small.pushed == [
        "docker.io/library/busybox:1.36", "old.lan_5000/a/one:1", "tools/two:2",
    ]  # fmt: skip
    layers = small.manifest("tools/two", "2")["layers"]
    assert isinstance(layers, list)
    want = layers_of("rg1:5000/tools/two:2")
    assert [layer["digest"] for layer in layers] == [digest(layer) for layer in want]
    assert [layer["size"] for layer in layers] == [len(layer) for layer in want], "links too"
    assert call(certified, "registry_fill_probe", small, "/srv/docker.tar").done


BAD: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing of the kind": ({"readme": b"x"}, "neither an OCI layout nor a docker-archive"),
    "no JSON": ({"index.json": b"{", "oci-layout": b""}, "the list of images"),
    "a part is missing": (
        {k: v for k, v in layout().files().items() if v != layers_of("pause")[1]
         and k != f"blobs/sha256/{digest(layout().image('pause'))[7:]}"},
        f"of {PAUSE} is absent or damaged",
    ),
    "another digest": (
        {**layout().files(), f"blobs/sha256/{digest(layout().image('pause'))[7:]}": b"{}"},
        f"of {PAUSE} is absent or damaged",
    ),
    "a name that is shell": (
        {"index.json": b'{"manifests":[{"digest":"$(reboot)","annotations":'
                       b'{"io.containerd.image.name":"$(reboot):1"}}]}', "oci-layout": b""},
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_archive_is_named(
    certified: ShellHost, small: SmallRegistry, files: dict[str, bytes], said: str
) -> None:
    write_tar(certified.folder / "root/srv/bad.tar", files)
    ran = call(certified, "registry_fill_apply", small, "/srv/bad.tar")
    assert said in ran.stderr
    assert (ran.status != 0) == bool(said)
    assert not [name for name in small.pushed if name == PAUSE]


def test_an_archive_that_is_compressed_or_away(certified: ShellHost, small: SmallRegistry) -> None:
    (certified.folder / "root/srv").mkdir(exist_ok=True)
    (certified.folder / "root/srv/a.tar.gz").write_bytes(b"\x1f\x8b\x08\x00rest")
    ran = call(certified, "registry_fill_apply", small, "/srv/a.tar.gz")
    assert "is compressed as a whole" in ran.stderr
    assert (
        "there is no /srv/none" in call(certified, "registry_fill_apply", small, "/srv/none").stderr
    )


def test_a_login_that_is_refused_says_so(certified: ShellHost, small: SmallRegistry) -> None:
    write_tar(certified.folder / "root/srv/one.tar", layout().files())
    small.login = "Basic b3RoZXI6eA=="
    ran = call(certified, "registry_fill_apply", small, "/srv/one.tar")
    assert ran.status != 0
    assert "answers 401" in ran.stderr


def test_what_is_missing_is_told_by_the_name_to_push(
    certified: ShellHost, small: SmallRegistry
) -> None:
    small.manifests["registry.k8s.io/pause", "3.10"] = ("x", b"{}")
    wanted = "registry.k8s.io/pause:3.10 registry.k8s.io/pause 3.10 sure\n"
    assert call(certified, "registry_content_probe", small, "", wanted=wanted).done
    wanted += "ghcr.io/a/b:1 ghcr.io/a/b 1 sure\nr/etcd:3 r/etcd 3 guess\nv:1 v 1 optional\n"
    found = call(certified, "registry_content_probe", small, "", wanted=wanted).findings
    assert found["the registry has no ghcr.io/a/b:1"].verdict == "blocked"
    assert found["the registry has no ghcr.io/a/b:1"].seen == "no rg1:5000/ghcr.io/a/b:1"
    assert found["image r/etcd:3"].verdict == found["image v:1"].verdict == "info"


@pytest.fixture
def service(certified: ShellHost, small: SmallRegistry) -> ShellHost:
    """A host on which the small registry passes for the service."""
    with_systemctl(certified)
    program = certified.write("/usr/local/bin/registry", "#!/bin/sh\necho registry v3\n", 0o755)
    certified.fake("useradd")
    certified.fake("id")
    certified.fake("chown")
    certified.fake(
        "stat", 'case "$*" in *%U*) echo haui-registry ;; *) exec /usr/bin/stat "$@" ;; esac'
    )
    certified.env |= {
        "HAUI_PORT": str(small.port), "HAUI_PROGRAM": str(program), "HAUI_SHA256": "",
        "HAUI_STORAGE": "/srv/images", "HAUI_USER": "", "HAUI_URL": "", "HAUI_PACKAGED": "",
        "HAUI_PATIENCE": "0",
    }  # fmt: skip
    small.login = ""
    return certified


def test_the_service_is_started_once(service: ShellHost) -> None:
    assert not service.run("registry_serve_probe").done
    ran = service.run("registry_serve_apply")
    assert ran.status == 0, ran.stderr
    assert service.run("registry_serve_probe").done
    before = service.calls.count("systemctl restart haui-registry")
    assert service.run("registry_serve_apply").status == 0
    assert service.calls.count("systemctl restart haui-registry") == before == 1


def test_a_program_that_is_not_there_is_named(service: ShellHost) -> None:
    ran = service.run("registry_serve_apply", {"HAUI_PROGRAM": "/nowhere/registry"})
    assert "there is no program /nowhere/registry" in ran.stderr
    service.write("/etc/os-release", 'ID=rocky\nPRETTY_NAME="Rocky 9"\n')
    packaged = {"HAUI_PROGRAM": "/nowhere/registry", "HAUI_PACKAGED": "docker-registry"}
    ran = service.run("registry_serve_apply", packaged)
    assert "no package of a registry is known for Rocky 9" in ran.stderr
    assert "registry.program" in ran.stderr
    service.write("/etc/os-release", "ID=debian\n")


def test_a_fetched_program_of_another_checksum_is_not_run(service: ShellHost) -> None:
    service.fake("curl", 'while [ $# -gt 1 ]; do [ "$1" != -o ] || echo evil >"$2"; shift; done')
    target = service.folder / "root/usr/local/bin/fetched"
    fetched = {
        "HAUI_PROGRAM": str(target), "HAUI_URL": "https://mirror.lan/r", "HAUI_SHA256": "0" * 64,
    }  # fmt: skip
    ran = service.run("registry_serve_apply", fetched)
    (service.folder / "bin/curl").unlink()
    assert "is not what registry.sha256 says" in ran.stderr
    assert not target.exists()


@pytest.mark.skipif(shutil.which("htpasswd") is None, reason="needs htpasswd")
def test_the_login_is_kept_as_bcrypt_and_changed_when_it_changes(
    service: ShellHost, small: SmallRegistry
) -> None:
    service.env["HAUI_USER"] = "pusher"
    small.login = PUSHER
    inputs = {"password": "x y'\"$\n", "login": f"Authorization: {PUSHER}\n"}
    ran = service.run("registry_serve_apply", None, inputs)
    assert ran.status == 0, ran.stderr
    assert service.read(f"{FOLDER}/htpasswd").startswith("pusher:$2y$")
    assert service.run("registry_serve_probe", None, inputs).done
    inputs["password"] = "other\n"
    probe = service.run("registry_serve_probe", None, inputs)
    assert probe.verdict("login of the registry") == "differs"
    for name in inputs:
        (service.folder / "inputs" / name).unlink()
    service.env["HAUI_USER"] = ""
    small.login = ""
    assert service.run("registry_serve_apply").status == 0
    assert not (service.folder / "root" / FOLDER.lstrip("/") / "htpasswd").exists()


def test_steps_run_these_scripts() -> None:
    scripts = set()
    for step in registry.STEPS:
        work = step.work(CLUSTER, CLUSTER.host("rg1"), {})
        scripts |= {made.script for made in (work.probe, work.apply) if made}
    assert {"registry_fill_apply", "registry_content_probe", "registry_serve_apply"} <= scripts

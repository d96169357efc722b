"""etcd's certificates, made and judged by the real scripts with the real openssl."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from haui.spec import HostSpec
from steps import etcd_pki
from tests.unit.shell_host import Ran, ShellHost

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

MEMBER = HostSpec(name="et2", address="10.0.0.42", roles=("etcd",))
PLANE = HostSpec(name="cp1", address="fd00::1", roles=("control-plane",))
DAYS = {"HAUI_DAYS": "3650", "HAUI_RENEW_DAYS": "30"}
PKI = "/etc/etcd/pki"


SHORT_KEYS = f"""
openssl={shutil.which("openssl")}
[ "$1 $2 $4" != "genrsa -out 2048" ] || exec "$openssl" genrsa -out "$3" 1024
exec "$openssl" "$@"
"""
"""The real openssl, but for the length of keys: one that is asked for takes a third of a second."""


def make_ca(folder: Path, *, days: str = "3650", keys: str = SHORT_KEYS) -> ShellHost:
    """The host that signs."""
    host = ShellHost(folder, {"HAUI_HOST": "et1", "HAUI_ADDRESS": "10.0.0.41", **DAYS})
    if keys:
        host.fake("openssl", keys)
    ran = host.run("etcd_ca_apply", {"HAUI_DAYS": days}, {"ca.cnf": etcd_pki.ca_config().decode()})
    assert ran.status == 0, ran.stderr
    return host


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> ShellHost:
    return make_ca(tmp_path_factory.mktemp("signer"))


def signed_anew(
    signer: ShellHost, kind: etcd_pki.Kind, host: HostSpec, days: int = 365
) -> Mapping[str, str]:
    """The values that the supply script prints for `host`."""
    for old in (signer.folder / "inputs").iterdir():
        old.unlink()
    wanted = etcd_pki.leaves(kind, host)
    inputs = {f"{leaf.key}.cnf": etcd_pki.leaf_config(leaf, host).decode() for leaf in wanted}
    env = {"HAUI_DAYS": str(days), "HAUI_HOST": host.name}
    ran = signer.run("etcd_certificates_supply", env, inputs)
    assert ran.status == 0, ran.stderr
    return dict(line.split("=", 1) for line in ran.stdout.splitlines())


SIGNED: dict[tuple[object, ...], Mapping[str, str]] = {}


def signed(
    signer: ShellHost, kind: etcd_pki.Kind, host: HostSpec, days: int = 365
) -> Mapping[str, str]:
    """The same, made once by that signer: keys take their time."""
    key = (signer.folder, kind, host.name, host.address, days)
    if key not in SIGNED:
        SIGNED[key] = signed_anew(signer, kind, host, days)
    return SIGNED[key]


class Owner(ShellHost):
    """A host that gets certificates."""

    def trust(self, signer: ShellHost, kind: str) -> None:
        path = f"{PKI}/ca.crt" if kind == "member" else "/etc/kubernetes/pki/etcd/ca.crt"
        self.write(path, signer.read(f"{PKI}/ca.crt"))

    def place(self, kind: etcd_pki.Kind, host: HostSpec, values: Mapping[str, str]) -> Ran:
        inputs = etcd_pki.apply_inputs(kind, host, values)
        text = {name: content.decode() for name, content in inputs.items()}
        return self.run("etcd_certificates_apply", etcd_pki.probe_environment(kind, host), text)

    def probe(self, kind: etcd_pki.Kind, host: HostSpec) -> Ran:
        return self.run("etcd_certificates_probe", etcd_pki.probe_environment(kind, host))


@pytest.fixture
def member(tmp_path: Path, signer: ShellHost) -> Owner:
    host = Owner(tmp_path)
    host.trust(signer, "member")
    return host


def test_the_ca_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    host = ShellHost(tmp_path, dict(DAYS))
    assert not host.run("etcd_ca_probe").done
    host = make_ca(tmp_path, keys="")
    assert host.run("etcd_ca_probe").done
    shown = ["openssl", "rsa", "-noout", "-text", "-in", str(tmp_path / f"root{PKI}/ca.key")]
    assert "Private-Key: (2048 bit" in subprocess.check_output(shown, text=True)
    before = host.read(f"{PKI}/ca.crt")
    assert host.run("etcd_ca_apply").status == 0
    assert host.read(f"{PKI}/ca.crt") == before
    assert (tmp_path / f"root{PKI}/ca.key").stat().st_mode & 0o777 == 0o600


def test_a_ca_that_was_killed_half_way_is_finished_with_the_same_key(tmp_path: Path) -> None:
    host = make_ca(tmp_path)
    key = host.read(f"{PKI}/ca.key")
    (tmp_path / f"root{PKI}/ca.crt").unlink()
    assert host.run("etcd_ca_probe").findings["etcd CA"].verdict == "differs"
    make_ca(tmp_path)
    assert host.read(f"{PKI}/ca.key") == key
    assert host.run("etcd_ca_probe").done


@pytest.mark.parametrize("left", [f"{PKI}/ca.crt", "/var/lib/etcd/member/snap"])
def test_a_second_ca_is_never_made_beside_one_that_is_elsewhere(tmp_path: Path, left: str) -> None:
    host = ShellHost(tmp_path, dict(DAYS))
    host.write(left, "x")
    ran = host.run("etcd_ca_probe")
    assert ran.findings["key of the etcd CA"].verdict == "blocked"
    assert "first among" in ran.findings["key of the etcd CA"].expected


def test_a_ca_whose_key_is_open_or_another_one_is_told(tmp_path: Path) -> None:
    host = make_ca(tmp_path)
    key = tmp_path / f"root{PKI}/ca.key"
    key.chmod(0o644)
    assert host.run("etcd_ca_probe").verdict("key of the etcd CA") == "differs"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "1024"], check=True, capture_output=True)
    assert host.run("etcd_ca_probe").verdict("etcd CA") == "blocked"


def test_a_member_gets_what_it_needs(signer: ShellHost, member: Owner) -> None:
    assert not member.probe("member", MEMBER).done
    assert member.place("member", MEMBER, signed(signer, "member", MEMBER)).status == 0
    assert "openssl genrsa -out server.key 2048" in signer.calls
    probed = member.probe("member", MEMBER)
    assert probed.done, probed.stdout
    assert set(probed.findings) == {
        "certificate server", "certificate peer", "certificate healthcheck-client",
    }  # fmt: skip
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-text"],
        input=member.read(f"{PKI}/server.crt"), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "DNS:et2, DNS:localhost, IP Address:10.0.0.42, IP Address:127.0.0.1" in text
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in text


def test_a_member_with_ipv6_is_verified_by_its_address(signer: ShellHost, member: Owner) -> None:
    other = MEMBER.model_copy(update={"address": "fd00::42"})
    member.place("member", other, signed(signer, "member", other))
    assert member.probe("member", other).done
    seen = member.probe("member", other.model_copy(update={"address": "fd00::43"})).findings
    assert seen["certificate server"].seen == "not for fd00::43"


def test_an_api_server_with_ipv6_gets_its_client_certificate(
    tmp_path: Path, signer: ShellHost
) -> None:
    host = Owner(tmp_path)
    host.trust(signer, "client")
    assert host.place("client", PLANE, signed(signer, "client", PLANE)).status == 0
    assert host.probe("client", PLANE).done
    key = tmp_path / "root/etc/kubernetes/pki/apiserver-etcd-client.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_only_what_is_wrong_is_made_anew(signer: ShellHost, member: Owner) -> None:
    member.place("member", MEMBER, signed(signer, "member", MEMBER))
    server, peer = member.read(f"{PKI}/server.crt"), member.read(f"{PKI}/peer.crt")
    (member.folder / f"root{PKI}/peer.key").unlink()
    assert member.probe("member", MEMBER).verdict("certificate peer") == "differs"
    member.place("member", MEMBER, signed_anew(signer, "member", MEMBER))
    assert member.probe("member", MEMBER).done
    assert member.read(f"{PKI}/server.crt") == server
    assert member.read(f"{PKI}/peer.crt") != peer


def test_a_certificate_that_ends_soon_is_made_anew(signer: ShellHost, member: Owner) -> None:
    member.place("member", MEMBER, signed(signer, "member", MEMBER, days=29))
    assert "30 days" in member.probe("member", MEMBER).findings["certificate server"].seen
    member.place("member", MEMBER, signed(signer, "member", MEMBER))
    assert member.probe("member", MEMBER).done


def test_other_names_and_another_ca_are_seen(
    tmp_path: Path, signer: ShellHost, member: Owner
) -> None:
    elsewhere = MEMBER.model_copy(update={"address": "10.0.0.99"})
    member.place("member", elsewhere, signed(signer, "member", elsewhere))
    seen = member.probe("member", MEMBER).findings
    assert seen["certificate server"].seen == "not for 10.0.0.42"
    assert seen["certificate healthcheck-client"].verdict == "ok"
    member.trust(make_ca(tmp_path / "other"), "member")
    assert "not of etcd's CA" in member.probe("member", MEMBER).findings["certificate peer"].seen


def test_a_client_certificate_is_no_server_certificate(signer: ShellHost, member: Owner) -> None:
    values = dict(signed(signer, "member", MEMBER))
    values |= {"server_crt": values["healthcheck_client_crt"]}
    values |= {"server_key": values["healthcheck_client_key"]}
    member.place("member", MEMBER, values)
    assert "purpose" in member.probe("member", MEMBER).findings["certificate server"].seen


def test_a_key_that_others_can_read_is_made_anew(signer: ShellHost, member: Owner) -> None:
    member.place("member", MEMBER, signed(signer, "member", MEMBER))
    (member.folder / f"root{PKI}/server.key").chmod(0o640)
    assert not member.probe("member", MEMBER).done
    member.place("member", MEMBER, signed_anew(signer, "member", MEMBER))
    assert member.probe("member", MEMBER).done


def test_no_key_is_said_by_any_script(signer: ShellHost, member: Owner) -> None:
    placed = member.place("member", MEMBER, signed(signer, "member", MEMBER))
    probed = member.probe("member", MEMBER)
    for ran in (placed, probed):
        assert "PRIVATE" not in ran.stdout + ran.stderr
    assert not list((signer.folder / f"root{PKI}").glob("*server*"))


def test_whoever_runs_with_another_ca_is_left_alone(tmp_path: Path, signer: ShellHost) -> None:
    host = Owner(tmp_path)
    ca = {"ca.crt": signer.read(f"{PKI}/ca.crt")}
    host.write(f"{PKI}/ca.crt", "another\n")
    assert host.run("etcd_trust_probe", {"HAUI_KIND": "member"}, ca).done
    host.write("/var/lib/etcd/member/snap/db", "data")
    ran = host.run("etcd_trust_probe", {"HAUI_KIND": "member"}, ca)
    assert ran.verdict("CA of etcd on this host") == "blocked"


def test_the_ca_s_certificate_is_told_and_nothing_else(signer: ShellHost) -> None:
    ran = signer.run("etcd_trust_supply")
    name, _, value = ran.stdout.strip().partition("=")
    assert name == "ca_crt"
    assert etcd_pki.ca_certificate({name: value}).decode() == signer.read(f"{PKI}/ca.crt")

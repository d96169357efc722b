"""The check of the API through the endpoint, against a local TLS server."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from haui.clusterfile.endpoint import Endpoint
from haui.errors import VerifyError
from haui.execution.bastion import check_endpoint
from haui.spec import ClusterSpec, HostSpec, Kubernetes, Topology

NAME = "api.atlas.test"
LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
FAR_AHEAD = datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def authority(name: str = "kubernetes") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = dict.fromkeys(
        (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(LONG_AGO)
        .not_valid_after(FAR_AHEAD)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def server_context(
    ca: Authority, name: str, folder: Path, since: datetime.datetime = LONG_AGO
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("10.9.9.9"))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("kube-apiserver"))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(since)
        .not_valid_after(FAR_AHEAD)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False
        )
        .sign(ca.key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Api:
    """A server that answers like an API server; the first `unready` requests get a 500."""

    def __init__(self, version: str = "v1.36.4", unready: int = 0) -> None:
        self.version = version
        self.unready = unready
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        self.asked.append(path)
        status, body = "200 OK", json.dumps({"gitVersion": self.version})
        if path == "/readyz":
            body = "ok"
            if self.unready:
                self.unready -= 1
                status, body = "500 Internal Server Error", "[-]etcd failed"
        writer.write(f"HTTP/1.0 {status}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(api: Api, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    server = await asyncio.start_server(api.answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def spec(port: int) -> ClusterSpec:
    return ClusterSpec(
        name="atlas",
        kubernetes=Kubernetes(version="1.36.4"),
        endpoint=Endpoint(kind="keepalived-haproxy", name=NAME, vip="127.0.0.1", port=port),
        hosts=(HostSpec(name="cp1", address="10.0.0.1", roles=("control-plane",)),),
    )


def admin_conf(ca: Authority) -> bytes:
    data = base64.b64encode(ca.pem).decode()
    cluster = {"certificate-authority-data": data, "server": f"https://{NAME}:6443"}
    return yaml.safe_dump({"clusters": [{"name": "atlas", "cluster": cluster}]}).encode()


class NoWait:
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_a_ready_api_with_the_right_certificate(tmp_path: Path) -> None:
    ca = authority()
    async with serving(Api(), server_context(ca, NAME, tmp_path)) as port:
        findings = await check_endpoint(spec(port), admin_conf(ca), clock=NoWait())
    assert [found.verdict for found in findings] == ["ok", "ok"]
    assert findings[0].what == "API through the VIP from the bastion"
    assert findings[1].seen == "v1.36.4"


async def test_without_a_virtual_address_the_only_control_plane_is_asked(tmp_path: Path) -> None:
    ca = authority()
    async with serving(Api(), server_context(ca, NAME, tmp_path)) as port:
        single = spec(port).model_copy(
            update={
                "topology": Topology(kind="single"),
                "endpoint": Endpoint(kind="external", name=NAME, port=port),
                "hosts": (HostSpec(name="cp1", address="127.0.0.1", roles=("control-plane",)),),
            }
        )
        findings = await check_endpoint(single, admin_conf(ca), clock=NoWait())
    assert [found.verdict for found in findings] == ["ok", "ok"]
    assert findings[0].what == "API through the endpoint from the bastion"


async def test_it_is_asked_again_until_it_is_ready(tmp_path: Path) -> None:
    ca, api, clock = authority(), Api(unready=3), NoWait()
    async with serving(api, server_context(ca, NAME, tmp_path)) as port:
        findings = await check_endpoint(spec(port), admin_conf(ca), clock=clock)
    assert findings[0].verdict == "ok"
    assert (api.asked.count("/readyz"), clock.now) == (4, 6.0)


async def test_patience_ends_and_the_answer_is_shown(tmp_path: Path) -> None:
    ca, api, clock = authority(), Api(unready=99), NoWait()
    async with serving(api, server_context(ca, NAME, tmp_path)) as port:
        findings = await check_endpoint(spec(port), admin_conf(ca), clock=clock, patience_s=10)
    assert findings[0].verdict == "differs"
    assert findings[0].seen == "HTTP 500 [-]etcd failed"
    assert clock.now <= 10


async def test_another_version_is_a_difference(tmp_path: Path) -> None:
    ca = authority()
    async with serving(Api("v1.35.0"), server_context(ca, NAME, tmp_path)) as port:
        findings = await check_endpoint(spec(port), admin_conf(ca), clock=NoWait())
    assert [(found.verdict, found.seen) for found in findings[1:]] == [("differs", "v1.35.0")]


@pytest.mark.parametrize(
    ("other_ca", "name", "reason"),
    [(True, NAME, "certificate is not accepted"), (False, "other.test", "Hostname mismatch")],
)
async def test_a_wrong_certificate_is_a_difference(
    tmp_path: Path, other_ca: bool, name: str, reason: str
) -> None:
    ca = authority()
    context = server_context(authority("impostor") if other_ca else ca, name, tmp_path)
    async with serving(Api(), context) as port:
        findings = await check_endpoint(spec(port), admin_conf(ca), clock=NoWait(), patience_s=0)
    assert [found.verdict for found in findings] == ["differs"]
    assert reason in findings[0].seen


async def test_a_clock_that_is_behind_is_told(tmp_path: Path) -> None:
    """To who is hours behind, every new certificate is one of the future."""
    ca = authority()
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    async with serving(Api(), server_context(ca, NAME, tmp_path, tomorrow)) as port:
        (found,) = await check_endpoint(spec(port), admin_conf(ca), patience_s=0)
    assert found.verdict == "differs"
    assert "not yet valid; this machine's clock says 2" in found.seen


async def test_nobody_there(unused_tcp_port: int) -> None:
    findings = await check_endpoint(
        spec(unused_tcp_port), admin_conf(authority()), clock=NoWait(), patience_s=0
    )
    assert [found.verdict for found in findings] == ["differs"]
    assert str(unused_tcp_port) in findings[0].seen


class Plain(Api):
    """A server that does not speak TLS and says so at once."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()


async def test_something_without_tls_is_a_difference() -> None:
    async with serving(Plain(), None) as port:
        findings = await check_endpoint(
            spec(port), admin_conf(authority()), clock=NoWait(), patience_s=0
        )
    assert [found.verdict for found in findings] == ["differs"]
    assert findings[0].seen


@pytest.mark.parametrize(
    "conf",
    [
        b"",
        b"clusters: []",
        b"clusters: [{cluster: {server: x}}]",
        b"clusters: [{cluster: {certificate-authority-data: '%%%'}}]",
        b"clusters: [{cluster: {certificate-authority-data: aGVsbG8=}}]",
        b"a: [",
    ],
)
async def test_a_kubeconfig_without_a_ca_is_refused(conf: bytes) -> None:
    with pytest.raises(VerifyError) as caught:
        await check_endpoint(spec(1), conf)
    assert "haui resume" in caught.value.fix

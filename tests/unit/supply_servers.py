"""Small servers on loopback for the tests of what hosts fetch: a registry, a proxy, a mirror."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def _blob(data: Any) -> tuple[str, bytes]:
    body = json.dumps(data, indent=2).encode()
    return f"sha256:{hashlib.sha256(body).hexdigest()}", body


GOOD_TOKEN, GOOD_LOGIN = "Bearer a.b-c_d", "Basic cHVsbGVyOnNlc2FtZQ=="


@dataclass
class Registry:
    """What a registry holds and how it behaves. `manifests` by path and tag or digest."""

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    auth: str = ""
    """basic: without the login everybody is refused. bearer: a token can be had by everybody."""
    status: int = 0
    """What every request for a manifest is answered."""
    hang_s: float = 0
    remaining: str = ""
    asked: list[str] = field(default_factory=list)

    def image(self, path: str, tag: str, *arches: str, index: bool = True) -> None:
        """Put an image there, for those architectures."""
        entries = []
        for arch in arches:
            config, body = _blob({"architecture": arch, "os": "linux", "config": {}})
            self.blobs[f"{path}/blobs/{config}"] = body
            manifest = {
                "schemaVersion": 2,
                "config": {"mediaType": "x", "size": len(body), "digest": config},
                "layers": [{"digest": "sha256:0", "size": 1}],
            }
            digest, data = _blob(manifest)
            self.manifests[f"{path}/manifests/{digest}"] = (MANIFEST, data)
            platform = {"architecture": arch, "os": "linux"}
            entries.append({"digest": digest, "size": len(data), "platform": platform})
            if not index:
                self.manifests[f"{path}/manifests/{tag}"] = (MANIFEST, data)
        if index:
            data = _blob({"schemaVersion": 2, "manifests": entries})[1]
            self.manifests[f"{path}/manifests/{tag}"] = (INDEX, data)


class _Answers(BaseHTTPRequestHandler):
    registry: Registry

    def do_GET(self) -> None:
        self.registry.asked.append(f"{self.command} {self.path}")
        if self.registry.hang_s:
            time.sleep(self.registry.hang_s)
        where = urlsplit(self.path).path
        if where == "/token":
            self.say(200, b'{"token": "a.b-c_d", "expires_in": 60}')
        else:
            self.hand_out(where, where.removeprefix("/v2/"))

    do_HEAD = do_GET

    def hand_out(self, where: str, path: str) -> None:
        if self.registry.auth and self.headers.get("Authorization") not in (GOOD_TOKEN, GOOD_LOGIN):
            self.challenge(path)
        elif where == "/v2/":
            self.say(200, b"{}")
        elif self.registry.status:
            self.say(self.registry.status, b"{}")
        elif path in self.registry.manifests:
            kind, body = self.registry.manifests[path]
            self.say(200, body, {"Content-Type": kind, "Docker-Content-Digest": "sha256:f00"})
        elif path in self.registry.blobs:
            self.say(200, self.registry.blobs[path])
        else:
            self.say(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    def challenge(self, path: str) -> None:
        if self.registry.auth == "basic":
            return self.say(401, b"{}", {"WWW-Authenticate": 'Basic realm="lab"'})
        host = self.headers["Host"]
        scope = f"repository:{path.partition('/manifests/')[0]}:pull"
        realm = f'realm="http://{host}/token",service="a service",scope="{scope}"'
        return self.say(401, b"{}", {"Www-Authenticate": f"Bearer {realm}"})

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        if self.registry.remaining:
            self.send_header("RateLimit-Remaining", f"{self.registry.remaining};w=21600")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    """A class that answers for that registry."""
    return type("Handler", (_Answers,), {"registry": registry})


@contextmanager
def serving(kind: type[BaseHTTPRequestHandler], tls: Path | None = None) -> Iterator[int]:
    """Serve on a free port of loopback; `tls` is a folder made by `authority`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "hub.pem", tls / "hub.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def folder(path: Path, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """Serves files; also answers as a proxy would, by the path of the URL that it is asked for."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, directory=str(path), **more)

        def do_GET(self) -> None:
            asked.append(self.path)
            self.path = urlsplit(self.path).path
            super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Files


def authority(path: Path, name: str = "haui test CA") -> Path:
    """A certificate authority (ca.pem) and a server's certificate by it; returns the folder."""
    path.mkdir(parents=True, exist_ok=True)
    key, issuer = ec.generate_private_key(ec.SECP256R1()), _name(name)
    _write(path / "ca.pem", _certificate(issuer, issuer, key.public_key(), key, True))
    own = ec.generate_private_key(ec.SECP256R1())
    _write(path / "hub.pem", _certificate(_name("hub"), issuer, own.public_key(), key, False))
    (path / "hub.key").write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    is_ca: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    names = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

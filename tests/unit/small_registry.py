"""A registry for tests: TLS with a given certificate, an optional login, images in memory.

It knows just what pushing and looking need (each part in two requests, as distribution has it),
and refuses what a registry refuses: data of another digest, a manifest whose parts it lacks.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class SmallRegistry:
    """Use as a context; `port` is where it listens on 127.0.0.1."""

    def __init__(self, certificate: Path, key: Path, login: str = "") -> None:
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.requests: list[str] = []
        self.login = login
        registry = self

        class Handler(_Handler):
            store = registry

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> SmallRegistry:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def pushed(self) -> list[str]:
        """Names with their tags, sorted."""
        return sorted(f"{name}:{tag}" for name, tag in self.manifests if "sha256:" not in tag)

    def manifest(self, name: str, tag: str) -> dict[str, object]:
        """A manifest by its name and tag."""
        read: dict[str, object] = json.loads(self.manifests[name, tag][1])
        return read

    def lacks(self, name: str, body: bytes) -> list[str]:
        """The parts of a manifest that are not here."""
        read = json.loads(body)
        parts = [part["digest"] for part in [*read.get("layers", []), read.get("config")] if part]
        inner = [part["digest"] for part in read.get("manifests", [])]
        missing = [part for part in parts if (name, part) not in self.blobs]
        return missing + [part for part in inner if (name, part) not in self.manifests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: SmallRegistry

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _handle(self) -> None:
        body, url = self._body(), urlsplit(self.path)
        self.store.requests.append(f"{self.command} {url.path}")
        if self.store.login and self.headers.get("Authorization") != self.store.login:
            self._answer(401, WWW_Authenticate="Basic")
            return
        if url.path == "/v2/":
            self._answer(200)
            return
        kind = "blobs/uploads" if "/blobs/uploads/" in url.path else url.path.split("/")[-2]
        name, _, last = url.path.removeprefix("/v2/").rpartition(f"/{kind}/")
        {"manifests": self._manifest, "blobs": self._blob, "blobs/uploads": self._upload}[kind](
            name, last, body, parse_qs(url.query).get("digest", [""])[0]
        )

    do_GET = do_HEAD = do_PUT = do_POST = _handle

    def _manifest(self, name: str, tag: str, body: bytes, _: str) -> None:
        if self.command == "PUT":
            if self.store.lacks(name, body):
                self._answer(400, b"MANIFEST_BLOB_UNKNOWN")
                return
            kept = (self.headers["Content-Type"], body)
            self.store.manifests[name, tag] = self.store.manifests[name, digest(body)] = kept
            self._answer(201, Docker_Content_Digest=digest(body))
        elif (name, tag) in self.store.manifests:
            kind, kept_body = self.store.manifests[name, tag]
            self._answer(200, kept_body, Docker_Content_Digest=digest(kept_body), Content_Type=kind)
        else:
            self._answer(404)

    def _blob(self, name: str, wanted: str, _: bytes, __: str) -> None:
        data = self.store.blobs.get((name, wanted))
        self._answer(404) if data is None else self._answer(200, data)

    def _upload(self, name: str, _: str, body: bytes, wanted: str) -> None:
        base = f"/v2/{name}/blobs/uploads/1"
        if self.command == "POST":
            self._answer(202, Location=base)
        else:
            data = body
            if digest(data) != wanted:
                self._answer(400, b"DIGEST_INVALID")
                return
            self.store.blobs[name, wanted] = data
            self._answer(201)

"""Pushes images to a registry over its HTTP API, from files that the lab made or was given."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


class PushFailed(Exception):
    """The registry did not take what it was given."""


@dataclass(frozen=True)
class Blob:
    """Something the registry stores by digest."""

    media_type: str
    digest: str
    size: int

    def descriptor(self) -> dict[str, object]:
        """How a manifest names it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Registry:
    """One registry without login, as it runs while the cache is being filled."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    def push_blob(self, repository: str, source: Path | bytes, media_type: str) -> Blob:
        """Upload in one piece; content that is there already is not sent again."""
        with _opened(source) as stream:
            digest = "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            blob = Blob(media_type, digest, size)
            if self._ask("HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
                return blob
            status, headers = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
            if status != 202:
                raise PushFailed(f"{repository}: upload refused with {status}")
            upload = urlsplit(headers["location"])
            query = f"{upload.query}&digest={digest}" if upload.query else f"digest={digest}"
            status, _ = self._ask(
                "PUT",
                f"{upload.path}?{query}",
                stream,
                {"Content-Type": "application/octet-stream", "Content-Length": str(size)},
            )
        if status != 201:
            raise PushFailed(f"{repository}: blob {digest} refused with {status}")
        return blob

    def push_manifest(self, repository: str, tag: str, config: Blob, layers: list[Blob]) -> None:
        """Name the pushed blobs as an image."""
        body = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": config.descriptor(),
                "layers": [layer.descriptor() for layer in layers],
            }
        ).encode()
        status, _ = self._ask(
            "PUT", f"/v2/{repository}/manifests/{tag}", body, {"Content-Type": MANIFEST}
        )
        if status != 201:
            raise PushFailed(f"{repository}:{tag}: manifest refused with {status}")

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            response.read()
            return response.status, {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()


@contextmanager
def _opened(source: Path | bytes) -> Iterator[io.BytesIO | io.BufferedReader]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield io.BytesIO(source)

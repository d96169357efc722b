"""An OCI layout of what the lab's registry holds, as an admin would have carried it in."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "docker/registry/v2"
UPSTREAM = "registry.k8s.io"


def write(storage: Path, target: Path) -> list[str]:
    """Every image below k8s/ in the registry's `storage`, under its upstream name; the names.

    A plain tar as `ctr images export` makes it (OCI image layout 1.0).
    """
    entries: list[dict[str, Any]] = []
    digests: dict[str, None] = {}
    for repository, tag, digest in _tags(storage):
        manifest = json.loads(_blob(storage, digest).read_bytes())
        name = f"{UPSTREAM}/{repository.removeprefix('k8s/')}:{tag}"
        entries.append(
            {
                "mediaType": manifest["mediaType"],
                "digest": digest,
                "size": _blob(storage, digest).stat().st_size,
                "annotations": {
                    "io.containerd.image.name": name,
                    "org.opencontainers.image.ref.name": tag,
                },
            }
        )
        parts = [manifest["config"], *manifest["layers"]]
        digests |= dict.fromkeys([digest, *(part["digest"] for part in parts)])
    index = {"schemaVersion": 2, "manifests": entries}
    with tarfile.open(target, "w") as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps(index).encode())
        for digest in digests:
            tar.add(_blob(storage, digest), f"blobs/{digest.replace(':', '/')}")
    return [entry["annotations"]["io.containerd.image.name"] for entry in entries]


def _tags(storage: Path) -> Iterator[tuple[str, str, str]]:
    repositories = storage / FOLDER / "repositories"
    for link in sorted(repositories.glob("k8s/**/_manifests/tags/*/current/link")):
        tag = link.parents[1].name
        repository = link.parents[4].relative_to(repositories)
        yield str(repository), tag, link.read_text().strip()


def _blob(storage: Path, digest: str) -> Path:
    kind, _, number = digest.partition(":")
    return storage / FOLDER / "blobs" / kind / number[:2] / number / "data"


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))

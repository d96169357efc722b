"""Archives of images for tests, small and as the tools write them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.unit.small_registry import digest

OCI = "application/vnd.oci.image"
BASE = b"what all images begin with" * 100


def layers_of(name: str) -> list[bytes]:
    return [BASE, f"layer of {name}".encode()]


def configuration(name: str) -> bytes:
    return json.dumps({"architecture": "amd64", "os": "linux", "name": name}).encode()


def described(data: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": f"{OCI}.{kind}", "digest": digest(data), "size": len(data)}


class Layout:
    """An OCI layout in the making: `blobs` by their digests."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.entries: list[dict[str, Any]] = []

    def keep(self, data: bytes) -> bytes:
        self.blobs[digest(data)] = data
        return data

    def image(self, name: str) -> bytes:
        """The manifest of an image; its parts are in the layout."""
        config = self.keep(configuration(name))
        layers = [self.keep(gzip.compress(layer, mtime=0)) for layer in layers_of(name)]
        told = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": described(config, "config.v1+json"),
            "layers": [described(layer, "layer.v1.tar+gzip") for layer in layers],
        }
        return self.keep(json.dumps(told, indent=2).encode())

    def name(self, name: str, manifest: bytes, **annotations: str) -> None:
        """Give a manifest its name as containerd's export does: besides, only the tag."""
        entry = described(manifest, "manifest.v1+json")
        kind = json.loads(manifest)["mediaType"]
        named = annotations or {
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.rpartition(":")[2],
        }
        self.entries.append({**entry, "mediaType": kind, "annotations": named})

    def index(self, images: Mapping[str, bytes]) -> bytes:
        """An index of images by their architectures."""
        parts = [
            {**described(manifest, "manifest.v1+json"), "platform": {"architecture": arch}}
            for arch, manifest in images.items()
        ]
        told = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": parts}
        return self.keep(json.dumps(told).encode())

    def files(self) -> dict[str, bytes]:
        index = {"schemaVersion": 2, "manifests": self.entries}
        blobs = {f"blobs/sha256/{name[7:]}": data for name, data in self.blobs.items()}
        marks = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        return {**blobs, **marks, "index.json": json.dumps(index).encode()}


def docker_archive(names: Iterable[str]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Files and links of a docker-archive: layers that images share are links to the first."""
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    listed = []
    for name in names:
        config = configuration(name)
        files[f"{digest(config)[7:]}.json"] = config
        own = []
        for number, layer in enumerate(layers_of(name)):
            path = f"{digest(f'{name}{number}'.encode())[7:]}/layer.tar"
            if layer in seen:
                links[path] = f"../{seen[layer]}"
            else:
                files[path] = layer
                seen[layer] = path
            own.append(path)
        listed.append({"Config": f"{digest(config)[7:]}.json", "RepoTags": [name], "Layers": own})
    return {**files, "manifest.json": json.dumps(listed).encode()}, links


def write_tar(
    path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None, prefix: str = ""
) -> Path:
    """A plain tar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(prefix + name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """The same, unpacked."""
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path

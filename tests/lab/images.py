"""Turns programs into container images and puts them, with what was brought, on a registry.

Run by scripts/images.sh as `python -m tests.lab.images`, in a network namespace of its own, next to
a registry that writes straight into the cache: at `up` the registry only has to be started.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.registry_client import CONFIG, LAYER, Registry

SHELL = ("sh", "cat", "ls", "echo", "sleep", "grep", "ps", "id", "env", "mkdir", "rm", "test")
TOOLS = (*SHELL, "wget", "httpd", "nslookup", "nc", "ping", "ip", "hostname", "vi", "tail", "date")
IPTABLES = tuple(
    f"{family}tables{part}" for family in ("ip", "ip6") for part in ("", "-save", "-restore")
)


@dataclass(frozen=True)
class Image:
    """What goes into an image of one layer."""

    name: str
    files: Mapping[str, Path]
    root_programs: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] = ()


def catalogue(root: Path, built: Path, version: str) -> list[Image]:
    """The images that kubeadm of this version asks for, as far as they can be built here."""
    images = [
        Image(f"k8s/{name}:v{version}", {f"/usr/local/bin/{name}": built / name})
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ]
    # The dynamic one: a static busybox can't look up names (its wget dies in the C library).
    busybox = "/bin/busybox"
    xtables = "/usr/sbin/xtables-nft-multi"
    images.append(
        Image(
            f"k8s/kube-proxy:v{version}",
            {"/usr/local/bin/kube-proxy": built / "kube-proxy"},
            root_programs=[
                *(xtables, "/usr/sbin/conntrack", "/usr/sbin/ipset", "/bin/kmod", busybox),
                *_below(root, "/usr/lib/x86_64-linux-gnu/xtables"),
            ],
            links={
                **{f"/usr/sbin/{name}": xtables for name in IPTABLES},
                "/sbin/modprobe": "/bin/kmod",
                **_applets(SHELL),
            },
        )
    )
    images.append(Image("k8s/pause:3.2", {"/pause": built / "pause"}, entrypoint=["/pause"]))
    images.append(
        Image(
            "k8s/etcd:3.4.13-0",
            {
                "/usr/local/bin/etcd": root / "usr/bin/etcd",
                "/usr/local/bin/etcdctl": root / "usr/bin/etcdctl",
            },
            root_programs=["/usr/bin/etcd", "/usr/bin/etcdctl", busybox],
            links=_applets(SHELL),
        )
    )
    images.append(Image("k8s/haui-verify:1", {}, root_programs=[busybox], links=_applets(TOOLS)))
    return images


def layer(image: Image, root: Path, target: Path) -> str:
    """Write the image's only layer as an uncompressed tar and return its digest."""
    names: dict[str, Path | str] = dict(image.files)
    for program in image.root_programs:
        if program not in names and not _installed_elsewhere(image, root, program):
            names[program] = _inside(root, program)
        for library in _libraries(root, program):
            names[library] = _inside(root, library)
    names.update(image.links)
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        folders = {"/tmp", "/etc", "/var/run", "/run"}
        folders |= {str(parent) for name in names for parent in Path(name).parents}
        for folder in sorted(folders - {"/"}):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "/tmp" else 0o755
            tar.addfile(entry)
        for name, source in sorted(names.items()):
            entry = tarfile.TarInfo(name.lstrip("/"))
            if isinstance(source, str):
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, source, 0o777
                tar.addfile(entry)
                continue
            entry.size, entry.mode = source.stat().st_size, source.stat().st_mode & 0o755
            with source.open("rb") as stream:
                tar.addfile(entry, stream)
    with target.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def publish(image: Image, root: Path, registry: Registry) -> None:
    """Build one image and push it."""
    repository, tag = image.name.rsplit(":", 1)
    with tempfile.TemporaryDirectory(dir=os.environ["WORK"]) as folder:
        tar = Path(folder) / "layer.tar"
        diff_id = layer(image, root, tar)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Entrypoint": list(image.entrypoint) or None,
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
        blob = registry.push_blob(repository, json.dumps(config).encode(), CONFIG)
        registry.push_manifest(repository, tag, blob, [registry.push_blob(repository, tar, LAYER)])
    print(f"published {image.name}")


def publish_archive(archive: Path, registry: Registry) -> None:
    """Push the images of a docker-archive file under their own repository path, host left off.

    Names of the community's registries go below k8s/, where the cluster file looks for them.
    """
    with tarfile.open(archive) as tar:
        for entry in json.load(_member(tar, "manifest.json")):
            config = _member(tar, entry["Config"]).read()
            for name in entry["RepoTags"] or []:
                repository, tag = _repository(name)
                layers = []
                for member in entry["Layers"]:
                    data = _member(tar, member).read()
                    media = f"{LAYER}+gzip" if data[:2] == b"\x1f\x8b" else LAYER
                    layers.append(registry.push_blob(repository, data, media))
                blob = registry.push_blob(repository, config, CONFIG)
                registry.push_manifest(repository, tag, blob, layers)
                print(f"published {repository}:{tag} from {archive.name}")


def _repository(name: str) -> tuple[str, str]:
    path, tag = name.rsplit(":", 1)
    host, _, rest = path.partition("/")
    if host in ("k8s.gcr.io", "registry.k8s.io"):
        return f"k8s/{rest}", tag
    looks_like_host = "." in host or ":" in host or host == "localhost"
    return (rest if rest and looks_like_host else path), tag


def _member(tar: tarfile.TarFile, name: str) -> io.BufferedIOBase:
    stream = tar.extractfile(name)
    if stream is None:
        raise ValueError(f"{tar.name!r} has no file {name}")
    return stream  # type: ignore[return-value]


def _applets(names: Sequence[str]) -> dict[str, str]:
    return {f"/bin/{name}": "/bin/busybox" for name in names}


def _below(root: Path, folder: str) -> list[str]:
    return [f"{folder}/{file.name}" for file in sorted((root / folder.lstrip("/")).iterdir())]


def _installed_elsewhere(image: Image, root: Path, program: str) -> bool:
    return any(source == root / program.lstrip("/") for source in image.files.values())


def _inside(root: Path, path: str) -> Path:
    """The file that `path` means inside `root`, links followed without leaving it."""
    answer = subprocess.run(
        ["chroot", str(root), "readlink", "-f", path], capture_output=True, text=True, check=True
    )
    return root / answer.stdout.strip().lstrip("/")


def _libraries(root: Path, program: str) -> list[str]:
    """What the dynamic loader of `root` would map for the program, the loader included."""
    answer = subprocess.run(
        ["chroot", str(root), "ldd", program], capture_output=True, text=True, check=False
    )
    found = []
    for line in answer.stdout.splitlines():
        words = [word for word in line.split() if word.startswith("/")]
        found += words[-1:]
    return found


def main() -> None:
    """Publish all images; the folders come from the environment that scripts/images.sh sets."""
    root, built = Path(os.environ["ROOT"]), Path(os.environ["FROM_KUBERNETES"]) / "bin"
    registry = Registry("127.0.0.1", int(os.environ["PORT"]))
    for image in catalogue(root, built, os.environ["VERSION"]):
        publish(image, root, registry)
    extra = Path(os.environ["EXTRA"]) / "images"
    for archive in sorted(extra.glob("*.tar")) if extra.is_dir() else []:
        publish_archive(archive, registry)


if __name__ == "__main__":
    main()

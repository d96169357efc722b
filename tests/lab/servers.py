"""The bastion's servers: names, packages over HTTP, images over TLS with a login."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.lab import cgroups, net
from tests.lab.paths import (
    BASTION_NAMESPACE,
    GATEWAY,
    REGISTRY_PORT,
    REGISTRY_USER,
    SCRIPTS,
    WEB_PORT,
)
from tests.lab.process import Process, start

GROUP = "bastion"


def certificates(folder: Path) -> Path:
    """A certificate authority for this lab and a certificate for the registry; returns the CA's."""
    folder.mkdir(mode=0o700)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")
    authority = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=haui lab CA")
    extensions = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(folder, "req", "-x509", *new_key, "-days", "3650", *authority, *extensions)
    _openssl(folder, "req", *new_key, "-keyout", "hub.key", "-out", "hub.csr", "-subj", "/CN=hub")
    (folder / "hub.ext").write_text(
        f"subjectAltName=IP:{GATEWAY},DNS:hub.lab.lan\nextendedKeyUsage=serverAuth\n"
    )
    signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "hub.ext")
    _openssl(folder, "x509", "-req", "-in", "hub.csr", "-days", "3650", *signer, "-out", "hub.pem")
    return folder / "ca.pem"


def start_web(folder: Path, site: dict[str, Path]) -> Process:
    """Serve each folder of `site` under its name."""
    root = folder / "web"
    root.mkdir()
    for name, target in site.items():
        (root / name).symlink_to(target)
    return serve(
        [
            *(sys.executable, "-m", "http.server", str(WEB_PORT)),
            *("--bind", GATEWAY, "--directory", str(root)),
        ],
        folder / "web.log",
    )


def start_dns(folder: Path) -> Process:
    """Answer questions for names; the only one that exists is the registry's."""
    names = (f"hub.lab.lan={GATEWAY}",)
    return serve([sys.executable, str(SCRIPTS / "dns.py"), GATEWAY, *names], folder / "dns.log")


def start_registry(folder: Path, images: Path, password: str) -> Process:
    """Serve the images of the cache, read-only, to who knows the password."""
    hashed = subprocess.run(
        ["htpasswd", "-niB", REGISTRY_USER],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (folder / "htpasswd").write_text(hashed.strip() + "\n")
    tls = folder / "tls"
    (folder / "registry.yml").write_text(
        f"""version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {images / "storage"}}}
  maintenance: {{readonly: {{enabled: true}}}}
http:
  addr: "{GATEWAY}:{REGISTRY_PORT}"
  secret: lab
  tls: {{certificate: {tls / "hub.pem"}, key: {tls / "hub.key"}}}
auth: {{htpasswd: {{realm: lab, path: {folder / "htpasswd"}}}}}
"""
    )
    command = [str(images / "docker-registry"), "serve", str(folder / "registry.yml")]
    return serve(command, folder / "registry.log")


def serve(command: list[str], log: Path) -> Process:
    """Start one of the bastion's servers: in its network, in the lab's control group."""
    environment = {
        **os.environ,
        "NETNS": str(net.NETNS_FOLDER / BASTION_NAMESPACE),
        "CGROUPS": " ".join(map(str, cgroups.create(GROUP))),
    }
    return start(["bash", str(SCRIPTS / "serve.sh"), *command], environment, log)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)

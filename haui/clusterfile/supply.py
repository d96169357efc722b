"""Where packages and images come from: that part of the cluster file's shape."""

from __future__ import annotations

from haui.clusterfile import types as t
from haui.clusterfile.model import FileText, Model, described


class Packages(Model):
    mirror: t.Url | None = described(
        None,
        "A flat apt repository with the Kubernetes packages, for hosts of the RHEL family a dnf "
        "repository (repodata/); one URL may be both. By default pkgs.k8s.io.",
        "http://mirror.lan/haui",
    )
    key: t.Line | None = described(
        None, "The mirror's public key, an armored PGP file.", "./mirror.asc", file=True
    )
    unsigned: t.Flag = described(
        False, "Trust the mirror without a signature. Only for a network you control.", False
    )
    key_text: FileText = None


class Images(Model):
    repository: t.ImageRepository | None = described(
        None,
        "Where the Kubernetes images are, for kubeadm's imageRepository; by default the version's "
        "own.",
        "hub.lan/k8s",
    )
    registries: dict[t.Registry, t.Url] = described(
        {},
        "Mirrors: upstream registry and the URL that serves its images.",
        {"registry.k8s.io": "https://hub.lan/k8s"},
    )
    ca: t.Line | None = described(
        None, "The certificate authority of those registries, a PEM file.", "./hub-ca.pem",
        file=True,
    )  # fmt: skip
    username: t.RegistryUser | None = described(
        None, "The registry login; its password is asked for or HAUI_REGISTRY_PASSWORD.", "puller"
    )
    verify_image: t.Image | None = described(
        None,
        "The image of the verification's workload, with sh, wget, httpd and nslookup.",
        "hub.lan/tools/busybox:1.36",
    )
    ca_pem: FileText = None


class Proxy(Model):
    http: t.Url | None = described(
        None, "The proxy for http, without a login.", "http://proxy.lan:3128"
    )
    https: t.Url | None = described(
        None, "The proxy for https, without a login.", "http://proxy.lan:3128"
    )
    no_proxy: tuple[t.NoProxy, ...] = described(
        (),
        "What is reached directly. haui adds the hosts, the endpoint, the pods and the Services.",
        [".lan"],
    )


class Supply(Model):
    packages: Packages = described(Packages(), "Where packages come from.")
    images: Images = described(Images(), "Where images come from.")
    proxy: Proxy = described(Proxy(), "The HTTP proxy of the hosts.")


class Registry(Model):
    """The image registry that haui sets up on the hosts with the role registry."""

    port: t.Port = described(
        5000, "Where it listens, with TLS; haui makes its CA, which all nodes trust.", 5000
    )
    storage: t.HostPath = described(
        "/var/lib/haui-registry", "The folder on the registry host that holds the images.",
        "/srv/registry",
    )  # fmt: skip
    archive: t.HostPath | None = described(
        None,
        "Images that haui pushes into it: a path on the registry host of an OCI layout (folder or "
        "tar, as `ctr images export` makes it) or a docker-archive. Without it you push them.",
        "/srv/bundle/images.tar",
    )
    program: t.Program | None = described(
        None,
        "The program of distribution, where no package is used: its path on the registry host, or "
        "a URL that it is fetched from. By default Debian's and Ubuntu's package docker-registry.",
        "/usr/local/bin/registry",
    )
    sha256: t.Sha256 | None = described(
        None,
        "The program's checksum; needed where it is fetched.",
        "1f5c1f1bd1d8ec2f1c9c3a6bd54f9f3f6a1e6d3fdc5bcb4d0b5f3a6a8c1e7d20",
    )
    serves: tuple[t.Registry, ...] = described(
        ("registry.k8s.io", "ghcr.io", "quay.io", "docker.io"),
        "The upstream registries whose images the nodes ask this one for instead, below their "
        "names: registry.k8s.io/pause:3.10 is its registry.k8s.io/pause:3.10. What "
        "supply.images.registries says of an upstream wins.",
        ["registry.k8s.io", "ghcr.io"],
    )

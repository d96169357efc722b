"""The rules about the image registry that haui sets up: where it may be, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.supply import Registry
from haui.spec import ClusterSpec, HostSpec

STORAGE_TAKEN = ("/etc", "/usr", "/boot", "/proc", "/sys", "/dev", "/run", "/tmp", "/var/lib/etcd")
"""Folders that are another's, or gone with the next boot."""


Taken = Callable[[int, HostSpec], str]
"""Who holds a port on a host of the cluster; empty when nobody does."""


def registry_problems(spec: ClusterSpec, taken: Taken) -> Iterator[SpecProblem]:
    """What can't be about the registry; `taken` says who else listens on a node."""
    hosts = spec.having("registry")
    if not hosts:
        yield from _without_host(spec)
        return
    yield from _port(spec, hosts, taken)
    yield from _program(spec.registry)
    if any(_below(spec.registry.storage, folder) for folder in STORAGE_TAKEN):
        what = f"{spec.registry.storage} is no place for gigabytes that have to stay"
        yield _problem(("registry", "storage"), what, "storage: /srv/registry")
    archive = spec.registry.archive
    if archive and _below(archive, spec.registry.storage):
        what = "the archive is in the registry's own folder, which belongs to the registry"
        yield _problem(("registry", "archive"), what, "archive: /srv/bundle/images.tar")
    if not spec.registry.serves and not spec.supply.images.repository:
        what = "nothing would come from the registry: it serves no upstream and is no repository"
        yield _problem(("registry", "serves"), what, "serves: [registry.k8s.io]")


def _without_host(spec: ClusterSpec) -> Iterator[SpecProblem]:
    if spec.registry == Registry():
        return
    changed = next(
        name
        for name in Registry.model_fields
        if getattr(spec.registry, name) != getattr(Registry(), name)
    )
    what = "is said for nobody: no host has the role registry"
    yield _problem(("registry", changed), what, "roles: [registry]")


def _port(spec: ClusterSpec, hosts: tuple[HostSpec, ...], taken: Taken) -> Iterator[SpecProblem]:
    port, loc = spec.registry.port, ("registry", "port")
    for host in hosts:
        node = bool({"control-plane", "worker"} & set(host.roles))
        user = ""
        if port == (host.ssh.port or spec.ssh.port) and host.ssh.address in (None, host.address):
            user = "sshd"
        elif host in spec.balancers and port == spec.endpoint.port:
            user = "the API's endpoint"
        elif node or "etcd" in host.roles:
            user = taken(port, host)
        if user:
            yield _problem(loc, f"{port} is taken by {user} on {host.name}", "port: 5000")
            return


def _program(registry: Registry) -> Iterator[SpecProblem]:
    fetched = "://" in (registry.program or "")
    if fetched and not registry.sha256:
        what = "a program that is fetched and run as a service needs its checksum"
        yield _problem(("registry", "program"), what, "sha256: (64 hexadecimal digits)")
    if registry.sha256 and not registry.program:
        what = "the checksum belongs to a program, and there is none"
        yield _problem(("registry", "sha256"), what, "program: /usr/local/bin/registry")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _problem(loc: Loc, what: str, example: str) -> SpecProblem:
    return SpecProblem(loc=loc, what=what, example=example)

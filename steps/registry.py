"""The role registry: a plain `distribution` registry with TLS, filled from an archive.

It runs before any node pulls an image, and the nodes ask it for the images of the registries that
it serves (steps.mirrors). Why its images are pushed as they are, without a tool of another's, is in
docs/decisions/0015-registry.md.
"""

from __future__ import annotations

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import containerd, etcd_pki, preflight_images, proxy, registry_pki
from steps.load import template
from steps.mirrors import OWN_CA_PATH, mirrors, own_registries, registry_hosts
from steps.where import has_containerd
from steps.yaml_stream import yaml_stream

FOLDER = "/etc/haui/registry"
CONFIG_FILE = f"{FOLDER}/config.yml"
UNIT_FILE = "/etc/systemd/system/haui-registry.service"
PACKAGED_PROGRAM = "/usr/bin/docker-registry"
"""Of the package docker-registry, which Debian and Ubuntu have and the RHEL family has not."""
FETCHED_PROGRAM = "/usr/local/bin/haui-registry"

PACKAGED = {"debian": ("docker-registry",)}
"""By the family of operating systems: the package that brings the program."""
LOGIN_PACKAGES = {"debian": ("apache2-utils",), "redhat": ("httpd-tools",)}
"""htpasswd: the registry reads bcrypt only, which nothing that is always there can make."""
FILL_PACKAGES = ("jq", "tar")


def is_registry(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` runs a registry that haui sets up."""
    return "registry" in host.roles


def packages(spec: ClusterSpec, host: HostSpec, family: str) -> tuple[str, ...]:
    """The packages that the role puts on `host`, were it of that family."""
    if not is_registry(spec, host):
        return ()
    names = ("openssl", *(() if spec.registry.program else PACKAGED.get(family, ())))
    names += LOGIN_PACKAGES.get(family, ()) if spec.supply.images.username else ()
    return (*names, *(FILL_PACKAGES if spec.registry.archive else ()))


def program(spec: ClusterSpec) -> str:
    """The program's path on the host."""
    given = spec.registry.program
    if given is None:
        return PACKAGED_PROGRAM
    return FETCHED_PROGRAM if "://" in given else given


def config(spec: ClusterSpec) -> str:
    """config.yml."""
    document: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "info", "fields": {"service": "registry"}},
        "storage": {
            "filesystem": {"rootdirectory": spec.registry.storage},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {
            "addr": f":{spec.registry.port}",
            "headers": {"X-Content-Type-Options": ["nosniff"]},
            "tls": {"certificate": f"{FOLDER}/server.crt", "key": f"{FOLDER}/server.key"},
        },
        "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
    }
    if spec.supply.images.username:
        document["auth"] = {"htpasswd": {"realm": spec.name, "path": f"{FOLDER}/htpasswd"}}
    return containerd.HEAD + yaml_stream([document]).decode()


def wanted(spec: ClusterSpec) -> dict[str, tuple[str, str, str]]:
    """What the nodes will ask the registry for: reference -> repository there, tag or digest, and
    how sure that is: sure, guess (kubeadm will say which one it is) or optional."""
    found: dict[str, tuple[str, str, str]] = {}
    for host in spec.hosts:
        for image in preflight_images.images(spec, host) if has_containerd(spec, host) else ():
            name, path, version = preflight_images.parts(image.reference)
            asked = mirrors(spec).get(name, ())
            if not asked or not asked[0].built:
                continue
            below = asked[0].api.partition("/v2/")[2]
            how = "optional" if image.optional else "sure" if image.certain else "guess"
            found[image.reference] = (f"{below}/{path}".lstrip("/"), version, how)
    return found


def environment(spec: ClusterSpec) -> dict[str, str]:
    """What every script about the registry knows."""
    return {"HAUI_PORT": str(spec.registry.port)}


def _login(spec: ClusterSpec, values: Values) -> dict[str, bytes]:
    """The login as a header, for the scripts that ask the registry."""
    if not spec.supply.images.username or not values.get("registry_password"):
        return {}
    return {"login": f"Authorization: {containerd.authorization(spec, values)}\n".encode()}


def _is_first(spec: ClusterSpec, host: HostSpec) -> bool:
    return host.name in registry_pki.signer(spec, host)


def _trusts(spec: ClusterSpec, host: HostSpec) -> bool:
    if not registry_hosts(spec) or _is_first(spec, host):
        return False
    return has_containerd(spec, host) or is_registry(spec, host)


def _has_archive(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_registry(spec, host) and spec.registry.archive is not None


def _ca_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_DAYS": str(etcd_pki.CA_DAYS), "HAUI_RENEW_DAYS": str(etcd_pki.RENEW_DAYS)}
    inputs = {"ca.cnf": registry_pki.ca_config(spec)}
    return Work(
        probe=Call(script="registry_ca_probe", env=env),
        apply=Call(script="registry_ca_apply", env=env, inputs=inputs),
    )


def _trust_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(files=(File(path=OWN_CA_PATH, content=registry_pki.ca_certificate(values)),))


def _certificate_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_NAMES": " ".join(etcd_pki.names(host)),
        "HAUI_RENEW_DAYS": str(etcd_pki.RENEW_DAYS),
    }
    return Work(
        probe=Call(script="registry_certificate_probe", env=env),
        apply=Call(
            script="registry_certificate_apply", env=env, inputs=registry_pki.server_inputs(values)
        ),
    )


def _serve_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    given = spec.registry.program
    env = {
        **environment(spec),
        "HAUI_PROGRAM": program(spec),
        "HAUI_SHA256": spec.registry.sha256 or "",
        "HAUI_STORAGE": spec.registry.storage,
        "HAUI_USER": spec.supply.images.username or "",
    }
    bringing = {
        "HAUI_URL": given if given and "://" in given else "",
        "HAUI_PACKAGED": "" if given else "docker-registry",
        **{f"HAUI_{name}": value for name, value in proxy.environment(spec).items()},
    }
    inputs = _login(spec, values)
    if inputs:
        inputs["password"] = f"{values['registry_password']}\n".encode()
    unit = template(
        "haui-registry.service",
        {
            "program": program(spec),
            "config": CONFIG_FILE,
            "storage": spec.registry.storage,
            "port": spec.registry.port,
        },
    )
    return Work(
        probe=Call(script="registry_serve_probe", env=env, inputs=inputs),
        apply=Call(script="registry_serve_apply", env={**env, **bringing}, inputs=inputs),
        files=(
            File(path=CONFIG_FILE, content=config(spec).encode()),
            File(path=UNIT_FILE, content=unit.encode()),
        ),
    )


def _fill_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        **environment(spec),
        "HAUI_ARCHIVE": spec.registry.archive or "",
        "HAUI_OWN": " ".join(own_registries(spec)),
    }
    inputs = _login(spec, values)
    return Work(
        probe=Call(script="registry_fill_probe", env=env, inputs=inputs),
        apply=Call(script="registry_fill_apply", env=env, inputs=inputs),
    )


def _content_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    lines = (f"{reference} {' '.join(where)}\n" for reference, where in wanted(spec).items())
    inputs = {"wanted": "".join(lines).encode(), **_login(spec, values)}
    env = {**environment(spec), "HAUI_NAME": f"{host.name}:{spec.registry.port}"}
    return Work(probe=Call(script="registry_content_probe", env=env, inputs=inputs))


CA = Step(
    id="registry.ca",
    title="CA of the registry",
    phase="runtime",
    on=_is_first,
    work=_ca_work,
    timeout_s=900,
    explain="The registry speaks TLS, so it needs a certificate that the nodes can verify. The CA "
    "is for nothing else and for ten years; its key is made on the first registry host, readable "
    "by root alone, and never leaves it.",
)
TRUST = Step(
    id="registry.trust",
    title="Certificate of the registry's CA",
    phase="runtime",
    on=_trusts,
    work=_trust_work,
    needs=(CA.id,),
    supply=registry_pki.publishing(),
    supply_for="probe",
    timeout_s=120,
    explain="containerd verifies with it that it talks to the registry. The system's own list of "
    "authorities is left alone.",
)
CERTIFICATE = Step(
    id="registry.certificate",
    title="Certificate of the registry",
    phase="runtime",
    on=is_registry,
    work=_certificate_work,
    needs=(CA.id,),
    supply=registry_pki.signing(),
    timeout_s=900,
    explain="For the host's name and address, valid for a year; made anew by a run of haui when "
    "less than 30 days are left.",
)
SERVE = Step(
    id="registry.serve",
    title="Run the registry",
    phase="runtime",
    on=is_registry,
    work=_serve_work,
    timeout_s=900,
    disruptive="A registry with new settings restarts; pulls in this second fail and are tried "
    "again.",
    explain="A plain distribution registry as a service of its own account. Port "
    "registry.port must be reached by all nodes. With supply.images.username it lets in that login "
    "only, for pulls and pushes.",
)
FILL = Step(
    id="registry.fill",
    title="Push the archive's images into the registry",
    phase="runtime",
    on=_has_archive,
    work=_fill_work,
    timeout_s=3600,
    explain="Each image goes below the name of the registry that it is of, bytes as they are, so "
    "that its digest stays what it was. What the registry has already is not sent again.",
)
CONTENT = Step(
    id="registry.content",
    title="The registry has every image",
    phase="runtime",
    on=is_registry,
    work=_content_work,
    timeout_s=120,
    explain="What is missing is better known now, all of it and by name, than at the first pull.",
)

STEPS: tuple[Step, ...] = (CA, TRUST, CERTIFICATE, SERVE, FILL, CONTENT)

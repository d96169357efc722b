"""etcd on hosts of its own: its CA and certificates, its programs, and one member on each host.

The programs are those of the etcd image that kubeadm names for the asked Kubernetes, so that the
release always fits it (docs/decisions/0007-external-etcd.md). A member that has data is never given
another identity and never wiped; what looks like that is for a person to decide.
"""

from __future__ import annotations

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import etcd_pki, kubeadm, proxy
from steps.load import template
from steps.where import addresses, is_control_plane

ENV_FILE = "/etc/etcd/etcd.env"
CLIENT_ENV_FILE = "/etc/etcd/etcdctl.env"
"""What a person reads in with `.` before they call etcdctl on an etcd host."""
UNIT_FILE = "/etc/systemd/system/etcd.service"
CLIENT_PORT, PEER_PORT, METRICS_PORT = 2379, 2380, 2381

IMAGE_PLACEHOLDER = "<etcd image of this Kubernetes, named by kubeadm>"

READY_PATIENCE_S = 180


def is_external(spec: ClusterSpec) -> bool:
    return spec.topology.kind == "external"


def is_member(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` runs a member of an external etcd."""
    return is_external(spec) and host in spec.having("etcd")


def is_first_member(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` holds the key of etcd's CA."""
    return is_external(spec) and host.name in etcd_pki.signer(spec, host)


def is_client(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` runs an API server that keeps its data in an external etcd."""
    return is_external(spec) and is_control_plane(spec, host)


def token(spec: ClusterSpec) -> str:
    """Tells the members of one cluster from those of another while they find each other."""
    return f"{spec.name}-etcd"


def environment(spec: ClusterSpec) -> dict[str, str]:
    """What every script about members knows."""
    return {"HAUI_MEMBERS": addresses(spec.having("etcd")), "HAUI_TOKEN": token(spec)}


def member_config(spec: ClusterSpec, host: HostSpec) -> str:
    """The settings of one member, as environment variables of its service."""
    members = [
        f"{member.name}=https://{kubeadm.url_host(member.address)}:{PEER_PORT}"
        for member in spec.having("etcd")
    ]
    values = {
        "name": host.name,
        "address": kubeadm.url_host(host.address),
        "client_port": CLIENT_PORT,
        "peer_port": PEER_PORT,
        "metrics_port": METRICS_PORT,
        "members": ",".join(members),
        "token": token(spec),
        "pki": etcd_pki.MEMBER_FOLDER,
    }
    return template("etcd.env", values)


def client_environment() -> str:
    """etcdctl's settings for the member of its own host."""
    values = {
        "API": "3",
        "ENDPOINTS": f"https://127.0.0.1:{CLIENT_PORT}",
        "CACERT": etcd_pki.MEMBER_CA,
        "CERT": f"{etcd_pki.MEMBER_FOLDER}/healthcheck-client.crt",
        "KEY": f"{etcd_pki.MEMBER_FOLDER}/healthcheck-client.key",
    }
    head = "# Written by haui; changes are lost when it runs again.\n"
    return head + "".join(f"export ETCDCTL_{name}={value}\n" for name, value in values.items())


def image_document(spec: ClusterSpec) -> kubeadm.Document:
    """A document of which kubeadm tells the etcd image: with external etcd it would name none."""
    documents = kubeadm.init_documents(spec)
    cluster = next(doc for doc in documents if doc["kind"] == "ClusterConfiguration")
    return {**cluster, "etcd": {"local": {"dataDir": "/var/lib/etcd"}}}


def _control_planes(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    return tuple(other.name for other in spec.control_planes)


def _members(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    return tuple(member.name for member in spec.having("etcd"))


def _image_call(spec: ClusterSpec, host: HostSpec) -> Call:
    inputs = {"kubeadm.yaml": kubeadm.dump([image_document(spec)])}
    return Call(script="etcd_image_supply", inputs=inputs)


def _ca_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_DAYS": str(etcd_pki.CA_DAYS), "HAUI_RENEW_DAYS": str(etcd_pki.RENEW_DAYS)}
    return Work(
        probe=Call(script="etcd_ca_probe", env=env),
        apply=Call(script="etcd_ca_apply", env=env, inputs={"ca.cnf": etcd_pki.ca_config()}),
    )


def _needs_trust(spec: ClusterSpec, host: HostSpec) -> bool:
    other = is_member(spec, host) and not is_first_member(spec, host)
    return other or is_client(spec, host)


def _trust_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    certificate = etcd_pki.ca_certificate(values)
    member = is_member(spec, host)
    path = etcd_pki.MEMBER_CA if member else etcd_pki.CLIENT_CA
    env = {"HAUI_KIND": "member" if member else "client"}
    return Work(
        probe=Call(script="etcd_trust_probe", env=env, inputs={"ca.crt": certificate}),
        files=(File(path=path, content=certificate),),
    )


def _install_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_IMAGE": values.get("image", IMAGE_PLACEHOLDER)}
    proxies = {f"HAUI_{name}": value for name, value in proxy.environment(spec).items()}
    return Work(
        probe=Call(script="etcd_install_probe", env=env),
        apply=Call(script="etcd_install_apply", env={**env, **proxies}),
    )


def _certificates_work(kind: etcd_pki.Kind, host: HostSpec, values: Values) -> Work:
    env = etcd_pki.probe_environment(kind, host)
    inputs = etcd_pki.apply_inputs(kind, host, values)
    return Work(
        probe=Call(script="etcd_certificates_probe", env=env),
        apply=Call(script="etcd_certificates_apply", env=env, inputs=inputs),
    )


def _member_certificates(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return _certificates_work("member", host, values)


def _client_certificate(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return _certificates_work("client", host, values)


def _member_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = environment(spec)
    unit = template("etcd.service", {"env_file": ENV_FILE})
    return Work(
        probe=Call(script="etcd_member_probe", env=env),
        files=(
            File(path=ENV_FILE, content=member_config(spec, host).encode()),
            File(path=UNIT_FILE, content=unit.encode()),
            File(path=CLIENT_ENV_FILE, content=client_environment().encode()),
        ),
        apply=Call(script="etcd_member_apply", env=env),
    )


def _ready_call(spec: ClusterSpec, host: HostSpec) -> Call:
    return Call(script="etcd_ready_probe", env=environment(spec))


def _ready_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=_ready_call(spec, host))


CA = Step(
    id="etcd.ca",
    title="CA of etcd",
    phase="etcd",
    on=is_first_member,
    work=_ca_work,
    timeout_s=900,
    explain="etcd lets in whoever has a certificate of its CA, so it gets one of its own, for ten "
    "years as kubeadm's. The key is made on the first etcd host, readable by root alone, and never "
    "leaves it: keep a copy of /etc/etcd/pki/ca.key in a safe place.",
)
TRUST = Step(
    id="etcd.trust",
    title="Certificate of etcd's CA",
    phase="etcd",
    on=_needs_trust,
    work=_trust_work,
    needs=(CA.id,),
    supply=etcd_pki.publishing(),
    supply_for="probe",
    timeout_s=120,
    explain="The other members and the API servers verify with it whom they talk to. One that runs "
    "with another CA is left alone.",
)
INSTALL = Step(
    id="etcd.install",
    title="Install etcd",
    phase="etcd",
    on=is_member,
    work=_install_work,
    needs=("runtime.kubernetes", "registry.content"),
    supply=Remote(on=_control_planes, call=_image_call, timeout_s=60),
    supply_for="probe",
    timeout_s=1800,
    explain="The programs etcd and etcdctl of the release that kubeadm names for this Kubernetes, "
    "taken out of its image, so that they come from where all images come from. A member with data "
    "is not changed to another release.",
)
CERTIFICATES = Step(
    id="etcd.certificates",
    title="Certificates of the etcd member",
    phase="etcd",
    on=is_member,
    work=_member_certificates,
    needs=(CA.id,),
    supply=etcd_pki.signing("member"),
    timeout_s=120,
    explain="Server, peer and health check certificates, signed where the CA's key is, valid for a "
    "year as kubeadm's. Those with less than 30 days left are made anew when haui runs; etcd reads "
    "them without a restart.",
)
MEMBER = Step(
    id="etcd.member",
    title="etcd member",
    phase="etcd",
    on=is_member,
    work=_member_work,
    lane="etcd-member",
    timeout_s=600,
    disruptive="A member with new settings restarts, one after the other; the others serve "
    "meanwhile.",
    explain="Runs etcd as a systemd service, TLS for clients and peers. The first start forms the "
    "cluster of exactly the members in the cluster file; data that is there is kept.",
)
READY = Step(
    id="etcd.ready",
    title="All etcd members healthy",
    phase="etcd",
    on=is_first_member,
    work=_ready_work,
    needs=(MEMBER.id,),
    gate=Remote(on=_members, call=_ready_call, patience_s=READY_PATIENCE_S, timeout_s=90),
    explain="The control plane begins only when every member is a healthy voter and they agree on "
    "one leader.",
)
CLIENT = Step(
    id="etcd.client",
    title="The API server's certificate for etcd",
    phase="etcd",
    on=is_client,
    work=_client_certificate,
    needs=(CA.id,),
    supply=etcd_pki.signing("client"),
    timeout_s=120,
    explain="With it the API server logs in to etcd; valid for a year as kubeadm's. kubeadm reads "
    "it before it starts anything, and neither makes nor renews it.",
)

STEPS: tuple[Step, ...] = (CA, TRUST, INSTALL, CERTIFICATES, MEMBER, READY, CLIENT)

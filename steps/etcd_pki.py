"""The certificates of an external etcd: who has which, and what stands in them.

etcd lets in whoever shows a certificate of its CA, so the CA is etcd's own and its key never leaves
the host that made it, the first with the role etcd. Life spans are kubeadm's: ten years for the CA,
one year for the rest; what has less than 30 days left is made anew.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Values

MEMBER_FOLDER = "/etc/etcd/pki"
CLIENT_FOLDER = "/etc/kubernetes/pki"
MEMBER_CA = f"{MEMBER_FOLDER}/ca.crt"
CLIENT_CA = f"{CLIENT_FOLDER}/etcd/ca.crt"

CA_DAYS = 3650
LEAF_DAYS = 365
RENEW_DAYS = 30
"""A certificate with fewer days left is made anew."""

CA_PLACEHOLDER = "<certificate of the etcd CA, made on the first etcd host>\n"
LEAF_PLACEHOLDER = "<signed for this host when haui runs>\n"

Kind = Literal["member", "client"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One certificate: its file name without .crt, common name and purposes.

    `named`: whether it carries the host's name and addresses, because others verify them.
    """

    file: str
    common_name: str
    purposes: tuple[str, ...] = ("clientAuth",)
    named: bool = field(default=False)

    @property
    def key(self) -> str:
        """Its name among supplied values."""
        return self.file.replace("-", "_")


def leaves(kind: Kind, host: HostSpec) -> tuple[Leaf, ...]:
    """The certificates of a member's host, or of an API server's."""
    if kind == "client":
        return (Leaf(file="apiserver-etcd-client", common_name="kube-apiserver-etcd-client"),)
    # etcd's own gateway dials its server with the server's certificate: both purposes.
    both = ("serverAuth", "clientAuth")
    return (
        Leaf(file="server", common_name=host.name, purposes=both, named=True),
        Leaf(file="peer", common_name=host.name, purposes=both, named=True),
        Leaf(file="healthcheck-client", common_name="kube-etcd-healthcheck-client"),
    )


def names(host: HostSpec) -> tuple[str, ...]:
    """What a server certificate of `host` must be valid for, as openssl writes it."""
    addresses = dict.fromkeys((host.address, "127.0.0.1", "::1"))
    return (f"DNS:{host.name}", "DNS:localhost", *(f"IP:{address}" for address in addresses))


def ca_config() -> bytes:
    """openssl's configuration for the CA; the host's own openssl.cnf plays no part."""
    return authority_config("etcd-ca")


def authority_config(common_name: str) -> bytes:
    """openssl's configuration for a CA of that name."""
    return _config(
        common_name,
        "basicConstraints = critical, CA:TRUE",
        "keyUsage = critical, digitalSignature, keyEncipherment, keyCertSign",
        "subjectKeyIdentifier = hash",
    )


def leaf_config(leaf: Leaf, host: HostSpec) -> bytes:
    """openssl's configuration for one certificate of `host`."""
    lines = [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature, keyEncipherment",
        f"extendedKeyUsage = {', '.join(leaf.purposes)}",
        "authorityKeyIdentifier = keyid",
    ]
    if leaf.named:
        lines.append(f"subjectAltName = {', '.join(names(host))}")
    return _config(leaf.common_name, *lines)


def signing(kind: Kind) -> Remote:
    """Makes keys and certificates for a task's host, on the host that has the CA's key."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        inputs = {f"{leaf.key}.cnf": leaf_config(leaf, host) for leaf in leaves(kind, host)}
        return Call(
            script="etcd_certificates_supply", env={"HAUI_DAYS": str(LEAF_DAYS)}, inputs=inputs
        )

    return Remote(on=signer, call=call, timeout_s=120)


def publishing() -> Remote:
    """Tells the CA's certificate, which is no secret."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        return Call(script="etcd_trust_supply")

    return Remote(on=signer, call=call, timeout_s=60)


def signer(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """Where the CA's key is: nowhere else."""
    return tuple(member.name for member in spec.having("etcd")[:1])


def ca_certificate(values: Values) -> bytes:
    """The CA's certificate as supplied, or what stands for it in previews."""
    return decoded(values, "ca_crt", CA_PLACEHOLDER)


def probe_environment(kind: Kind, host: HostSpec) -> Mapping[str, str]:
    """What the probe and the placing of certificates know about them."""
    wanted = leaves(kind, host)
    return {
        "HAUI_KIND": kind,
        "HAUI_CERTIFICATES": " ".join(leaf.file for leaf in wanted),
        "HAUI_SERVERS": " ".join(leaf.file for leaf in wanted if leaf.named),
        "HAUI_NAMES": " ".join(names(host)),
        "HAUI_RENEW_DAYS": str(RENEW_DAYS),
    }


def apply_inputs(kind: Kind, host: HostSpec, values: Values) -> dict[str, bytes]:
    """The supplied keys and certificates as files in tmpfs."""
    return {
        f"{leaf.file}.{part}": decoded(values, f"{leaf.key}_{part}", LEAF_PLACEHOLDER)
        for leaf in leaves(kind, host)
        for part in ("crt", "key")
    }


def _config(common_name: str, *extensions: str) -> bytes:
    head = ["[req]", "prompt = no", "distinguished_name = subject", "x509_extensions = extensions"]
    subject = ["[subject]", f"CN = {common_name}"]
    return "\n".join([*head, *subject, "[extensions]", *extensions, ""]).encode()


def decoded(values: Values, name: str, placeholder: str) -> bytes:
    """A supplied value, which travels in Base64, or what stands for it in previews."""
    return base64.b64decode(values[name]) if name in values else placeholder.encode()

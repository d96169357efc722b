"""The certificates of the registry that haui sets up.

Its CA is made on the first host with the role registry and its key never leaves that; it signs one
server certificate for each of these hosts. Ten years for the CA, one year for the rest, made anew
with less than 30 days left whenever haui runs, as for an external etcd.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Values
from steps import etcd_pki
from steps.mirrors import registry_hosts

CA_PLACEHOLDER = "<certificate of the registry's CA, made on the first registry host>\n"
SERVER = "registry"


def signer(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """Where the CA's key is: nowhere else."""
    return tuple(other.name for other in registry_hosts(spec)[:1])


def ca_config(spec: ClusterSpec) -> bytes:
    """openssl's configuration for the CA."""
    return etcd_pki.authority_config(f"{spec.name} registry CA")


def publishing() -> Remote:
    """Tells the CA's certificate, which is no secret."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        return Call(script="registry_trust_supply")

    return Remote(on=signer, call=call, timeout_s=60)


def signing() -> Remote:
    """Makes a key and a certificate for the registry on a task's host."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        leaf = etcd_pki.Leaf(
            file=SERVER, common_name=host.name, purposes=("serverAuth",), named=True
        )
        return Call(
            script="registry_certificate_supply",
            env={"HAUI_DAYS": str(etcd_pki.LEAF_DAYS)},
            inputs={"server.cnf": etcd_pki.leaf_config(leaf, host)},
        )

    return Remote(on=signer, call=call, timeout_s=120)


def ca_certificate(values: Values) -> bytes:
    """The CA's certificate as supplied, or what stands for it in previews."""
    return etcd_pki.decoded(values, "registry_ca", CA_PLACEHOLDER)


def server_inputs(values: Values) -> dict[str, bytes]:
    """The supplied key and certificate as files in tmpfs."""
    return {
        f"server.{part}": etcd_pki.decoded(values, f"registry_{part}", etcd_pki.LEAF_PLACEHOLDER)
        for part in ("crt", "key")
    }

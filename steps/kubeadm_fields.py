"""Which fields kubeadm's documents have in which version of its configuration API.

A nested dict says the fields of a mapping, a list with one dict the fields of each entry, and None
that anything may stand there. Old kubeadm only warns about an unknown field and goes on without it,
which is why haui looks itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steps.kubeadm import Api, Document

Fields = dict[str, Any]


def fields(api: Api, kind: str) -> Fields | None:
    """The fields of a kubeadm document; None for a kind that is not kubeadm's own."""
    makers = {
        "InitConfiguration": _init,
        "ClusterConfiguration": _cluster,
        "JoinConfiguration": _join,
    }
    maker = makers.get(kind)
    return None if maker is None else {"apiVersion": None, "kind": None, **maker(api)}


def unknown_fields(document: Document) -> tuple[str, ...]:
    """Dotted paths of fields that this document's API version does not know, and of arguments in
    the form of another version. Empty when all is well or the kind is not kubeadm's own."""
    group, _, api = str(document["apiVersion"]).partition("/")
    if group != "kubeadm.k8s.io":
        return ()
    known = fields(api, str(document["kind"]))  # type: ignore[arg-type]
    return () if known is None else tuple(_unknown(document, known, ""))


def _unknown(value: Any, known: Any, path: str) -> list[str]:
    if known is None:
        return []
    if isinstance(known, list):
        if not isinstance(value, list):
            return [path]
        return [
            p for i, entry in enumerate(value) for p in _unknown(entry, known[0], f"{path}[{i}]")
        ]
    if not isinstance(value, Mapping):
        return [path]
    if known == _MAP:
        return [f"{path}.{k}" for k, v in value.items() if not isinstance(v, str)]
    found = []
    for key, entry in value.items():
        where = f"{path}.{key}" if path else str(key)
        found += _unknown(entry, known[key], where) if key in known else [where]
    return found


_MAP: Fields = {"*": None}
"""Any names, text values: extra arguments before v1beta4."""

_TIMEOUTS: Fields = dict.fromkeys(
    ("controlPlaneComponentHealthCheck", "kubeletHealthCheck", "kubernetesAPICall", "etcdAPICall",
     "tlsBootstrap", "discovery", "upgradeManifests")
)  # fmt: skip

_API_ENDPOINT: Fields = dict.fromkeys(("advertiseAddress", "bindPort"))


def _arguments(api: Api) -> Any:
    return [dict.fromkeys(("name", "value"))] if api == "v1beta4" else _MAP


def _common(api: Api) -> Fields:
    """What init and join have in common."""
    out: Fields = {"nodeRegistration": _node(api)}
    if api != "v1beta2":
        out |= {"skipPhases": None, "patches": {"directory": None}}
    if api == "v1beta4":
        out |= {"dryRun": None, "timeouts": _TIMEOUTS}
    return out


def _node(api: Api) -> Fields:
    out = dict.fromkeys(("name", "criSocket", "taints", "ignorePreflightErrors"))
    if api != "v1beta2":
        out["imagePullPolicy"] = None
    if api == "v1beta4":
        out["imagePullSerial"] = None
    return {**out, "kubeletExtraArgs": _arguments(api)}


def _init(api: Api) -> Fields:
    token = dict.fromkeys(("token", "description", "ttl", "expires", "usages", "groups"))
    return {
        "bootstrapTokens": [token],
        "localAPIEndpoint": _API_ENDPOINT,
        "certificateKey": None,
        **_common(api),
    }


def _component(api: Api) -> Fields:
    volume = dict.fromkeys(("name", "hostPath", "mountPath", "readOnly", "pathType"))
    out: Fields = {"extraArgs": _arguments(api), "extraVolumes": [volume]}
    if api == "v1beta4":
        out["extraEnvs"] = None
    return out


def _cluster(api: Api) -> Fields:
    image = dict.fromkeys(("imageRepository", "imageTag"))
    server: Fields = {**_component(api), "certSANs": None}
    if api != "v1beta4":
        server["timeoutForControlPlane"] = None
    local: Fields = {
        **image,
        **dict.fromkeys(("dataDir", "serverCertSANs", "peerCertSANs")),
        "extraArgs": _arguments(api),
    }
    external = dict.fromkeys(("endpoints", "caFile", "certFile", "keyFile"))
    dns: Fields = dict(image)
    out: Fields = dict.fromkeys(
        ("kubernetesVersion", "controlPlaneEndpoint", "clusterName", "certificatesDir",
         "imageRepository")
    )  # fmt: skip
    if api == "v1beta2":
        dns["type"] = None
        out["useHyperKubeImage"] = None
    if api == "v1beta4":
        local["extraEnvs"] = None
        external["httpEndpoints"] = None
        dns["disabled"] = None
        out |= {"proxy": {"disabled": None}}
        out |= dict.fromkeys(
            ("encryptionAlgorithm", "certificateValidityPeriod", "caCertificateValidityPeriod")
        )
    return {
        **out,
        "networking": dict.fromkeys(("podSubnet", "serviceSubnet", "dnsDomain")),
        "apiServer": server,
        "controllerManager": _component(api),
        "scheduler": _component(api),
        "etcd": {"local": local, "external": external},
        "dns": dns,
        "featureGates": None,
    }


def _join(api: Api) -> Fields:
    token = dict.fromkeys(
        ("token", "apiServerEndpoint", "caCertHashes", "unsafeSkipCAVerification")
    )
    discovery: Fields = {
        "bootstrapToken": token,
        "file": {"kubeConfigPath": None},
        "tlsBootstrapToken": None,
    }
    if api != "v1beta4":
        discovery["timeout"] = None
    return {
        "caCertPath": None,
        "discovery": discovery,
        "controlPlane": {"localAPIEndpoint": _API_ENDPOINT, "certificateKey": None},
        **_common(api),
    }

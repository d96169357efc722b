"""Which fields kubeadm's documents have in which version of its configuration API.

Read off the Go types of cmd/kubeadm/app/apis/kubeadm in Kubernetes 1.20 to 1.36. v1beta4 has grown
without a new name, so the minor counts as well. kubeadm only warns about an unknown field and goes
on without it, which is why haui looks itself.

A nested dict says the fields of a mapping, a list with one dict the fields of each entry, and None
that anything may stand there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from haui.clusterfile.problem import Loc, path_text

Api = Literal["v1beta2", "v1beta3", "v1beta4"]
Fields = dict[str, Any]

HTTP_ENDPOINTS_MINOR = 35
"""From this minor on an external etcd has `httpEndpoints`."""


def api_version(minor: int) -> Api:
    """The configuration API to write for Kubernetes 1.`minor`: the newest one that it prefers."""
    if minor <= 21:
        return "v1beta2"
    return "v1beta3" if minor <= 30 else "v1beta4"


def fields(kind: str, minor: int) -> Fields | None:
    """The fields of a kubeadm document; None for a kind that is not kubeadm's own."""
    api = api_version(minor)
    if kind == "InitConfiguration":
        own = _init(api)
    elif kind == "ClusterConfiguration":
        own = _cluster(api, external_http=minor >= HTTP_ENDPOINTS_MINOR)
    elif kind == "JoinConfiguration":
        own = _join(api)
    else:
        return None
    return {"apiVersion": None, "kind": None, **own}


def unknown_fields(document: Mapping[str, Any], minor: int) -> tuple[str, ...]:
    """Paths of what kubeadm of that minor does not know in this document, arguments in the form of
    another version among them. Empty when all is well or the kind is not kubeadm's own."""
    known = fields(str(document["kind"]), minor)
    return () if known is None else tuple(path_text(at) for at, _ in _unknown(document, known, ()))


def unknown_additions(
    kind: str, addition: Mapping[str, Any], minor: int
) -> Iterator[tuple[Loc, str]]:
    """Where in something that is to be merged into a document of this kind is what kubeadm of that
    minor does not know, each with what is wrong. Arguments may have either form: they are adapted
    when they are merged."""
    known = fields(kind, minor)
    if known is not None:
        yield from _unknown(addition, known, (), either_form=True)


def _unknown(
    value: Any, known: Any, at: Loc, *, either_form: bool = False
) -> Iterator[tuple[Loc, str]]:
    if known is None:
        return
    if known in (_MAP, _LIST):
        if not _are_arguments(value, (_MAP, _LIST) if either_form else (known,)):
            yield at, "is neither a mapping of names to texts nor a list of name and value"
    elif isinstance(known, list):
        if not isinstance(value, list):
            yield at, "is not a list"
            return
        for index, entry in enumerate(value):
            yield from _unknown(entry, known[0], (*at, index), either_form=either_form)
    elif not isinstance(value, Mapping):
        yield at, "is not a mapping"
    else:
        for key, entry in value.items():
            if key in known:
                yield from _unknown(entry, known[key], (*at, key), either_form=either_form)
            else:
                yield (*at, key), _like(str(key), known)


def _like(key: str, known: Fields) -> str:
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(key.lower(), list(names), n=1)
    return "is no field of it" + (f"; did you mean {names[close[0]]}?" if close else "")


def _are_arguments(value: Any, forms: tuple[Any, ...]) -> bool:
    plain = (str, int, float)
    if isinstance(value, Mapping):
        # Only text when it goes to kubeadm as it is: that takes no number for one.
        kinds = plain if _LIST in forms else (str,)
        return _MAP in forms and all(isinstance(text, kinds) for text in value.values())
    return (
        isinstance(value, list)
        and _LIST in forms
        and all(
            isinstance(entry, Mapping)
            and set(entry) == {"name", "value"}
            and isinstance(entry["name"], str)
            and isinstance(entry["value"], plain if _MAP in forms else (str,))
            for entry in value
        )
    )


_MAP: Fields = {"*": None}
"""Arguments before v1beta4: any names, text values."""

_LIST: list[Fields] = [{"name": None, "value": None}]
"""Arguments since v1beta4."""

_TAINTS: list[Fields] = [dict.fromkeys(("key", "value", "effect", "timeAdded"))]
_ENVIRONMENT: list[Fields] = [dict.fromkeys(("name", "value", "valueFrom"))]

_TIMEOUTS: Fields = dict.fromkeys(
    ("controlPlaneComponentHealthCheck", "kubeletHealthCheck", "kubernetesAPICall", "etcdAPICall",
     "tlsBootstrap", "discovery", "upgradeManifests")
)  # fmt: skip

_API_ENDPOINT: Fields = dict.fromkeys(("advertiseAddress", "bindPort"))


def _arguments(api: Api) -> Any:
    return _LIST if api == "v1beta4" else _MAP


def _common(api: Api) -> Fields:
    """What init and join have in common."""
    out: Fields = {"nodeRegistration": _node(api)}
    if api != "v1beta2":
        out |= {"skipPhases": None, "patches": {"directory": None}}
    if api == "v1beta4":
        out |= {"dryRun": None, "timeouts": _TIMEOUTS}
    return out


def _node(api: Api) -> Fields:
    out: Fields = dict.fromkeys(("name", "criSocket", "ignorePreflightErrors"))
    if api != "v1beta2":
        out["imagePullPolicy"] = None
    if api == "v1beta4":
        out["imagePullSerial"] = None
    return {**out, "taints": _TAINTS, "kubeletExtraArgs": _arguments(api)}


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
        out["extraEnvs"] = _ENVIRONMENT
    return out


def _cluster(api: Api, *, external_http: bool) -> Fields:
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
    if external_http:
        external["httpEndpoints"] = None
    dns: Fields = dict(image)
    out: Fields = dict.fromkeys(
        ("kubernetesVersion", "controlPlaneEndpoint", "clusterName", "certificatesDir",
         "imageRepository")
    )  # fmt: skip
    if api == "v1beta2":
        dns["type"] = None
        out["useHyperKubeImage"] = None
    if api == "v1beta4":
        local["extraEnvs"] = _ENVIRONMENT
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

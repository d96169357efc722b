"""The pod networks that are a manifest with images: what is applied, runs and is pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from haui.spec import ClusterSpec
from steps.cni import calico, cilium, flannel
from steps.cni.objects import Document
from steps.yaml_stream import yaml_stream

MANIFESTS: Mapping[str, Callable[[ClusterSpec], list[Document]]] = {
    "flannel": flannel.manifest,
    "calico": calico.manifest,
    "cilium": cilium.manifest,
}
LISTS = ("DaemonSet", "Deployment")


@dataclass(frozen=True, slots=True)
class Workload:
    """Something of the pod network that has to run: "daemonset" or "deployment", where its pods
    are and how they are labelled."""

    kind: str
    namespace: str
    name: str
    selector: str

    def __str__(self) -> str:
        """As scripts read it; none of the parts has a slash or a blank."""
        return f"{self.kind}/{self.namespace}/{self.name}/{self.selector}"


def cni_manifest(spec: ClusterSpec) -> bytes:
    """The manifest to apply for this kind of pod network; empty when there is none."""
    cni = spec.network.cni
    if cni.kind in MANIFESTS:
        return yaml_stream(MANIFESTS[cni.kind](spec))
    if cni.kind == "none" and cni.manifest_text:
        return cni.manifest_text.encode()
    return b""


def cni_images(spec: ClusterSpec) -> tuple[str, ...]:
    """Every image that the pod network's manifest names, each once, in its order.

    Also of a manifest of the admin's own, as far as it is YAML.
    """
    return tuple(dict.fromkeys(_images(_documents(spec))))


def agent_images(spec: ClusterSpec) -> tuple[str, ...]:
    """Those of them that every node runs; none of a manifest of the admin's own."""
    if spec.network.cni.kind not in MANIFESTS:
        return ()
    documents = MANIFESTS[spec.network.cni.kind](spec)
    agents = [document for document in documents if document["kind"] == "DaemonSet"]
    return tuple(dict.fromkeys(_images(agents)))


def workloads(spec: ClusterSpec) -> tuple[Workload, ...]:
    """What of the pod network has to run, DaemonSets first; nothing is awaited of one's own."""
    if spec.network.cni.kind not in MANIFESTS:
        return ()
    found = []
    for document in MANIFESTS[spec.network.cni.kind](spec):
        if document["kind"] in LISTS:
            about, labels = document["metadata"], document["spec"]["selector"]["matchLabels"]
            name, value = next(iter(labels.items()))
            # Labels have slashes ("io.cilium/app"), so the selector comes last.
            kind = str(document["kind"]).lower()
            found.append(Workload(kind, about["namespace"], about["name"], f"{name}={value}"))
    return tuple(found)


def _documents(spec: ClusterSpec) -> Any:
    cni = spec.network.cni
    if cni.kind in MANIFESTS:
        return MANIFESTS[cni.kind](spec)
    try:
        return list(yaml.safe_load_all(cni_manifest(spec)))
    except yaml.YAMLError:
        return []


def _images(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _images(item)
    elif isinstance(node, dict):
        image = node.get("image")
        if isinstance(image, str) and image and not set(image) & set(" \t\n"):
            yield image
        for value in node.values():
            yield from _images(value)

"""Whether each host gets every package and image of the cluster file, by name.

The hosts are asked by the preflight's own step, and its checks judge what they say; here the same
facts are only told thing by thing, so that what is missing can be fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from haui.events import Finding
from haui.evidence import Evidence, Facts
from haui.spec import ClusterSpec, HostSpec
from haui.step import Step
from steps import checks, osfamily, preflight, preflight_images, preflight_plan, preflight_supply
from steps.checks import access
from steps.where import has_containerd, is_node

State = Literal["there", "missing", "guess", "later", "unknown"]
"""guess: missing, and only kubeadm can say whether it is this one that is needed. later: it comes
from the registry that haui sets up. unknown: it could not be asked for."""

_NOT_THERE = {
    "absent": "the registry knows no such image",
    "denied": "the registry refuses it, with the login",
    "refused": "the registry refuses it without a login",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One package or image on one host."""

    host: str
    kind: Literal["package", "image"]
    name: str
    state: State
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {
            "host": self.host,
            "kind": self.kind,
            "name": self.name,
            "state": self.state,
            "why": self.why,
        }


def catalogue() -> tuple[Step, ...]:
    """The steps of the preflight that ask for packages and images. Of the host's facts only their
    completeness is judged: this is about nothing else."""
    facts = next(step for step in preflight.STEPS if step.id == checks.FACTS)

    def judge(spec: ClusterSpec, host: HostSpec, evidence: Evidence) -> tuple[Finding, ...]:
        return checks.findings((access.COMPLETE,), spec, host, evidence)

    return (replace(facts, judge=judge), preflight_supply.STEP)


def items(spec: ClusterSpec, evidence: Evidence) -> tuple[Item, ...]:
    """Everything that every host needs, in the order of the cluster file."""
    return tuple(item for host in spec.hosts for item in _of_host(spec, host, evidence))


def findings(spec: ClusterSpec, evidence: Evidence) -> tuple[tuple[str, Finding], ...]:
    """What the preflight's checks have to say against it: host and finding."""
    judge = preflight_supply.STEP.judge
    assert judge is not None
    return tuple(
        (host.name, found)
        for host in spec.hosts
        if evidence.reading(preflight_supply.STEP.id, host.name) is not None
        for found in judge(spec, host, evidence)
        if found.verdict in ("blocked", "warning")
    )


def _of_host(spec: ClusterSpec, host: HostSpec, evidence: Evidence) -> Iterator[Item]:
    reading = evidence.reading(preflight_supply.STEP.id, host.name)
    facts = reading.facts if reading is not None and reading.facts.complete else Facts()
    yield from _packages(spec, host, facts)
    if has_containerd(spec, host):
        yield from _images(spec, host, facts)


def _packages(spec: ClusterSpec, host: HostSpec, facts: Facts) -> Iterator[Item]:
    family = osfamily.REDHAT if facts.yes("dnf") else osfamily.DEBIAN
    told = {name: (has, can) for name, has, can in facts.rows("package", 3)}
    offers = facts.rows("offered", 2)
    version = spec.kubernetes.version
    for name in preflight_plan.KUBERNETES if is_node(spec, host) else ():
        has = told.get(name, ("-", "-"))[0]
        there = _is_version(has, version) or any(
            offered == name and _is_version(at, version) for offered, at in offers
        )
        said = facts.one("mirror.said") or f"not in {family.source_url(spec)}"
        tried = facts.one("mirror") in ("ok", "failed")
        yield _package(host, f"{name}={version}", there, told=tried, why=said)
    for name in preflight_plan.needed(spec, host, family):
        has, can = told.get(name, ("-", "-"))
        empty = facts.one("lists") == "none" and name not in preflight_plan.OURS
        yield _package(
            host, name, has != "-" or can != "-", told=name in told and not empty,
            why="no package source of the host has it",
        )  # fmt: skip


def _package(host: HostSpec, name: str, there: bool, *, told: bool, why: str) -> Item:
    if there:
        return Item(host=host.name, kind="package", name=name, state="there")
    state: State = "missing" if told else "unknown"
    said = why if told else "the host did not say: it was not reached, or its lists are empty"
    return Item(host=host.name, kind="package", name=name, state=state, why=said)


def _is_version(found: str, version: str) -> bool:
    return found.partition(":")[2].startswith(f"{version}-") or found.startswith(f"{version}-")


def _images(spec: ClusterSpec, host: HostSpec, facts: Facts) -> Iterator[Item]:
    told = {reference: (result, why) for reference, result, why in facts.rows("image", 3)}
    for image in preflight_images.images(spec, host):
        if preflight_images.place(spec, image.reference).registry.built:
            state, why = "later", "comes from the registry that haui sets up; looked at there"
        else:
            state, why = _image(image, *told.get(image.reference, ("untried", "not asked for")))
        yield _told(host, image.reference, state, why)
    for name in preflight_images.unknown(spec, host):
        yield _told(host, name, "unknown", "which one it is, only kubeadm knows")


def _told(host: HostSpec, name: str, state: str, why: str) -> Item:
    return Item(host=host.name, kind="image", name=name, state=state, why=why)  # type: ignore[arg-type]


def _image(image: preflight_images.Image, result: str, why: str) -> tuple[State, str]:
    if result == "present":
        return "there", ""
    if result in _NOT_THERE:
        said = _NOT_THERE[result]
        return ("missing", said) if image.certain else ("guess", f"{said}; kubeadm decides")
    return "unknown", why

"""Registries: whether they answer and are to be trusted."""

from __future__ import annotations

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps import preflight_images
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    answer,
    blocks,
    by_haui,
    passes,
    skips,
    tells,
    words,
)
from steps.checks.supply_facts import BOTH_TRUST, CUT_OFF, STEP, some
from steps.where import has_containerd

NO_TOOL = "needs curl, wget or python3 on the host; the install brings curl"


def asked(look: Look) -> tuple[Facts, Answer | None]:
    """The facts, and why nothing can be said of them."""
    facts = look.of(STEP)
    if not facts.complete:
        return facts, skips(CUT_OFF)
    if facts.one("http.tool") in (None, "none"):
        return facts, skips(NO_TOOL)
    return facts, None


def _registry(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    rows = facts.rows("registry", 4)
    if not rows and not preflight_images.asked_now(look.spec, look.host):
        return skips("all images come from the registry that haui sets up")
    if not rows:
        return skips("the host told of no registry")
    lost = [(origin, kind, why) for origin, _, kind, why in rows if kind not in ("ok", "tls")]
    if lost:
        seen = some([f"{origin}: {why}" for origin, _, why in lost])
        return blocks(seen, _registry_fix({kind for _, kind, _ in lost}), "an answer from each")
    sick = [f"{origin} answers {code}" for origin, code, kind, _ in rows
            if kind == "ok" and code >= "500"]  # fmt: skip
    if sick:
        return look.strict(some(sick), words("Look at the registry; it does not work."))
    reached = [f"{origin} answers {code}" for origin, code, kind, _ in rows if kind == "ok"]
    return passes(some(reached)) if reached else skips("no registry could be talked to")


def _registry_fix(kinds: set[str]) -> Fix:
    if "proxy" in kinds:
        return answer("Correct supply.proxy: the proxy does not let the host there.", "cluster")
    if kinds == {"dns"}:
        return words("Give the host a name server that knows it, or a line in /etc/hosts.")
    return answer(
        "Let the host reach it (look at firewalls), or set supply.images.registries to a mirror "
        "that it reaches, or supply.proxy.",
        "cluster",
    )


def _trust(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    rows = facts.rows("registry.trust", 3)
    if not rows:
        return skips("no registry could be talked to")
    ours = _own(look.spec, look.host)
    said = {origin: why for origin, _, kind, why in facts.rows("registry", 4) if kind == "tls"}
    lost = [(origin, issuer) for origin, whom, issuer in rows if whom == "nobody"]
    if lost:
        seen = [f"{origin}: {said.get(origin, '')}{_by(issuer)}" for origin, issuer in lost]
        return blocks(some(seen), _trust_fix(look.spec, {o for o, _ in lost} <= ours))
    unknown = [f"{origin}{_by(issuer)}" for origin, whom, issuer in rows if whom == "unknown"]
    if unknown:
        brings = by_haui("packages.base", "haui installs ca-certificates.")
        return tells(f"the host has no certificate authorities yet: {some(unknown)}", brings)
    if look.spec.supply.images.ca_pem:
        other = [origin for origin, whom, _ in rows if whom == "system" and origin in ours]
        if other:
            by_others = f"verified by the host's own authorities, not by that CA: {some(other)}"
            return tells(by_others, answer("supply.images.ca may be left out.", "cluster"))
    return passes(some([f"{origin}{_by(issuer) or f': {whom}'}" for origin, whom, issuer in rows]))


def _by(issuer: str) -> str:
    return f" (issued by {issuer})" if issuer != "-" else ""


def _own(spec: ClusterSpec, host: HostSpec) -> set[str]:
    """The mirrors of the cluster file among the registries of a host."""
    places = [
        preflight_images.place(spec, i.reference) for i in preflight_images.asked_now(spec, host)
    ]
    return {place.registry.origin for place in places if place.registry.own}


def _trust_fix(spec: ClusterSpec, own: bool) -> Fix:
    if own and spec.supply.images.ca_pem:
        return answer(
            "Give the authority that issued the registry's certificate in supply.images.ca, and "
            "look whether the certificate names this address and is still valid.",
            "cluster",
        )
    if own:
        return answer("Give the authority that issued it in supply.images.ca.", "cluster")
    return words(
        "Put the authority that issued it into the host's own ("
        f"{BOTH_TRUST}). supply.images.ca counts for supply.images.registries and the repositories "
        "only."
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="supply.registry",
        title="Registries answer",
        area="supply",
        why="No image could be pulled.",
        look=_registry,
        on=has_containerd,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.registry-ca",
        title="Certificates of the registries",
        area="supply",
        why="containerd pulls nothing from a registry whose certificate it can't verify.",
        look=_trust,
        on=has_containerd,
        step=STEP,
        page="cluster",
    ),
)

"""Images: whether the registries have what the host will pull."""

from __future__ import annotations

from collections.abc import Mapping

from steps import preflight_images
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.registries import asked
from steps.checks.supply_facts import STEP, some
from steps.mirrors import registry_hosts
from steps.preflight_images import Image
from steps.where import has_containerd

GO_ARCH: Mapping[str, str] = {"x86_64": "amd64", "aarch64": "arm64"}
"""How images name what uname says."""


def _images(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    later = _from_own(look)
    if later and not preflight_images.asked_now(look.spec, look.host):
        return skips(later)
    told = {reference: (result, why) for reference, result, why in facts.rows("image", 3)}
    by: dict[str, list[Image]] = {}
    for image in preflight_images.asked_now(look.spec, look.host):
        by.setdefault(told.get(image.reference, ("untried", ""))[0], []).append(image)
    found = len(by.get("present", []))
    return (
        _gone(by.get("absent", []), "not there")
        or _gone(by.get("refused", []), "refused without a login")
        or _gone(by.get("denied", []), "refused with the login")
        or _failing(look, by, told)
        or _unclear(look, by, found)
        or passes(_count(look, found))
    )


def _gone(images: list[Image], what: str) -> Answer | None:
    if not images:
        return None
    lost = [image for image in images if image.certain and not image.optional]
    seen = f"{what}: {some([image.reference for image in lost or images])}"
    if what == "not there":
        change = answer(
            "Put it into the registry, or correct supply.images (repository, registries) or "
            "kubernetes.version.",
            "cluster",
        )
    elif what == "refused with the login":
        change = answer("Correct supply.images.username, or give its right password.", "cluster")
    else:
        change = answer("Give a login in supply.images.username.", "cluster")
    if lost:
        return blocks(seen, change, "every image")
    guessed = all(not image.certain for image in images)
    if guessed:
        seen += " (by haui's own list; which one it will be, kubeadm says once it is installed)"
    return warns(seen, change, "every image")


def _failing(
    look: Look, by: Mapping[str, list[Image]], told: Mapping[str, tuple[str, str]]
) -> Answer | None:
    if failed := by.get("failed"):
        seen = [f"{image.reference}: {told[image.reference][1]}" for image in failed]
        return look.strict(some(seen, 3), words("Look at the registry, and at what is before it."))
    if limited := by.get("limited"):
        seen = [image.reference for image in limited]
        change = answer("Wait, or set supply.images.registries to a mirror of your own.", "cluster")
        return warns(f"the registry has had enough of this address: {some(seen)}", change)
    return None


def _unclear(look: Look, by: Mapping[str, list[Image]], found: int) -> Answer | None:
    untried = [image.reference for image in by.get("untried", [])]
    login = [image.reference for image in by.get("login", [])]
    if login:
        why = f"{len(login)} need the registry's login, which is not tried"
        return tells(f"{_count(look, found)}; {why}")
    if untried and not found:
        return skips("the registry did not answer, or no time was left")
    if untried:
        return tells(f"{_count(look, found)}; not tried: {some(untried)}")
    return None


def _count(look: Look, found: int) -> str:
    unknown = preflight_images.unknown(look.spec, look.host)
    later = f"; known only to kubeadm: {some(unknown)}" if unknown else ""
    own = _from_own(look)
    return f"{found} found{later}{f'; {own}' if own else ''}"


def _from_own(look: Look) -> str:
    """What can't be asked for yet, since haui will set up where it comes from."""
    now = preflight_images.asked_now(look.spec, look.host)
    count = len(preflight_images.images(look.spec, look.host)) - len(now)
    if not count:
        return ""
    hosts = some([host.name for host in registry_hosts(look.spec)])
    return (
        f"{count} come from the registry that haui sets up on {hosts}; looked at there by the step "
        "registry.content, before any is pulled"
    )


def _arch(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    own = GO_ARCH.get(look.facts.one("arch") or "", look.facts.one("arch"))
    rows = [(name, arches.split(",")) for name, arches in facts.rows("image.arch", 2)]
    if not rows or not own:
        return skips("no image told what it is for")
    other = [f"{name} is for {', '.join(arches)}" for name, arches in rows if own not in arches]
    if other:
        change = answer(
            f"Copy the images for {own} into the registry as well (skopeo copy --all).", "cluster"
        )
        return blocks(some(other), change, own)
    return passes(f"{len(rows)} are for {own}")


def _layers(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    rows = facts.rows("layers", 4)
    if not rows:
        return skips("no image could be tried")
    lost = [f"{origin}: {code if kind == 'ok' else why}" for origin, code, kind, why in rows
            if kind != "ok" or code != "200"]  # fmt: skip
    if lost:
        reach = words(
            "The registry sends elsewhere for the data of its images; let the host reach that, too."
        )
        return blocks(some(lost), reach, "the data of one image")
    return passes(some([origin for origin, *_ in rows]))


def _rate(look: Look) -> Answer:
    facts, silent = asked(look)
    if silent:
        return silent
    left = {origin: int(count) for origin, count in facts.rows("rate", 2) if count.isdecimal()}
    if not left:
        return passes("no registry tells of a limit")
    places = [
        preflight_images.place(look.spec, image.reference).registry.origin
        for image in preflight_images.asked_now(look.spec, look.host)
    ]
    # Hosts behind one address share it.
    hosts = len(look.spec.hosts)
    short = [
        f"{origin} has {count} pulls left, {places.count(origin) * hosts} may be needed"
        for origin, count in left.items()
        if count < places.count(origin) * hosts
    ]
    if short:
        change = answer("Set supply.images.registries to a mirror of your own.", "cluster")
        return warns(some(short), change)
    return passes(some([f"{origin}: {count} left" for origin, count in left.items()]))


CHECKS: tuple[Check, ...] = (
    Check(
        id="supply.images",
        title="Images",
        area="supply",
        why="The install would stop in the middle, at the first image that can't be had.",
        look=_images,
        on=has_containerd,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.arch",
        title="Images for this processor",
        area="supply",
        why="Containers of another architecture do not start.",
        look=_arch,
        on=has_containerd,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.layers",
        title="The data of images",
        area="supply",
        why="Images would be found, and their pull would hang.",
        look=_layers,
        on=has_containerd,
        step=STEP,
    ),
    Check(
        id="supply.rate",
        title="Limits of public registries",
        area="supply",
        why="The registry would refuse pulls in the middle of the install.",
        look=_rate,
        on=has_containerd,
        step=STEP,
        page="cluster",
    ),
)

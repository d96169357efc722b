"""The registry that haui sets up: what must be on its host before, and who fills it."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from steps import registry
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    by_haui,
    passes,
    skips,
    tells,
    words,
)
from steps.checks.supply_facts import CUT_OFF, STEP, looked_at, some
from steps.osfamily import REDHAT


def _program(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    given = look.spec.registry.program
    if silent:
        return silent
    if given is None and family is REDHAT:
        name = words(
            "Put the program of distribution, a single file, on this host and name its path in "
            "registry.program; or give the role registry to a host with Debian or Ubuntu."
        )
        return blocks("the RHEL family has no package of a registry", name, "a program")
    if given is None:
        return passes("from the package docker-registry")
    if "://" in given:
        return tells(
            f"fetched from {given} when it is installed",
            by_haui("registry.serve", "haui compares its checksum."),
        )
    if facts.yes("registry.program") is None:
        return skips("the host did not tell of it")
    if not facts.yes("registry.program"):
        change = answer("Put it there, executable, or correct registry.program.", "cluster")
        return blocks(f"there is no program {given}", change, given)
    return passes(given)


def _archive(look: Look) -> Answer:
    facts = look.of(STEP)
    if not facts.complete:
        return skips(CUT_OFF)
    path = look.spec.registry.archive
    if path is None:
        names = registry.wanted(look.spec)
        when = words(
            "Once haui says that the registry lacks images, push them under the names that haui "
            "bundle list tells, then run haui resume. Or name an archive in registry.archive."
        )
        return tells(f"you push {len(names)} images: {some(list(names))}", when)
    rows = facts.rows("registry.archive", 2)
    if not rows:
        return skips("the host did not tell of it")
    kind, kib = rows[0]
    if kind not in ("file", "folder"):
        change = answer("Copy the archive there, or correct registry.archive.", "cluster")
        return blocks(f"{path} is {kind}", change, "an archive of images")
    size = int(kib) / 1024 if kib.isdecimal() else 0
    return passes(f"{path} is a {kind} of {size:.0f} MiB; its images are looked at when pushed")


def _is_registry(spec: ClusterSpec, host: HostSpec) -> bool:
    return registry.is_registry(spec, host)


CHECKS: tuple[Check, ...] = (
    Check(
        id="supply.registry-program",
        title="Program of the registry",
        area="supply",
        why="Without it there is no registry, and no node could pull an image.",
        look=_program,
        on=_is_registry,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.registry-archive",
        title="Images for the registry",
        area="supply",
        why="The registry begins empty; nodes pull what somebody has put into it.",
        look=_archive,
        on=_is_registry,
        step=STEP,
        page="cluster",
    ),
)

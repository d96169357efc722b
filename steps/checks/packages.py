"""Packages: whether all that the install puts on a host can be had there."""

from __future__ import annotations

import re

from haui.evidence import Facts
from steps import osfamily_apt, preflight_plan
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    answer,
    blocks,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.supply_facts import CONTAINERD_FIX, STEP, WORDS, looked_at, some
from steps.checks.thresholds import (
    CONTAINERD_1_MINOR,
    CONTAINERD_16_MINOR,
    LISTS_FRESH_H,
    TOOL_FLOORS,
)
from steps.osfamily import REDHAT, Family
from steps.packages import base_packages
from steps.where import is_node

SIGNATURE = r"NO_PUBKEY|EXPKEYSIG|not signed|BADSIG|signature|KEYEXPIRED|GPG"
NOTHING_AT = {
    "debian": "signed repository (or say unsigned: true, in a network that you control)",
    "redhat": "repodata/repomd.xml",
}


def _mirror(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    url = family.source_url(look.spec)
    state = facts.one("mirror")
    if state == "ok":
        return passes(f"{family.manager} reads {url}")
    if state != "failed":
        return skips("the host did not try")
    said = facts.one("mirror.said") or f"{family.manager} does not say why"
    return blocks(said, _mirror_fix(said, url, family), f"{family.manager} reads {url}")


def _mirror_fix(said: str, url: str, family: Family) -> Fix:
    if re.search(SIGNATURE, said):
        return answer(
            "Give the key that the mirror is signed with in supply.packages.key.", "cluster"
        )
    if "does not have a Release file" in said or ("repomd.xml" in said and "404" in said):
        return answer(
            f"Correct supply.packages.mirror: no {NOTHING_AT[family.name]} is at {url}.",
            "cluster",
        )
    if re.search(r"ertificate|SSL|TLS|handshake", said):
        return words(
            "Put the authority that signed the mirror's certificate into the host's own "
            f"({WORDS[family.name].trust})."
        )
    if " 404" in said:
        return answer(f"Correct supply.packages.mirror: there is nothing at {url}.", "cluster")
    return answer(
        f"Let the host reach {url}, or set supply.packages.mirror or supply.proxy.", "cluster"
    )


def _sources(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    say, manager = WORDS[family.name], family.manager
    bad_lists = facts.one("apt.sources")
    if bad_lists not in (None, "yes"):
        mend = words(f"Correct the files in {say.sources}; `{say.silent}` must be silent.")
        if "Signed-By" in bad_lists:
            # apt takes a place that is named twice only with the same key.
            url = osfamily_apt.source_url(look.spec)
            mend = words(
                f"Remove the host's own source of {url} from /etc/apt/sources.list.d; haui places "
                "one with its key."
            )
        return blocks(f"{manager} can't read its sources: {bad_lists}", mend)
    rows = facts.rows("source", 2)
    bad = [f"{site}: {said}" for site, said in rows if said != "ok"]
    wanted = _from_elsewhere(look, facts, family)
    if not rows and wanted:
        add = words(f"Give the host a package source that it reaches, in {say.sources}.")
        lacks = f"no source on the network; needed from one: {some(wanted)}"
        return warns(lacks, add, "a source for what is missing")
    if not bad:
        return passes(some([site for site, _ in rows]) or "none, and none is needed")
    reach = words(
        f"Let the host reach its package sources, or give its {manager} a proxy (in {say.proxy})."
    )
    if not wanted:
        return tells(f"not reached, and not needed: {some(bad)}", reach)
    seen = f"{some(bad)}; needed from there: {some(wanted)}"
    if len(bad) < len(rows):
        return warns(seen, reach, "every source answers")
    return blocks(seen, reach, "a source that answers")


def _missing(facts: Facts) -> dict[str, str]:
    """The packages that are not installed, and the version that could be."""
    rows = facts.rows("package", 3)
    names = preflight_plan.KUBERNETES
    return {name: can for name, has, can in rows if has == "-" and name not in names}


def _from_elsewhere(look: Look, facts: Facts, family: Family) -> list[str]:
    """The missing packages that must come from the host's own sources: our source is added after
    the base packages."""
    base = base_packages(look.spec, look.host, family)
    mirrored = facts.all("mirrored")
    ours = preflight_plan.OURS
    return [
        name
        for name in _missing(facts)
        if name in base or (name not in mirrored and name not in ours)
    ]


def _packages(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    if not facts.all("package"):
        return skips(f"{family.manager} did not say what it could install")
    missing = _missing(facts)
    if not missing:
        return passes("all are installed")
    lost = [name for name, candidate in missing.items() if candidate == "-"]
    if facts.one("mirror") != "ok":
        # Said by supply.mirror already.
        lost = [name for name in lost if name not in preflight_plan.OURS]
    if lost and facts.one("lists") == "none":
        return tells(
            f"the host's package lists are empty; not known: {some(lost)}",
            words("The install refreshes the lists."),
        )
    age = facts.number("lists")
    old = age is None or age > LISTS_FRESH_H
    if lost:
        add = _add(lost, family)
        seen = f"no source has {some(lost)}"
        if old:
            return warns(f"{seen}; the lists are {(age or 0) / 24:.0f} days old", add)
        return blocks(seen, add, "a candidate for each package")
    tried = facts.one("simulate")
    if tried not in (None, "ok"):
        must = WORDS[family.name].silent
        mend = words(f"Mend what {family.manager} complains about; `{must}` must be silent.")
        return (warns if old else blocks)(tried or "", mend, f"{family.manager} would install all")
    return passes(some([f"{name} {can}" for name, can in missing.items()]))


def _add(lost: list[str], family: Family) -> Fix:
    """How the packages come to have a source."""
    say = WORDS[family.name]
    if family is REDHAT and lost == [family.containerd_packages[0]]:
        return words(CONTAINERD_FIX)
    return words(
        f"Give the host a source that has them; `{say.ask}{lost[0]}` must name a version to "
        f"install. {say.more}"
    )


def _versions(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    if facts.one("mirror") != "ok":
        return skips("the source of the Kubernetes packages can't be read")
    version = look.spec.kubernetes.version
    offers: dict[str, set[str]] = {name: set() for name in preflight_plan.KUBERNETES}
    for name, offered in facts.rows("offered", 2):
        offers.setdefault(name, set()).add(offered.rpartition("-")[0])
    lost = [name for name in preflight_plan.KUBERNETES if version not in offers[name]]
    if not lost:
        return passes(some([f"{name} {offered}" for name, offered in _chosen(facts, version)]))
    common = sorted(set.intersection(*offers.values()), key=numbers, reverse=True)
    said = f"Choose one of {some(common, 8)}." if common else "Choose another version or mirror."
    url = family.source_url(look.spec)
    return blocks(f"{url} has no {some(lost)} {version}", answer(said, "cluster"), version)


def _chosen(facts: Facts, version: str) -> list[tuple[str, str]]:
    rows = facts.rows("offered", 2)
    return [(name, offered) for name, offered in rows if offered.startswith(f"{version}-")]


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a package's version, without epoch and revision."""
    match = re.match(r"(?:\d+:)?v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _floors(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    rows = {name: has if has != "-" else can for name, has, can in facts.rows("package", 3)}
    known = {
        name.partition(".io")[0]: rows[name]
        for name in (*TOOL_FLOORS, *family.containerd_packages)
        if rows.get(name, "-") != "-"
    }
    if not known:
        return skips("no version is known yet")
    minor = look.spec.kubernetes.minor
    found = []
    for name, floor in TOOL_FLOORS.items():
        if name in known and numbers(known[name]) < floor:
            found.append(f"{name} {known[name]} (needed: {'.'.join(map(str, floor))})")
    runtime = numbers(known["containerd"]) if "containerd" in known else ()
    if runtime and minor >= CONTAINERD_16_MINOR and runtime < (1, 6):
        found.append(f"containerd {known['containerd']} (needed: 1.6)")
    if runtime and minor <= CONTAINERD_1_MINOR and runtime >= (2,):
        found.append(f"containerd {known['containerd']} (needed: 1.x)")
    if not found:
        return passes(some([f"{name} {version}" for name, version in known.items()]))
    other = words("Install a fitting version from another source, or choose a newer system.")
    return blocks(some(found), other)


CHECKS: tuple[Check, ...] = (
    Check(
        id="supply.sources",
        title="The host's package sources",
        area="supply",
        why="What is missing on the host could not be installed.",
        look=_sources,
        step=STEP,
    ),
    Check(
        id="supply.mirror",
        title="Source of the Kubernetes packages",
        area="supply",
        why="kubeadm, kubelet and kubectl could not be installed.",
        look=_mirror,
        on=is_node,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.versions",
        title="The asked Kubernetes version",
        area="supply",
        why="Nothing could be installed that the source does not have.",
        look=_versions,
        on=is_node,
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.packages",
        title="Other packages",
        area="supply",
        why="The install would stop in the middle, at the first package that can't be had.",
        look=_packages,
        step=STEP,
    ),
    Check(
        id="supply.floors",
        title="Versions of the other packages",
        area="supply",
        why="What haui writes for them would not be understood, or the kubelet not be served.",
        look=_floors,
        step=STEP,
    ),
)

"""What haui fetches onto a host, as the host gets it: the package manager, names, proxies."""

from __future__ import annotations

import shlex

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps import preflight_plan, proxy
from steps.checks import images, own_registry, packages, registries
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.supply_facts import CUT_OFF, STEP, looked_at, some
from steps.checks.thresholds import LOCK_WAIT_S, NAME_MS
from steps.osfamily import REDHAT


def _lock(look: Look) -> Answer:
    facts = look.of(STEP)
    if not facts.complete:
        return skips(CUT_OFF)
    held = [f"{program} ({pid}) holds {path}" for path, pid, program in facts.rows("lock", 3)]
    held += [f"{name} is {state}" for name, state in facts.rows("unit", 2)]
    if not held:
        return passes("no lock is held")
    wait = f"Let it end, or stop it. The install waits {LOCK_WAIT_S} seconds for it."
    return warns(some(held), words(wait), "no package manager at work")


def _dpkg(look: Look) -> Answer:
    facts, family, silent = looked_at(look)
    if silent:
        return silent
    if family is REDHAT:
        return _rpm(facts)
    rows = facts.rows("dpkg.broken", 2)
    # H: half-installed, R: to be installed anew. dpkg --configure can do nothing for these.
    lost = [name for state, name in rows if state[1:2] == "H" or "R" in state[2:]]
    if lost:
        names = " ".join(shlex.quote(name) for name in lost)
        again = command(
            "Install them again; those that no source has must be removed.",
            f"apt-get install -y --reinstall {names}",
        )
        return blocks(f"half-installed: {some(lost)}", again, "every package whole")
    seen = [f"{name} ({state})" for state, name in rows if state[1:2] not in ("W", "t")]
    if facts.yes("dpkg.updates"):
        seen.append("dpkg was interrupted")
    if not seen:
        return passes("every package is whole")
    mends = by_haui("packages.base", "Before it installs anything, haui lets dpkg set them up.")
    return warns(some(seen), mends, "every package set up")


def _rpm(facts: Facts) -> Answer:
    said = facts.one("rpm.database")
    if said == "ok":
        return passes("rpm's database is readable")
    if said is None:
        return skips("the host did not say how rpm's database is")
    mend = command("Have rpm make its database anew from what it holds.", "rpm --rebuilddb")
    return blocks(f"rpm can't read its database: {said}", mend, "a readable database")


def _held(look: Look) -> Answer:
    facts, _, silent = looked_at(look)
    if silent:
        return silent
    held = facts.all("held")
    installed = {name: version for name, version, _ in facts.rows("package", 3)}
    version = look.spec.kubernetes.version
    other = [
        f"{name} {installed.get(name, '')}".strip()
        for name in held
        if name in preflight_plan.KUBERNETES
        and not installed.get(name, "").startswith(f"{version}-")
    ]
    if other:
        replaces = by_haui("runtime.kubernetes", f"haui replaces it by {version} and holds that.")
        return warns(f"held at another version: {some(other)}", replaces, f"{version}, or none")
    others = [name for name in held if name not in preflight_plan.KUBERNETES]
    if others:
        return tells(f"held: {some(others)}", words("haui leaves them at their version."))
    return passes("none of other versions")


def _names(look: Look) -> Answer:
    facts = look.of(STEP)
    if not facts.complete:
        return skips(CUT_OFF)
    rows = facts.rows("name", 3)
    lost = [name for name, _, address in rows if address == "-"]
    if lost:
        mend = words(
            "Give the host a name server that knows it (look at /etc/resolv.conf), or a line in "
            "/etc/hosts."
        )
        return blocks(f"not known: {some(lost)}", mend, "an address for each name")
    if not rows:
        return skips("the host told of no name")
    slow = [f"{name} took {ms} ms" for name, ms, _ in rows if ms.isdecimal() and int(ms) > NAME_MS]
    if slow:
        mend = words("Look at the name servers in /etc/resolv.conf: one does not answer.")
        return warns(some(slow), mend, f"at most {NAME_MS} ms")
    return passes(some([f"{name} is {address}" for name, _, address in rows]))


def _asks_names(spec: ClusterSpec, host: HostSpec) -> bool:
    return "\nname " in f"\n{preflight_plan.plan(spec, host)}"


def _proxy(look: Look) -> Answer:
    facts = look.of(STEP)
    if not facts.complete:
        return skips(CUT_OFF)
    given = look.spec.supply.proxy
    if given.http or given.https:
        rows = facts.rows("proxy", 4)
        silent = [f"{url}: {why}" for url, _, kind, why in rows if kind != "ok"]
        if silent:
            change = answer("Correct supply.proxy, or let the host reach it.", "cluster")
            return blocks(some(silent), change, "an answer from the proxy")
    own = _proxies_of_the_host(facts)
    if own and not (given.http or given.https):
        change = answer(
            "If packages and images have to go through it, say so in supply.proxy: containerd "
            "knows nothing of the host's own settings.",
            "cluster",
        )
        cut = [row for row in facts.rows("registry", 4) if row[2] != "ok"]
        return (warns if cut else tells)(f"the host has a proxy: {some(own)}", change)
    if (given.http or given.https) and not facts.all("proxy"):
        return passes("all that is fetched is reached directly")
    if not (given.http or given.https):
        return passes("no proxy")
    return passes(f"answers; reached directly: {proxy.no_proxy(look.spec)}")


def _proxies_of_the_host(facts: Facts) -> list[str]:
    """The lines of the host that set a proxy for http or https."""
    lines = [line for line in facts.all("proxy.own") if "no_proxy" not in line.lower()]
    return [line for line in lines if "proxy" in line.partition(" ")[2].lower()]


def _own_exceptions(look: Look) -> Answer:
    facts = look.of(STEP)
    if not facts.complete:
        return skips(CUT_OFF)
    lines = [line for line in facts.all("proxy.own") if line.startswith("/etc/environment ")]
    if not any("https_proxy" in line.lower() for line in lines):
        return passes("no https_proxy in /etc/environment")
    exceptions = [line.lower() for line in lines if "no_proxy" in line.lower()]
    endpoint = look.spec.endpoint.name
    # An entry may be a domain around the name.
    around = [".".join(endpoint.split(".")[index:]) for index in range(endpoint.count(".") + 1)]
    values = " ".join(line.partition("=")[2].strip("\"' ") for line in exceptions)
    entries = {entry.strip().lstrip(".") for entry in values.replace(",", " ").split()}
    if entries & {*around, "*"}:
        return passes(f"{endpoint} is among its exceptions")
    add = words(f"Add {endpoint} to no_proxy in /etc/environment.")
    return warns(f"https_proxy without an exception for {endpoint}", add)


CHECKS: tuple[Check, ...] = (
    Check(
        id="supply.lock",
        title="No package manager at work",
        area="supply",
        why="The install would wait for the lock, and give up in the end.",
        look=_lock,
        marker="apt",
        step=STEP,
    ),
    Check(
        id="supply.dpkg",
        title="Packages whole",
        area="supply",
        why="Nothing is installed while a package or the database of packages is broken.",
        look=_dpkg,
        step=STEP,
    ),
    Check(
        id="supply.held",
        title="Packages held",
        area="supply",
        why="A package that is held stays at its version, whatever is asked for.",
        look=_held,
        step=STEP,
    ),
    Check(
        id="supply.names",
        title="Names of mirrors and registries",
        area="supply",
        why="Nothing can be fetched from a server whose address is not known.",
        look=_names,
        on=_asks_names,
        step=STEP,
    ),
    Check(
        id="supply.proxy",
        title="HTTP proxy",
        area="supply",
        why="Packages and images would be asked for where nobody answers.",
        look=_proxy,
        marker="apt",
        step=STEP,
        page="cluster",
    ),
    Check(
        id="supply.no-proxy",
        title="The host's own proxy settings",
        area="supply",
        why="kubectl on this host would ask the proxy for the cluster's API.",
        look=_own_exceptions,
        marker="apt",
        step=STEP,
    ),
    *packages.CHECKS,
    *registries.CHECKS,
    *images.CHECKS,
    *own_registry.CHECKS,
)

"""What hosts tell that are broken, odd or hostile.

What a healthy fleet tells is spoiled where a check looks: the keys that it asks for are noted while
it looks, and their values made of nonsense and of the words that the check itself knows.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from haui.evidence import END, Evidence, Facts, Reading
from haui.rehearsal import facts
from haui.spec import ClusterSpec, HostSpec
from steps import preflight
from steps.checks import FACTS, Check, Look
from tests.unit.specs import PLANES, WORKERS, shapes, spec, with_registry

STEPS = tuple(step.id for step in preflight.STEPS)
NOW = 1_000_000.0
PROFILES = ("test", "production")

NUMBERS = (
    "0", "1", "-1", "3.5", "42", "99999999999999999999", "-5e300", "1e308", "nan", "inf", "-inf",
    "0x1f", "1_000", "²", "٣", "08", "9" * 4000, "infinity", "NaN%", "1,5", "+2", "5.", "1e-400",
)  # fmt: skip
SANE = ("0", "1", "2", "7", "77", "100", "512", "4096", "70000", "3000000", "0.5", "-3", "12.75")
WORDS = (
    "yes", "no", "none", "-", "ok", "failed", "unknown", "absent", "active", "inactive", "enabled",
    "disabled", "tcp", "udp", "eth0", "eth1", "lo", "haui", "UP", "DOWN", "/", "=", "a=b", "cp1",
    "cp2", "api.atlas.lan",
)  # fmt: skip
ADDRESSES = (
    "10.30.0.11", "10.30.0.12", "10.30.0.100", "10.30.0.11/24", "10.30.0.11/99", "10.30.0.0/24",
    "0.0.0.0", "127.0.0.1", "::1", "fe80::1%eth0", "fd00::1/64", "::/0", "0.0.0.0/0", "*", "[::]",
    "10.96.0.0/12", "10.244.0.0/16", "999.1.1.1", "1.2.3", "10.30.0.11/24/8", "::ffff:10.30.0.11",
    "52:54:00:00:00:01", "127.0.1.1", "10.30.0.1/32", "255.255.255.255", "224.0.0.1",
)  # fmt: skip
LINES = (
    "", "x" * 300, "x." * 150, "\x00\x01\x02\x7f\x9b[2J", "\x1b]0;owned\x07", "'; rm -rf / #'",
    "$(reboot)", "`id`", "%s%n%d", "{}", "{0.__class__}", "[/red]", "<b>", "../../etc/passwd",
    "/etc/passwd", "//", "a=b=c", "\u202egnp.exe", "ü" * 200, "🐳" * 100, "a|b", "\\", "'", '"',
    "[", "(", "(a+)+$", "default", "default via", "default dev", "local", "0" * 4096, "y" * 5000,
    "nexthop via nexthop dev metric", "Kernel panic — not syncing", ",,,,", "::::", "- - - - -",
    "https://", "https://[", "https://[::1", "http://u:p@h:99999/", "https://api.atlas.lan:8443",
    "https://other.lan:6443", "10.30.0.0/24 dev", ". .. ...", "options ndots:x", "nameserver ::",
    "default via 10.30.0.1 dev eth1 metric 99999999999999999999999", "nameserver 127.0.0.53",
    "unreachable default dev lo metric 4278198272", "1 2 3 4 5 6 7 8 9 10 11 12",
    "default dev eth0 metric 5 " * 100, "search " + "a.b " * 500, "10.30.0.100 dev eth0 src x",
    "10.244.0.0/16 via 10.30.0.1 dev eth0", "\x0cend\tok", "\u2028arch\triscv64",
)  # fmt: skip

Told = dict[str, dict[str, list[tuple[str, str]]]]
"""Step -> host -> its facts."""


@cache
def all_shapes() -> Mapping[str, ClusterSpec]:
    """Those of the catalogue's tests, and the pod networks and roles that only checks know."""
    storing = [{**host, "roles": ["worker", "storage"]} for host in WORKERS]
    return {
        **shapes(),
        "storage": spec(hosts=PLANES + storing, network={"cni": {"kind": "cilium"}}),
        "calico": spec(network={"cni": {"kind": "calico"}, "kube_proxy": "nftables"}),
        "registry": with_registry(),
        "own-network": spec(network={"cni": {"kind": "none"}}, ssh={"user": "ops"}),
    }


@cache
def cluster_of(shape: str, profile: str) -> ClusterSpec:
    """One of the shapes, with that profile."""
    return all_shapes()[shape].model_copy(update={"profile": profile})


@cache
def _healthy(shape: str, profile: str, step: str, host: str) -> tuple[tuple[str, str], ...]:
    cluster = cluster_of(shape, profile)
    return facts.told(step, cluster, cluster.host(host), NOW)


def healthy(shape: str, profile: str) -> Told:
    """What a healthy fleet tells in all steps."""
    names = [host.name for host in cluster_of(shape, profile).hosts]
    return {
        step: {name: [*_healthy(shape, profile, step, name)] for name in names} for step in STEPS
    }


def silent(shape: str, profile: str) -> Told:
    """Every look came to its end, and told nothing but the clock."""
    clock = [("clock.first", f"{NOW}"), ("clock.last", f"{NOW}")]
    names = [host.name for host in cluster_of(shape, profile).hosts]
    return {step: {name: clock if step == FACTS else [] for name in names} for step in STEPS}


def reading(lines: Iterable[tuple[str, str]]) -> Reading:
    """A complete reading with these facts, as a host printed them."""
    text = "".join(f"{key}\t{value}\n" for key, value in lines)
    return Reading(f"{text}{END}\tok\n", asked=NOW, answered=NOW)


def evidence_of(said: Mapping[str, Mapping[str, Iterable[tuple[str, str]]]]) -> Evidence:
    """The readings of a fleet that said this."""
    evidence = Evidence()
    for step, hosts in said.items():
        for name, lines in hosts.items():
            evidence.keep(step, name, reading(lines))
    return evidence


class Watched(Facts):
    """Facts that note what they are asked for, and in rows of which width. A check asks few of the
    readings for anything: the others are never taken apart."""

    def __init__(self, text: str, asked: dict[str, int]) -> None:
        self._text = text
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        if name != "_values":
            raise AttributeError(name)
        super().__init__(self._text)
        return self._values

    def one(self, key: str) -> str | None:
        self._asked.setdefault(key, 1)
        return super().one(key)

    def all(self, key: str) -> tuple[str, ...]:
        self._asked.setdefault(key, 1)
        return super().all(key)

    def rows(self, key: str, width: int) -> tuple[tuple[str, ...], ...]:
        self._asked[key] = max(width, self._asked.get(key, 1))
        return super().rows(key, width)


def asked_by(check: Check, shape: str, host: HostSpec, said: Told) -> dict[str, dict[str, int]]:
    """What a check asks all hosts for: step -> key -> the width of its rows."""
    evidence = Evidence()
    asked: dict[str, dict[str, int]] = {}
    for step, hosts in said.items():
        for name, lines in hosts.items():
            made = reading(lines)
            made.__dict__["facts"] = Watched(made.text, asked.setdefault(step, {}))
            evidence.keep(step, name, made)
    check.finding(Look(cluster_of(shape, "production"), host, evidence))
    return {step: keys for step, keys in asked.items() if keys}


@cache
def words_of(module: str) -> tuple[str, ...]:
    """The short texts that a module knows."""
    path = sys.modules[module].__file__ or ""
    with open(path, encoding="utf-8") as source:  # noqa: PTH123
        tree = ast.parse(source.read())
    return tuple(sorted(_short_texts(tree)))


def _short_texts(tree: ast.AST) -> Iterator[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if 0 < len(text) < 40 and not set(text) & {" ", "\n"}:
                found.add(text)
    return iter(found)


@dataclass
class Broken:
    """A fleet of which some hosts tell something else than healthy ones."""

    shape: str
    profile: str
    host: str
    said: Told = field(repr=False)
    changes: list[str] = field(default_factory=list)

    @property
    def cluster(self) -> ClusterSpec:
        return cluster_of(self.shape, self.profile)


@cache
def _where(check: Check) -> tuple[str, ...]:
    """The shapes of which a host is judged by that check."""
    shapes = all_shapes().items()
    return tuple(name for name, made in shapes if any(check.on(made, h) for h in made.hosts))


class Spoiler:
    """Spoils what a check looks at; the same in every run for the same check and number."""

    def __init__(self, check: Check, number: int) -> None:
        self.random = Random(f"{check.id} {number}")
        self._check = check
        self._words = words_of(check.look.__module__)

    def broken(self) -> Broken:
        """A fleet that is spoiled for the check, and a host that it judges."""
        random, judged = self.random, self._check.on
        shape, profile = random.choice(_where(self._check)), random.choice(PROFILES)
        cluster = cluster_of(shape, profile)
        hosts = [host for host in cluster.hosts if judged(cluster, host)]
        host = random.choice(hosts)
        said = healthy(shape, profile)
        made = Broken(shape, profile, host.name, said)
        # What is asked for may depend on what has been said.
        for _ in range(random.choice((1, 2, 3))):
            asked = asked_by(self._check, shape, host, said)
            for step in asked:
                self._spoil(made, step, asked[step])
        return made

    def spoilt_host(self) -> Broken:
        """A fleet in which one host tells rubbish instead of each of its facts."""
        random = self.random
        shape, profile = random.choice(sorted(all_shapes())), random.choice(PROFILES)
        said = healthy(shape, profile)
        made = Broken(shape, profile, random.choice(cluster_of(shape, profile).hosts).name, said)
        for step in STEPS:
            old = said[step][made.host]
            widths = {key: len(value.split()) for key, value in old}
            self._spoil(made, step, widths)
        return made

    def lines(self, key: str, width: int) -> list[tuple[str, str]]:
        """Some lines of that key."""
        how = self.random.choice(("drop", "new", "new", "many"))
        return [(key, value) for value in self._values(how, [], width)]

    def _spoil(self, made: Broken, step: str, asked: Mapping[str, int]) -> None:
        random, hosts = self.random, made.said[step]
        for key, width in asked.items():
            names = [made.host] if random.random() < 0.7 else [*hosts]
            how = random.choice(("keep", "drop", "field", "field", "field", "new", "add", "many"))
            if how == "keep":
                continue
            values = self._values(how, [v for k, v in hosts[made.host] if k == key], width)
            made.changes.append(f"{how} {key} of {names} in {step}: {str(values)[:300]}")
            for name in names:
                rest = [line for line in hosts[name] if line[0] != key]
                hosts[name] = [*rest, *((key, value) for value in values)]

    def _values(self, how: str, old: list[str], width: int) -> list[str]:
        random = self.random
        if how == "drop":
            return []
        if how == "field" and old:
            return self._with_other_fields(old)
        new = [self._value(width) for _ in range(random.choice((1, 1, 2, 4)))]
        if how == "many":
            return [self._value(width) for _ in range(40)] * random.choice((1, 1, 1, 1, 1, 1, 105))
        return [*old, *new] if how == "add" else new

    def _with_other_fields(self, old: list[str]) -> list[str]:
        rows = [value.split() or [""] for value in old]
        for _ in range(self.random.choice((1, 2, 2, 5, 12))):
            row = self.random.choice(rows)
            # The first one often says what the row is about.
            row[self.random.randrange(min(1, len(row) - 1), len(row))] = self._token()
        return [" ".join(row) for row in rows]

    def _value(self, width: int) -> str:
        random = self.random
        kind = random.random()
        if kind < 0.15:
            return random.choice(LINES)
        if kind < 0.2:
            return "".join(chr(random.randrange(256)) for _ in range(60)).replace("\n", "")
        fields = [self._token() for _ in range(max(1, width + random.choice((-1, 0, 0, 0, 0, 2))))]
        return " ".join(fields)

    def _token(self) -> str:
        pool = self.random.choice((NUMBERS, SANE, SANE, WORDS, ADDRESSES, self._words))
        return self.random.choice(pool)

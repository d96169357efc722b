"""What the chooser says of a preset, and what is wrong with one that can't be used. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haui.clusterfile.fill import Fleet
from haui.clusterfile.load import SpecFileError
from haui.errors import HauiError
from haui.preset import Preset
from haui.transport.text import clean_line

_TOPOLOGIES: Final = {"single": "single", "stacked": "stacked", "external": "external etcd"}
_MOST_PROBLEMS = 50


def shape_words(answers: Mapping[str, Any]) -> str:
    """Hosts, topology and endpoint of a preset: `5 hosts · stacked · keepalived-haproxy`."""
    topology = str(_map(answers, "topology").get("kind", "stacked"))
    endpoint = _map(answers, "endpoint")
    kind = str(endpoint.get("kind", ""))
    if kind == "external":
        kind = "no balancer" if topology == "single" else "own balancer"
    count = usual_hosts(answers)
    words = [f"{count} host{'' if count == 1 else 's'}", _TOPOLOGIES.get(topology, topology), kind]
    if endpoint.get("placement") == "load-balancer":
        words.append("own hosts")
    return " · ".join(clean_line(word, 40) for word in words if word)


def usual_hosts(answers: Mapping[str, Any]) -> int:
    """How many hosts a preset names, else how many its shape takes before the first worker."""
    fleet = Fleet.of(answers)
    return fleet.listed or fleet.fixed


def note_of(preset: Preset) -> str:
    """What stands behind its name in the list: its shape, or why it can't be used."""
    if preset.problem:
        return clean_line(preset.problem, 200)
    return ("yours · " if preset.own else "") + shape_words(preset.answers)


def problems_of(error: HauiError) -> tuple[str, ...]:
    """Each problem of a file with its line, or what else kept it from being read."""
    if not isinstance(error, SpecFileError):
        return (clean_line(error.what), *([clean_line(error.fix)] if error.fix else []))
    found = [
        clean_line(f"line {problem.line}: {problem}" if problem.line else str(problem))
        for problem in error.problems[:_MOST_PROBLEMS]
    ]
    left = len(error.problems) - len(found)
    return (*found, *([f"and {left} more"] if left else []))


def _map(answers: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = answers.get(key)
    return part if isinstance(part, Mapping) else {}

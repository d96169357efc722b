"""What can't be about the registry that haui sets up."""

from __future__ import annotations

import pytest

from tests.unit.spec_samples import BALANCERS, broken, line_of, problems_of
from tests.unit.test_spec_rules import PLACED, REGISTRY, WK_B, Edit

HOSTS = ("hosts:\n", f"hosts:\n{REGISTRY}")
LAST = "advanced: {}"
SHA = "0" * 64


def section(text: str) -> Edit:
    return LAST, f"registry: {text} # here\n{LAST}"


CASES: dict[str, tuple[list[Edit], str, str]] = {
    "no host": ([section("{port: 5001}")], "registry.port", "no host has the role registry"),
    "sshd": ([HOSTS, section("{port: 22}")], "registry.port", "taken by sshd on rg-a"),
    "a port of the kubelet": (
        [(WK_B, WK_B.replace("worker]", "worker, registry]")), section("{port: 10250}")],
        "registry.port", "taken by the kubelet on wk-b",
    ),
    "a port of Services": (
        [(WK_B, WK_B.replace("worker]", "worker, registry]")), section("{port: 30000}")],
        "registry.port", "NodePort",
    ),
    "the endpoint's": (
        [PLACED, (LAST, BALANCERS.replace("load-balancer]", "load-balancer, registry]") + LAST),
         section("{port: 8443}")],
        "registry.port", "the API's endpoint",
    ),
    "fetched without a checksum": (
        [HOSTS, section("{program: 'https://mirror.lan/registry'}")],
        "registry.program", "needs its checksum",
    ),
    "a checksum of nothing": (
        [HOSTS, section(f"{{sha256: '{SHA}'}}")], "registry.sha256", "there is none",
    ),
    "storage that is gone with the next boot": (
        [HOSTS, section("{storage: /tmp/registry}")], "registry.storage", "have to stay",
    ),
    "an archive in the storage": (
        [HOSTS, section("{archive: /var/lib/haui-registry/images.tar}")],
        "registry.archive", "the registry's own folder",
    ),
    "nothing served": ([HOSTS, section("{serves: []}")], "registry.serves", "nothing would come"),
    "a path with a blank": (
        [HOSTS, section("{archive: '/srv/my images.tar'}")], "registry.archive", "absolute path",
    ),
    "a path that climbs": (
        [HOSTS, section("{storage: /srv/../etc}")], "registry.storage", "absolute path",
    ),
    "a CA for a registry that has one": (
        [HOSTS, ("images: {}", "images: {ca: hub-ca.pem} # here")],
        "supply.images.ca", "no registry",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edits", "path", "words"), CASES.values(), ids=CASES.keys())
def test_a_contradiction_is_named_with_its_place(edits: list[Edit], path: str, words: str) -> None:
    text = broken(*edits[0], *edits[1:])
    found = [problem for problem in problems_of(text) if problem.path == path]
    assert words in " · ".join(problem.what for problem in found)
    assert {problem.line for problem in found} == {line_of(text)}

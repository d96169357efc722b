"""A valid cluster file for the tests of the spec, and a way to break it at one place."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

from haui.clusterfile.load import SpecFileError, load_text
from haui.clusterfile.problem import SpecProblem

DATA = Path(__file__).parent / "data" / "spec"
HERE = "# here"
steady = settings(derandomize=True, deadline=None, database=None)
"""For property tests: the same examples in every run, no clock."""

BASE = """\
format: haui/1
name: atlas
profile: test
kubernetes:
  version: 1.36.4
topology:
  kind: stacked
endpoint:
  kind: keepalived-haproxy
  name: api.atlas.lan
  vip: 10.30.0.10
  port: 8443
  placement: control-plane
network:
  pods: 10.60.0.0/16
  services: 10.61.0.0/16
  dns_domain: cluster.local
  cni: {kind: flannel}
  kube_proxy: iptables
supply:
  packages: {}
  images: {}
  proxy: {}
ssh:
  user: ops
hosts:
  - {name: cp-a, address: 10.30.0.11, roles: [control-plane]}
  - {name: cp-b, address: 10.30.0.12, roles: [control-plane]}
  - {name: cp-c, address: 10.30.0.13, roles: [control-plane]}
  - {name: wk-a, address: 10.30.0.21, roles: [worker]}
  - {name: wk-b, address: 10.30.0.22, roles: [worker]}
advanced: {}
"""

BALANCERS = """\
  - {name: lb-a, address: 10.30.0.41, roles: [load-balancer]}
  - {name: lb-b, address: 10.30.0.42, roles: [load-balancer]}
"""
SINGLE = """\
topology: {kind: single}
endpoint: {kind: external, name: api.atlas.lan}
hosts:
  - {name: cp-a, address: 10.30.0.11, roles: [control-plane]}
  - {name: wk-a, address: 10.30.0.21, roles: [worker]}
"""
DEDICATED = "  placement: load-balancer\n"


def broken(old: str, new: str, *more: tuple[str, str]) -> str:
    """BASE with parts replaced; every part must be there, so that a test can't miss its aim."""
    text = BASE
    for before, after in ((old, new), *more):
        assert text.count(before) == 1, f"{before!r} must stand in the base once"
        text = text.replace(before, after)
    return text


def problems_of(text: str) -> tuple[SpecProblem, ...]:
    """What loading says about the text; empty when it is valid."""
    try:
        load_text(text, name="atlas.yaml", base=DATA)
    except SpecFileError as error:
        return error.problems
    return ()


def line_of(text: str) -> int:
    """The number of the line that carries the marker."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if HERE in line)

"""How a host finds names: what it tells → what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from steps.checks.names import CHECKS
from steps.checks.sources import lookup_name
from tests.unit.checks import ask
from tests.unit.specs import shapes, spec

PRODUCTION = spec(profile="production")
HAUI = "haui"
LOCAL = {
    "packages": {"mirror": "http://10.0.0.5/apt/", "unsigned": True},
    "images": {"registries": {"registry.k8s.io": "http://10.0.0.5:5000"}},
}
OFFLINE = spec(profile="production", supply=LOCAL)


@pytest.mark.parametrize(
    ("name", "found", "verdict", "kind"),
    [
        ("cp1", ["127.0.1.1"], "info", HAUI),
        ("cp1", ["127.0.0.1"], "warning", HAUI),
        ("cp1", ["::1"], "warning", HAUI),
        ("cp1", ["10.30.0.12"], "warning", HAUI),
        ("cp1", ["192.0.2.9"], "warning", HAUI),
        ("cp1", None, "info", HAUI),
        ("cp1", ["fe80::1", "10.30.0.11"], "ok", ""),
        ("other", ["127.0.1.1"], "info", ""),
        ("other", ["127.0.0.1"], "warning", ""),
        ("other", ["10.30.0.12"], "blocked", ""),
        ("other", ["10.30.0.11"], "ok", ""),
    ],
)
def test_the_hosts_own_name(name: str, found: Any, verdict: str, kind: str) -> None:
    said = ask("network.own-name", {"hostname": name, "own.name": found})
    assert (said.verdict, said.fix_kind) == (verdict, kind)


def test_search_domains_of_an_old_kubelet() -> None:
    old = shapes()["offline"]
    rows = ["nameserver 10.0.0.1", "search a b c"]
    assert ask("network.resolver", {"resolver": rows}, cluster=old).verdict == "ok"
    rows[1] += " d"
    assert ask("network.resolver", {"resolver": rows}, cluster=old).verdict == "warning"


@pytest.mark.parametrize(("shape", "longest"), [("offline", 194), ("stacked", 1986)])
def test_characters_of_search_domains(shape: str, longest: int) -> None:
    for length, verdict in ((longest, "ok"), (longest + 1, "warning")):
        rows = ["nameserver 10.0.0.1", "search " + "x" * length]
        found = ask("network.resolver", {"resolver": rows}, cluster=shapes()[shape])
        assert found.verdict == verdict


def test_a_loopback_name_server_matters_where_coredns_may_run() -> None:
    facts = {"resolver": "nameserver 127.0.0.1"}
    lb = shapes()["dedicated-lb"]
    assert ask("network.resolver", facts, host="lb1", cluster=lb).verdict == "info"
    kubelet = {"KubeletConfiguration": {"resolvConf": "/run/x"}}
    named = spec(profile="production", advanced={"kubeadm": kubelet})
    assert ask("network.resolver", facts, cluster=named).verdict == "info"
    assert ask("network.resolver", facts, cluster=shapes()["offline"]).verdict == "info"


def test_the_name_that_is_looked_up_is_one_that_the_install_needs() -> None:
    assert lookup_name(PRODUCTION) == "pkgs.k8s.io"
    assert lookup_name(OFFLINE) == ""
    assert lookup_name(shapes()["offline"]) == "proxy.lan"
    half = {"packages": LOCAL["packages"], "images": {"repository": "hub.lan:5000/k8s"}}
    assert lookup_name(spec(supply=half)) == "hub.lan"
    assert not next(c for c in CHECKS if c.id == "network.lookup").on(OFFLINE, OFFLINE.hosts[0])

"""Checks of the kernel's settings: what a host tells → what is said of it."""

from __future__ import annotations

import pytest

from haui.rehearsal.facts import kernel as healthy
from haui.spec import ClusterSpec
from steps import system
from tests.unit.checks import ask
from tests.unit.specs import shapes, spec

TEST = spec(profile="test")
DEDICATED = shapes()["dedicated-lb"].model_copy(update={"profile": "production"})
CALICO = spec(network={"cni": {"kind": "calico"}})


def setting(name: str, value: str | None) -> dict[str, object]:
    rows = {key: old for key, old in healthy.SETTINGS.items() if key != name}
    if value is not None:
        rows[name] = value
    return {"sysctl": [f"{key} {one}" for key, one in rows.items()]}


TWO = ["ens3 10.30.0.11/24 static", "ens4 10.40.0.11/24 static"]


@pytest.mark.parametrize(
    ("cluster", "filters", "addresses", "verdict"),
    [
        (TEST, ["all 1", "ens3 1"], TWO[:1], "ok"),
        (TEST, ["all 0", "ens3 1", "ens4 0"], TWO, "warning"),
        (TEST, ["all 1", "ens3 0", "ens4 0"], TWO, "warning"),
        (TEST, ["all 2", "ens3 1", "ens4 1"], TWO, "ok"),
        (TEST, ["all 0", "ens3 2", "ens4 0"], TWO, "ok"),
        (TEST, ["all 1"], [TWO[0], "cni0 10.244.0.1/24 -", "lo 127.0.0.1/8 -"], "ok"),
        (TEST, ["all 1"], [TWO[0], "ens4 fd00::1/64 static"], "ok"),
        (CALICO, ["all 2"], TWO[:1], "warning"),
        (CALICO, ["all 1"], TWO[:1], "ok"),
    ],
)
def test_reverse_path_filters(
    cluster: ClusterSpec, filters: list[str], addresses: list[str], verdict: str
) -> None:
    facts = {"rp_filter": filters, "address": addresses}
    assert ask("kernel.reverse-path", facts, cluster=cluster).verdict == verdict


WATCHES, FILES = "fs.inotify.max_user_watches", "fs.file-max"


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        (WATCHES, "8192", "warning"),
        (WATCHES, "8193", "info"),
        (WATCHES, "524287", "info"),
        (WATCHES, "524288", "ok"),
        (FILES, "999999", "warning"),
        (FILES, "1000000", "ok"),
        (FILES, None, "ok"),
    ],
)
def test_files(name: str, value: str | None, verdict: str) -> None:
    found = ask("kernel.files", setting(name, value))
    assert found.verdict == verdict
    assert not value or verdict != "warning" or name in found.fix_with


@pytest.mark.parametrize(
    ("limit", "production", "test"),
    [("131072", "ok", "ok"), ("131071", "warning", "info"), (None, "ok", "ok")],
)
def test_tables_of_connections(limit: str | None, production: str, test: str) -> None:
    facts = setting("net.netfilter.nf_conntrack_max", limit)
    assert ask("kernel.conntrack", facts, host="lb1", cluster=DEDICATED).verdict == production
    cluster = shapes()["dedicated-lb"]
    assert ask("kernel.conntrack", facts, host="lb1", cluster=cluster).verdict == test


def test_settings_that_the_install_will_set_are_told() -> None:
    found = ask("kernel.settings", setting("net.ipv4.ip_forward", "0"))
    assert (found.verdict, found.fix_kind, found.fix_with) == ("info", "haui", "system.sysctl")
    assert found.fix_with in {step.id for step in system.STEPS}
    assert "net.ipv4.ip_forward is 0" in found.seen
    absent = ask("kernel.settings", setting("net.bridge.bridge-nf-call-iptables", None))
    assert "not there yet" in absent.seen
    v6 = ask("kernel.settings", setting("net.ipv6.conf.all.forwarding", "0"))
    assert v6.verdict == "ok", "IPv4 needs no forwarding of IPv6"
    v6 = ask(
        "kernel.settings",
        setting("net.ipv6.conf.all.forwarding", "0"),
        cluster=shapes()["ipv6"],
    )
    assert v6.verdict == "info"


FORWARD = "net.ipv4.ip_forward"


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([], "ok"),
        ([f"{FORWARD} 0 /etc/sysctl.d/99-cis.conf"], "ok"),
        ([f"{FORWARD} 0 /etc/sysctl.d/zzz-cis.conf"], "blocked"),
        ([f"{FORWARD} 1 /etc/sysctl.d/zzz-cis.conf"], "ok"),
        ([f"{FORWARD} 0 /usr/lib/sysctl.d/zzz-cis.conf"], "blocked"),
        ([f"{FORWARD} 0 {system.SYSCTL_FILE}"], "ok"),
        ([f"{FORWARD} 0 /etc/sysctl.d/zzz.conf", f"{FORWARD} 1 /etc/sysctl.d/zzzz.conf"], "ok"),
        ([f"{FORWARD} 1 /run/sysctl.d/zzz.conf", f"{FORWARD} 0 /etc/sysctl.d/zzzz.conf"],
         "blocked"),
        ([f"{FORWARD} 0 /etc/ufw/sysctl.conf"], "blocked"),
        ([f"{FORWARD} 0 /etc/sysctl.d/zzz.conf", f"{FORWARD} 1 /etc/ufw/sysctl.conf"], "ok"),
        (["net.ipv4.conf.all.forwarding 0 /etc/sysctl.d/zzz.conf"], "blocked"),
        (["net.ipv6.conf.all.forwarding 0 /etc/sysctl.d/zzz.conf"], "ok"),
        (["fs.file-max 0 /etc/sysctl.d/zzz.conf"], "ok"),
        (["garbage"], "ok"),
    ],
)  # fmt: skip
def test_files_that_are_read_later_than_ours_win(rows: list[str], verdict: str) -> None:
    found = ask("kernel.settings-files", {"sysctl.file": rows})
    assert found.verdict == verdict, found
    if verdict == "blocked":
        assert found.fix_kind == "command"
        assert "forwarding" in found.seen or FORWARD in found.seen

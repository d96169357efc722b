"""Swap in all its forms: what the install turns off, and what brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from tests.unit.checks import ask
from tests.unit.specs import shapes, spec

ACTIVE = {"swap.active": "/dev/vda5 partition 999420 0"}
BEARS = spec(advanced={"kubeadm": {"KubeletConfiguration": {"failSwapOn": False}}})
EXTERNAL = shapes()["external-etcd"]


@pytest.mark.parametrize(
    ("facts", "verdict", "kind"),
    [
        ({}, "ok", ""),
        ({"swap.asked": None}, "skipped", ""),
        (ACTIVE, "warning", "haui"),
        ({"swap.fstab": "UUID=1"}, "warning", "haui"),
        ({"swap.zram": "zram-generator"}, "warning", "haui"),
        ({"swap.partition": "/dev/vda5"}, "info", "haui"),
        ({"swap.partition": "/dev/vda5", "swap.target": "masked"}, "ok", ""),
        ({"swap.unit": "a.swap swap.target"}, "info", "haui"),
        ({"swap.unit": "a.swap -"}, "ok", ""),
        ({"swap.unit": "a.swap swap.target multi-user.target"}, "blocked", "command"),
        ({"swap.maker": "dphys-swapfile.service"}, "blocked", "command"),
        ({"swap.maker": "/etc/rc.local", **ACTIVE}, "blocked", "command"),
        (
            {"swap.active": "/dev/vda5 partition 9999999 2097152", "memory.available.mb": "2047"},
            "blocked",
            "",
        ),
        (
            {"swap.active": "/dev/vda5 partition 9999999 2097152", "memory.available.mb": "2048"},
            "warning",
            "haui",
        ),
    ],
)
def test_swap_of_nodes(facts: dict[str, Any], verdict: str, kind: str) -> None:
    found = ask("disks.swap", facts, host="wk1")
    assert (found.verdict, found.fix_kind) == (verdict, kind), found
    if kind == "haui":
        assert found.fix_with == "system.swap"


def test_what_brings_swap_back_is_turned_off_by_one_command() -> None:
    found = ask(
        "disks.swap",
        {
            "swap.maker": ["swapspace.service", "/etc/waagent.conf"],
            "swap.unit": "a;b.swap x.target",
        },
    )
    first, _, second = found.fix_with.partition(" && ")
    assert first == "systemctl disable --now -- swapspace.service 'a;b.swap'"
    assert second.startswith("sed -i.haui-orig ")
    assert second.endswith(" /etc/waagent.conf")


@pytest.mark.parametrize(
    ("cluster", "host", "verdict"),
    [
        (BEARS, "wk1", "ok"),
        (EXTERNAL.model_copy(update={"profile": "production"}), "etcd1", "warning"),
        (EXTERNAL, "etcd1", "info"),
        (EXTERNAL, "wk1", "warning"),
    ],
)
def test_who_may_swap(cluster: ClusterSpec, host: str, verdict: str) -> None:
    found = ask("disks.swap", ACTIVE, cluster=cluster, host=host)
    assert found.verdict == verdict
    assert ask("disks.swap", cluster=cluster, host=host).verdict == "ok"

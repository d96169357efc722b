"""From the welcome page to the result of a finished rehearsal, by keys alone, at 80x24."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.tour import Ground, assert_finished, empty_rehearsal, rehearse

PLANES = ("cp1 10.30.0.11 cp", "cp2 10.30.0.12 cp", "cp3 10.30.0.13 cp")
WORKERS = ("wk1 10.30.0.21 worker rack=r1", "wk2 10.30.0.22 worker rack=r2")


async def test_stacked_with_everything_typed(tmp_path: Path) -> None:
    """Three control planes behind keepalived and haproxy, from an empty draft."""
    ground = Ground(folder=tmp_path)
    async with empty_rehearsal(ground) as t:
        await t.type("name", "atlas")
        await t.choose("topology.kind", "stacked")
        await t.choose("profile", "test")
        await t.next("endpoint")
        await t.choose("endpoint.kind", "keepalived-haproxy")
        await t.choose("endpoint.placement", "control-plane")
        await t.type("endpoint.name", "api.atlas.lan")
        await t.type("endpoint.vip", "10.30.0.250")
        await t.type("endpoint.port", "9443")
        await t.next("hosts")
        await t.paste_hosts([*PLANES, *WORKERS])
        await t.next("access")
        await t.next("cluster")
        await t.type("network.pods", "10.60.0.0/16")
        spec = await t.install()
    assert (spec.name, spec.topology.kind) == ("atlas", "stacked")
    assert (spec.endpoint.kind, spec.endpoint.name) == ("keepalived-haproxy", "api.atlas.lan")
    assert (spec.endpoint.vip, spec.endpoint.port) == ("10.30.0.250", 9443)
    assert [host.name for host in spec.hosts] == ["cp1", "cp2", "cp3", "wk1", "wk2"]
    assert spec.host("wk2").labels == {"rack": "r2"}
    assert str(spec.network.pods) == "10.60.0.0/16"
    assert_finished(ground, spec)


@pytest.mark.thorough
async def test_stacked_with_kube_vip(tmp_path: Path) -> None:
    """A preset whose name, endpoint and hosts are changed: the address is held by static pods."""
    ground = Ground(folder=tmp_path)
    async with rehearse(ground, "stacked-3-keepalived-haproxy") as t:
        await t.fill("name", "borealis")
        await t.next("endpoint")
        await t.next("hosts")
        await t.delete_hosts()
        await t.paste_hosts(["n[1-3] 10.40.0.[11-13] cp", "w1 10.40.0.21 worker"])
        await t.back("endpoint")
        await t.choose("endpoint.kind", "kube-vip")
        await t.choose("endpoint.mode", "arp")
        await t.fill("endpoint.name", "api.borealis.lan")
        await t.fill("endpoint.vip", "10.40.0.9")
        await t.fill("endpoint.port", "6443")
        await t.next("hosts")
        await t.next("access")
        await t.next("cluster")
        spec = await t.install()
    assert (spec.topology.kind, spec.endpoint.kind) == ("stacked", "kube-vip")
    assert (spec.endpoint.mode, spec.endpoint.vip) == ("arp", "10.40.0.9")
    assert [host.name for host in spec.hosts] == ["n1", "n2", "n3", "w1"]
    assert_finished(ground, spec)


@pytest.mark.thorough
async def test_external_etcd(tmp_path: Path) -> None:
    """Three etcd hosts, three control planes, two workers, entered in three ways."""
    ground = Ground(folder=tmp_path)
    async with empty_rehearsal(ground, size=(120, 40)) as t:
        await t.fill("name", "cygnus")
        await t.choose("topology.kind", "external")
        await t.choose("profile", "test")
        await t.next("endpoint")
        await t.choose("endpoint.kind", "keepalived-nginx")
        await t.fill("endpoint.name", "api.cygnus.lan")
        await t.fill("endpoint.vip", "10.50.0.9")
        await t.next("hosts")
        await t.paste_hosts(["et[1-3] 10.50.0.[1-3] etcd"])
        await t.paste_on_list("cp[1-3] 10.50.0.[11-13] cp\nwk1 10.50.0.21 worker\n")
        await t.add_host("wk2", "10.50.0.22", "worker")
        await t.next("access")
        await t.next("cluster")
        spec = await t.install()
    assert (spec.topology.kind, spec.endpoint.kind) == ("external", "keepalived-nginx")
    roles = [(host.name, *host.roles) for host in spec.hosts]
    assert roles[0] == ("et1", "etcd")
    assert roles[3] == ("cp1", "control-plane")
    assert roles[-1] == ("wk2", "worker")
    assert len(roles) == 8
    assert_finished(ground, spec)


@pytest.mark.thorough
async def test_single_control_plane(tmp_path: Path) -> None:
    """One control plane, one worker, a balancer that is there."""
    ground = Ground(folder=tmp_path)
    async with empty_rehearsal(ground) as t:
        await t.fill("name", "dorado")
        await t.choose("topology.kind", "single")
        await t.choose("profile", "test")
        await t.next("endpoint")
        await t.choose("endpoint.kind", "external")
        await t.fill("endpoint.name", "api.dorado.lan")
        await t.next("hosts")
        await t.paste_hosts(["cp1 10.30.0.11 cp", "wk1 10.30.0.21 worker"])
        await t.next("access")
        await t.next("cluster")
        spec = await t.install()
    assert (spec.topology.kind, spec.endpoint.kind) == ("single", "external")
    assert len(spec.hosts) == 2
    assert_finished(ground, spec)

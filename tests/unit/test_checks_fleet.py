"""The comparison of all hosts as a whole: healthy fleets, the script's part, what it costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from haui.evidence import Evidence, Facts, Reading, facts_text
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from steps.checks import CATALOGUE, FACTS, findings
from tests.unit.checks import fleet
from tests.unit.shell_host import ShellHost
from tests.unit.specs import PLANES, shapes, spec

CHECKS = tuple(check for check in CATALOGUE if check.step == "preflight.fleet")


@pytest.mark.parametrize("profile", ["test", "production"])
@pytest.mark.parametrize("shape", shapes())
def test_a_healthy_fleet_has_nothing_above_info(shape: str, profile: str) -> None:
    cluster = shapes()[shape].model_copy(update={"profile": profile})
    evidence = facts.healthy(cluster, (FACTS,))
    for host in cluster.hosts:
        found = findings(CHECKS, cluster, host, evidence)
        assert len(found) > 15
        assert {one.verdict for one in found} <= {"ok", "info", "skipped"}
        assert all(one.seen for one in found if one.verdict == "skipped")


def test_hosts_that_tell_nothing_or_nonsense_trip_no_check() -> None:
    keys = {key for key, _ in facts.told(FACTS, spec(), spec().hosts[0])}
    nonsense = dict.fromkeys(keys, "\x00 / - 999999999999999999999999/x \u2028 {} ' ; $(x)")
    for changes in (dict.fromkeys(keys), nonsense):
        evidence = fleet(spec(), {"cp1": changes, "cp2": changes})
        for host in spec().hosts:
            for found in findings(CHECKS, spec(), host, evidence):
                assert "could not judge" not in found.seen, found
    half = fleet(spec())
    half.keep(FACTS, "cp2", Reading("arch\tx86_64\n"))
    assert {one.verdict for one in findings(CHECKS, spec(), spec().hosts[0], half)} >= {"ok"}
    half.readings[FACTS].pop("cp3")
    assert findings(CHECKS, spec(), spec().hosts[0], half)


def test_every_check_of_the_fleet_has_an_id_of_its_area() -> None:
    assert len(CHECKS) > 20
    assert all(check.id.startswith("fleet.") and check.why.endswith(".") for check in CHECKS)


def test_what_is_derived_is_worked_out_once_until_a_host_tells_anew() -> None:
    evidence, calls = fleet(spec()), []

    def make(about: object, readings: Mapping[str, Reading]) -> int:
        calls.append(about)
        return len(readings)

    one, other = object(), object()
    assert [evidence.derive(FACTS, one, make) for _ in range(3)] == [5, 5, 5]
    assert len(calls) == 1
    assert evidence.derive(FACTS, other, make) == 5
    assert len(calls) == 2
    evidence.keep("preflight.disk", "cp1", Reading(""))
    evidence.derive(FACTS, other, make)
    assert len(calls) == 2
    evidence.keep(FACTS, "new", Reading(""))
    assert evidence.derive(FACTS, other, make) == 6


def hundred() -> ClusterSpec:
    workers = [
        {"name": f"wk{n}", "address": f"10.30.{n // 200 + 1}.{n % 200 + 1}", "roles": ["worker"]}
        for n in range(97)
    ]
    return spec(hosts=PLANES + workers, profile="production")


@pytest.mark.parametrize("trouble", [False, True])
def test_a_hundred_hosts_are_compared_in_a_moment(trouble: bool) -> None:
    """Measured: 0.07 s of processor time, 0.33 s with trouble everywhere; the bound is for slow
    machines."""
    cluster = hundred()
    evidence: Evidence = facts.healthy(cluster, (FACTS,))
    ways = [f"10.50.{n}.0/24 via 10.30.0.{n + 1} dev eth0 proto bird" for n in range(100)]
    for number, host in enumerate(cluster.hosts):
        told = facts.told(FACTS, cluster, host, 1_000_000.0)
        routes = [f"10.244.{n}.0/24 dev eth{number}" for n in range(100)] if trouble else ways
        changes: dict[str, object] = {"route4": routes}
        if trouble:
            changes |= {"machine-id": "m", "hostname": "h", "kernel.release": f"6.{number}"}
        text = facts_text(facts.changed(told, changes))
        evidence.keep(FACTS, host.name, Reading(text, asked=1_000_000.0, answered=1_000_000.0))
        assert evidence.reading(FACTS, host.name).facts  # type: ignore[union-attr]
    begin = time.process_time()
    for host in cluster.hosts:
        found = findings(CHECKS, cluster, host, evidence)
        assert sum(len(one.seen) for one in found) < 8000
    assert time.process_time() - begin < 3.0


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    host.fake(
        "getent", '[ "$2" = api.lan ] && printf "10.0.0.9 STREAM api.lan\\n10.0.0.9 DGRAM\\n"'
    )
    return host


def told(host: ShellHost, **env: str) -> Facts:
    ran = host.run("preflight_facts_probe", env)
    assert ran.status == 0, ran.stderr
    return Facts(ran.stdout)


def test_the_script_looks_for_the_endpoint(host: ShellHost) -> None:
    found = told(host, HAUI_ENDPOINT_NAME="api.lan")
    assert found.yes("endpoint.asked")
    assert found.all("endpoint.name") == ("10.0.0.9",)
    assert told(host).one("endpoint.asked") is None
    host.fake("getent", "exit 2")
    found = told(host, HAUI_ENDPOINT_NAME="api.lan")
    assert (found.yes("endpoint.asked"), found.all("endpoint.name")) == (True, ())
    host.fake("getent", "exit 1")
    assert told(host, HAUI_ENDPOINT_NAME="api.lan").one("endpoint.asked") is None


def test_the_script_tells_proxies_without_logins(host: ShellHost) -> None:
    assert told(host).yes("proxy.asked")
    assert told(host).all("proxy.set") == ()
    host.write(
        "/etc/environment",
        'PATH="/bin"\nhttp_proxy=http://proxy.lan:3128\nexport HTTPS_PROXY="http://u:p@proxy.lan:1/"\n'
        "# http_proxy=http://old\nno_proxy=.lan\n",
    )
    host.write(
        "/etc/apt/apt.conf.d/95proxy",
        'Acquire::http::Proxy "http://bob:secret@apt.lan:3142";\n'
        '// Acquire::http::Proxy "http://no";\nAcquire::https::Proxy "false";\n',
    )
    host.write("/etc/dnf/dnf.conf", "[main]\nproxy = http://dnf.lan:3128\nproxy_username=bob\n")
    host.write("/sys/class/dmi/id/chassis_serial", "CZ1234\n")
    found = told(host)
    assert set(found.all("proxy.set")) == {
        "environment http://proxy.lan:3128",
        "environment http://proxy.lan:1/",
        "apt http://apt.lan:3142",
        "dnf http://dnf.lan:3128",
    }
    assert found.one("chassis.serial") == "CZ1234"


def test_files_may_be_garbage(host: ShellHost) -> None:
    for path in ("/etc/environment", "/etc/apt/apt.conf", "/sys/class/dmi/id/chassis_serial"):
        host.write(path, "\x01\x02=\x7f\n\n'\"\n" * 50)
    (host.folder / "root/etc/apt/apt.conf.d/folder").mkdir(parents=True)
    found = told(host)
    assert found.complete
    assert found.all("proxy.set") == ()

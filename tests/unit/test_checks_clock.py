"""The clock: what a host tells → what is said of it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from steps.checks.clock import CHECKS
from steps.system import STEPS
from tests.unit.checks import ask
from tests.unit.specs import spec

TEST = spec(profile="test")
NONE = {"time.service": None, "time.synchronised": "no", "time.reference": None, "unit": "ssh a e"}
CONTAINER = {**NONE, "time.foreign": "yes"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_healthy_host_passes(check: Any) -> None:
    for cluster in (TEST, spec(profile="production")):
        assert ask(check.id, cluster=cluster).verdict == "ok"


@pytest.mark.parametrize(
    ("check", "facts", "production", "test"),
    [
        ("clock.synchronised", {"time.synchronised": "no"}, "blocked", "warning"),
        ("clock.synchronised", {"time.synchronised": None}, "skipped", "skipped"),
        ("clock.synchronised", NONE, "info", "info"),
        ("clock.synchronised", CONTAINER, "info", "info"),
        ("clock.synchronised", {**CONTAINER, "time.service": "chrony"}, "info", "info"),
        ("clock.synchronised", {**CONTAINER, "time.synchronised": "yes"}, "ok", "ok"),
        ("clock.service", NONE, "info", "info"),
        ("clock.service", CONTAINER, "ok", "ok"),
        ("clock.service", {**CONTAINER, "unit": "chrony inactive enabled"}, "ok", "ok"),
        ("clock.service", {**NONE, "unit": "chrony inactive disabled"}, "warning", "warning"),
        ("clock.service", {**NONE, "unit": "ntpsec failed enabled"}, "warning", "warning"),
        ("clock.service", {"time.service": ["chrony", "systemd-timesyncd"]}, "warning", "warning"),
        ("clock.service", {"unit": "chrony active disabled"}, "warning", "warning"),
        ("clock.service", {"unit": "chrony active static"}, "ok", "ok"),
        ("clock.service", {"unit": None}, "ok", "ok"),
        ("clock.zone", {"time.zone": None}, "skipped", "skipped"),
    ],
)
def test_what_is_said_of_a_clock(check: str, facts: Any, production: str, test: str) -> None:
    for cluster, verdict in ((None, production), (TEST, test)):
        found = ask(check, facts, cluster=cluster)
        assert found.verdict == verdict, found
        assert found.seen
        if verdict in ("warning", "blocked"):
            assert found.fix
            assert found.expected


def test_one_of_several_services_is_kept() -> None:
    found = ask("clock.service", {"time.service": ["systemd-timesyncd", "ntp", "chrony"]})
    assert found.seen == "chrony and systemd-timesyncd and ntp set the clock"
    assert found.fix_with == "systemctl disable --now systemd-timesyncd ntp"


def test_a_stopped_service_is_started_by_a_command() -> None:
    found = ask("clock.service", {**NONE, "unit": "systemd-timesyncd inactive masked"})
    assert "masked" in found.seen
    assert shlex.split(found.fix_with)[-1] == "systemd-timesyncd"


def test_the_install_puts_chrony_on_hosts_of_production_only() -> None:
    for check in ("clock.synchronised", "clock.service"):
        found = ask(check, NONE)
        assert found.fix_kind == "haui"
        assert found.fix_with in {step.id for step in STEPS}
        assert ask(check, NONE, cluster=TEST).fix_kind == ""


def test_the_evidence_names_whom_the_clock_follows() -> None:
    assert "C0000235" in ask("clock.synchronised").seen
    assert "chrony" in ask("clock.synchronised", {"time.reference": None}).seen
    assert ask("clock.zone").seen == "Etc/UTC"

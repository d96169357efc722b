"""Which failures are tried again, and which lines are shown."""

from __future__ import annotations

import pytest

from haui.execution.transient import advice, decisive, transient


@pytest.mark.parametrize(
    "line",
    [
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)",
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)",
        "read tcp 10.0.0.4:4412->10.0.0.9:443: read: connection reset by peer",
        "dial tcp 10.0.0.9:443: i/o timeout",
        "net/http: TLS handshake timeout",
        "curl: (22) The requested URL returned error: 503 Service Unavailable",
        "curl: (22) The requested URL returned error: 504",
        "  503  Service Unavailable [IP: 10.0.0.9 80]",
        "unexpected status from HEAD request to https://hub.lan/v2/: 502 Bad Gateway",
        "E: Failed to fetch http://mirror.lan/Packages  Hash Sum mismatch",
        "  - Curl error (28): Timeout was reached for http://mirror.lan/repodata/repomd.xml",
        "Error: Downloading successful, but checksum doesn't match. Calculated: 1(sha256)",
        "Temporary failure resolving 'mirror.lan'",
        "etcdserver: too many learner members in cluster",
        "Client.Timeout exceeded while awaiting headers",
    ],
)
def test_conditions_that_go_away(line: str) -> None:
    assert transient(["before", line, "after"]) is not None


@pytest.mark.parametrize(
    "line",
    [
        "E: Unable to locate package kubeadm",
        "Error: Unable to find a match: kubeadm-1.34.2",
        "  - Curl error (7): Couldn't connect to server for http://mirror.lan/repodata/repomd.xml",
        "[ERROR Port-6443]: Port 6443 is in use",
        "x509: certificate signed by unknown authority",
        "dial tcp 10.0.0.9:6443: connect: connection refused",
        "unexpected status from HEAD request: 401 Unauthorized",
        "unexpected status from HEAD request: 404 Not Found",
        "no space left on device",
        "pulled 500 gateways in 502 seconds",
        "",
    ],
)
def test_conditions_that_stay(line: str) -> None:
    assert transient([line]) is None


def test_the_lines_that_say_why_come_first() -> None:
    lines = [f"unpacking {i}" for i in range(50)]
    lines[10] = "E: Unable to locate package kubeadm"
    lines[20] = "error: no candidate"
    assert decisive(lines).splitlines() == [lines[10], lines[20], "unpacking 49"]


def test_without_a_clear_reason_the_end_is_shown() -> None:
    lines = [f"line {i}" for i in range(50)] + ["", "  "]
    assert decisive(lines, 3).splitlines() == ["line 47", "line 48", "line 49"]


def test_never_more_than_the_limit_and_the_last_errors_win() -> None:
    lines = [f"error {i}" for i in range(50)]
    assert decisive(lines, 4).splitlines() == lines[-4:]


def test_nothing_said() -> None:
    assert decisive([]) == ""


def test_a_script_can_say_what_to_do() -> None:
    lines = ["haui: no such disk", "haui: fix: attach the disk"]
    assert decisive(lines) == "haui: no such disk"
    assert advice(lines) == "attach the disk"

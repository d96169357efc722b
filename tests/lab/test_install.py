"""The promise itself: five fresh hosts, one command, a working HA cluster, and the API stays."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import steps
from tests.lab.conftest import Installed
from tests.lab.runs import HauiRun, haui, phase_times

PHASES = {step.id: step.phase for step in steps.CATALOGUE}
LOGIN_FILE = "/etc/containerd/certs.d/"


def test_install_is_verified(installed: Installed) -> None:
    """apply --yes ends with 0, every verification row is ok, and the phases' times are printed."""
    rows = [
        finding
        for event in installed.run.of("task_finished")
        if event["step"].startswith("verify.")
        for finding in event.get("findings", [])
    ]
    assert len(rows) > 20
    assert [row for row in rows if row["verdict"] not in ("ok", "info")] == []
    (end,) = installed.run.of("run_finished")
    print(f"\ninstall of 3 control planes and 2 workers: {end['seconds']:.0f} s")
    for phase, seconds in phase_times(installed.run.events, PHASES).items():
        print(f"  {phase:15} {seconds:6.1f} s")


def test_cluster_as_kubectl_sees_it(installed: Installed) -> None:
    """Five Ready nodes and three etcd voters, asked without haui."""
    nodes = installed.lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
    lines = [line.split()[:2] for line in nodes.splitlines()]
    assert sorted(lines) == [[n, "Ready"] for n in ("cp1", "cp2", "cp3", "wk1", "wk2")]
    members = installed.lab.exec("cp1", [*ETCDCTL, "member", "list"]).stdout.decode().splitlines()
    assert len(members) == 3
    assert all(", started, " in line and line.endswith(", false") for line in members)


KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")
PKI = "/etc/kubernetes/pki/etcd"
ETCDCTL = (
    *KUBECTL, "-n", "kube-system", "exec", "etcd-cp1", "--", "etcdctl",
    "--endpoints=https://127.0.0.1:2379", f"--cacert={PKI}/ca.crt",
    f"--cert={PKI}/healthcheck-client.crt", f"--key={PKI}/healthcheck-client.key",
)  # fmt: skip


def test_apply_again_changes_nothing(installed: Installed) -> None:
    """The second apply finds everything done, within 30 s, and says so."""
    started = time.monotonic()
    file = str(installed.lab.dir / "lab.yaml")
    run = HauiRun(installed.lab, "apply", file, "--yes", state=installed.state)
    assert run.finish() == 0, run.talk()
    seconds = time.monotonic() - started
    changed = {e["step"] for e in run.of("task_finished", outcome="ok")}
    assert {step for step in changed if not step.startswith("verify.")} == set()
    assert "nothing to change" in run.talk()
    print(f"\napply on the finished cluster: {seconds:.1f} s")
    assert seconds < 30


def test_no_secret_is_left_anywhere(installed: Installed) -> None:
    """Planted passwords, tokens and keys: not in arguments, journals, logs, files of hosts."""
    assert installed.canaries.samples > 100
    assert installed.canaries.leaks == []
    assert installed.canaries.found_in_folder(installed.state, skip=("admin.conf",)) == []
    for host in installed.lab.hosts:
        found = installed.canaries.found_on_host(host)
        assert [item for item in found if not item.startswith(LOGIN_FILE)] == [], host
        assert any(item.startswith(LOGIN_FILE) for item in found), "the search itself must work"


def test_state_folder_is_private(installed: Installed) -> None:
    """0700 for folders, 0600 for files."""
    for path in [installed.state, *installed.state.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert path.stat().st_mode & 0o777 == expected, path


def test_api_survives_the_loss_of_the_vip_holder(installed: Installed) -> None:
    """The host that holds the VIP is powered off; the API answers again; the outage is printed."""
    lab = installed.lab
    holder = next(h for h in ("cp1", "cp2", "cp3") if _holds_vip(installed, h))
    assert _readyz(installed)
    lab.power_off(holder)
    off = time.monotonic()
    last_bad = off
    good_in_a_row = 0
    while good_in_a_row < 20:
        assert time.monotonic() - off < 120, "the API did not come back"
        if _readyz(installed):
            good_in_a_row += 1
        else:
            good_in_a_row, last_bad = 0, time.monotonic()
        time.sleep(0.1)
    outage_ms = (last_bad - off) * 1000
    others = [h for h in ("cp1", "cp2", "cp3") if h != holder]
    assert sum(_holds_vip(installed, h) for h in others) == 1
    print(f"\nVIP holder {holder} powered off: the API was away for {outage_ms:.0f} ms")
    lab.power_on(holder)
    deadline = time.monotonic() + 240
    code, out = 7, ""
    while code != 0 and time.monotonic() < deadline:
        code, out, err = haui(lab, "verify", "lab", "--plain", state=installed.state)
        out += err
    assert code == 0, out


def _holds_vip(installed: Installed, host: str) -> bool:
    shown = installed.lab.exec(host, ["ip", "-o", "-4", "addr", "show"]).stdout.decode()
    return f" {installed.lab.vip}/" in shown


def _readyz(installed: Installed) -> bool:
    """One question through the VIP with the cluster's CA, from the bastion."""
    probe = (
        "import ssl,sys,urllib.request as r;"
        "c=ssl.create_default_context(cafile=sys.argv[1]);c.check_hostname=False;"
        "sys.exit(r.urlopen(sys.argv[2],timeout=1,context=c).read()!=b'ok')"
    )
    ca = _ca_file(installed)
    url = f"https://{installed.lab.vip}:8443/readyz"
    argv = ["python3", "-c", probe, str(ca), url]
    return installed.lab.bastion(argv, capture_output=True).returncode == 0


def _ca_file(installed: Installed) -> Path:
    path = installed.state.parent / "ca.crt"
    if not path.exists():
        path.write_bytes(installed.lab.exec("cp2", ["cat", "/etc/kubernetes/pki/ca.crt"]).stdout)
        ssl.create_default_context(cafile=str(path))
    return path

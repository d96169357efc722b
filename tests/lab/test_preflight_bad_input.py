"""What goes wrong with hosts, keys, passwords and disks: exit code, words, and no change."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.lab.conftest import FOUR, KEYS, Bare
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun, haui


@pytest.fixture(scope="module")
def lab(bare: Bare) -> Iterator[Lab]:
    """Hosts that no test of this module may change."""
    for when in ("before", "after"):
        for host in FOUR:
            found = bare.lab.exec(host, ["sh", "-c", "ls -d /var/lib/haui/r* /etc/haui; true"])
            assert found.stdout == b"", (when, host)
        if when == "before":
            yield bare.lab


def test_unknown_host_keys_are_refused(lab: Lab, state: Path) -> None:
    """Headless, without the flag and without pins: exit 5, the fingerprint and what to do."""
    code, _, err = haui(lab, "apply", _file(lab), "--yes", "--json", state=state)
    assert code == 5, err
    assert "SHA256:" in err
    assert "--accept-new-host-keys" in err


def test_a_changed_host_key_is_always_refused(lab: Lab, state: Path) -> None:
    """A pin that does not fit: exit 5, even with --accept-new-host-keys."""
    folder = state / "lab"
    folder.mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    other = subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(state.parent / "other")],
        check=False,
    )
    assert other.returncode == 0
    key = (state.parent / "other.pub").read_text().split()[:2]
    pin = folder / "known_hosts"
    pin.write_text(f"10.77.0.11 {' '.join(key)}\n")
    pin.chmod(0o600)
    code, _, err = haui(lab, "apply", _file(lab), "--yes", "--json", *KEYS, state=state)
    assert code == 5, err
    assert "changed" in err
    assert pin.read_text().startswith(f"10.77.0.11 {' '.join(key)}\n")


def test_a_wrong_sudo_password(lab: Lab, state: Path) -> None:
    """Exit 5 with the host and where the password comes from."""
    env = {"HAUI_SUDO_PASSWORD": "wrong"}
    code, _, err = haui(lab, "apply", _file(lab), "--yes", "--json", *KEYS, state=state, env=env)
    assert code == 5, err
    assert "sudo" in err
    assert "HAUI_SUDO_PASSWORD" in err


def test_a_login_with_a_password_that_means_something_to_everybody(lab: Lab, state: Path) -> None:
    """SSH and sudo by the lab's password, which no shell would survive; the registry asks for one
    of that kind as well. The preflight logs in to all of them, and changes nothing."""
    password = lab.secrets["HAUI_SUDO_PASSWORD"]
    assert password.startswith("-") and password.endswith(" ") and "$(id)" in password
    document = yaml.safe_load(Path(_file(lab)).read_text())
    document["ssh"] = {"user": "ops", "password": True, "sudo": "password"}
    file = lab.dir / "password.yaml"  # the files that it names are beside it
    file.write_text(yaml.safe_dump(document))
    env = {"HAUI_SSH_PASSWORD": password}
    code, out, err = haui(lab, "preflight", str(file), "--json", *KEYS, state=state, env=env)
    assert code == 0, f"{err}\n{out[-3000:]}"


@dataclass(frozen=True)
class CutOff:
    """An apply while one host can't be reached, which waits for it and then ends by itself; and
    another one that was begun meanwhile."""

    run: HauiRun
    code: int
    second: tuple[int, str, str]


@pytest.fixture(scope="module")
def cut_off(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> CutOff:
    """wk1 has no cable; both are over."""
    state = tmp_path_factory.mktemp("cut-off") / "state"
    lab.cut("wk1")
    try:
        run = HauiRun(lab, "apply", _file(lab), "--yes", *KEYS, state=state)
        run.until(lambda event: event["kind"] == "run_started")
        second = haui(lab, "apply", _file(lab), "--yes", "--json", *KEYS, state=state)
        return CutOff(run, run.finish(), second)
    finally:
        lab.join("wk1")


def test_an_unreachable_host_stops_before_the_first_change(cut_off: CutOff) -> None:
    """Exit 5 that names the host; nothing was changed on the others."""
    assert cut_off.code == 5, cut_off.run.talk()
    assert "wk1" in cut_off.run.stderr_path.read_text()
    begun = {event["step"] for event in cut_off.run.of("task_started")}
    assert begun and all(step.startswith("preflight.") for step in begun)


def test_a_second_haui_is_refused_while_one_works(cut_off: CutOff) -> None:
    """Exit 8 that says who; the first one is not disturbed."""
    code, _, err = cut_off.second
    assert code == 8, err
    assert "haui apply" in err
    assert cut_off.code == 5, cut_off.run.talk()


def test_a_full_disk_on_the_bastion(lab: Lab, state: Path) -> None:
    """Exit 8, the journal stays readable, and nothing was begun on a host."""
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "none", state], check=True)
    try:
        code, _, err = haui(lab, "apply", _file(lab), "--yes", "--json", *KEYS, state=state)
        assert code == 8, err
        assert "→" in err
        code, out, err = haui(lab, "list", state=state)
        assert code == 0, err
        assert "damaged" not in out
    finally:
        subprocess.run(["umount", state], check=True)


def _file(lab: Lab) -> str:
    return str(lab.dir / "four.yaml")

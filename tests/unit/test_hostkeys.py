"""known_hosts by OpenSSH's rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from haui.errors import HostKeyError
from haui.transport.hostkeys import (
    ALGORITHMS,
    HostKey,
    HostKeys,
    lookup_name,
    normalize,
    parse,
    refusal,
)

ED = HostKey("ssh-ed25519", b"\x00\x00\x00\x0bssh-ed25519" + b"a" * 32)
ED2 = HostKey("ssh-ed25519", b"\x00\x00\x00\x0bssh-ed25519" + b"b" * 32)
RSA = HostKey("ssh-rsa", b"\x00\x00\x00\x07ssh-rsa" + b"c" * 64)


def line(names: str, key: HostKey, marker: str = "") -> str:
    return f"{marker} {names} {key.kind} {base64.b64encode(key.blob).decode()} comment\n".lstrip()


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "cluster" / "known_hosts"


def others(tmp_path: Path, text: str) -> list[Path]:
    path = tmp_path / "user_known_hosts"
    path.write_text(text)
    return [path, tmp_path / "absent"]


def test_fingerprint_has_the_form_of_ssh_keygen() -> None:
    digest = hashlib.sha256(ED.blob).digest()
    assert ED.fingerprint == "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize(
    ("names", "host", "port", "known"),
    [
        ("10.0.0.1", "10.0.0.1", 22, True),
        ("10.0.0.1", "10.0.0.1", 2222, False),
        ("[10.0.0.1]:2222", "10.0.0.1", 2222, True),
        ("[10.0.0.1]:2222", "10.0.0.1", 22, False),
        ("a.lan,10.0.0.1", "10.0.0.1", 22, True),
        ("A.LAN", "a.lan", 22, True),
        ("a.lan", "A.lan", 22, True),
        ("*.lan", "a.lan", 22, True),
        ("*.lan,!b.lan", "b.lan", 22, False),
        ("*.lan,!b.lan", "a.lan", 22, True),
        ("10.0.0.?", "10.0.0.7", 22, True),
        ("[*.lan]:2222", "a.lan", 2222, True),
        ("10.0.0.1x", "10.0.0.1", 22, False),
        (hashed("10.0.0.1"), "10.0.0.1", 22, True),
        (hashed("10.0.0.1"), "10.0.0.2", 22, False),
        (hashed("[10.0.0.1]:2222"), "10.0.0.1", 2222, True),
    ],
)
def test_which_lines_speak_of_a_host(names: str, host: str, port: int, known: bool) -> None:
    (entry,) = parse(line(names, ED), "f")
    assert entry.matches(lookup_name(host, port)) is known


def test_lines_that_are_none_are_passed_over() -> None:
    text = "# comment\n\nhalf\nh ssh-ed25519\nh ssh-ed25519 !!!\n@cert-authority " + line("*", ED)
    assert parse(text, "f") == ()
    (entry,) = parse(text + line("h", ED), "f")
    assert entry.source == "f:7"


def test_unknown_trusted_changed(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("h", ED)))
    assert keys.judge("h", 22, ED).judgement == "trusted"
    assert keys.judge("other", 22, ED).judgement == "unknown"
    verdict = keys.judge("h", 22, ED2)
    assert (verdict.judgement, verdict.expected) == ("changed", (ED.fingerprint,))
    assert verdict.source.endswith("user_known_hosts:1")


def test_a_key_of_another_type_is_a_change(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("h", RSA)))
    assert keys.judge("h", 22, ED).judgement == "changed"


def test_one_of_several_keys_is_enough(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("h", RSA) + line("h", ED)))
    assert keys.judge("h", 22, ED).judgement == "trusted"


def test_revoked_beats_everything(own: Path, tmp_path: Path) -> None:
    text = line("h", ED) + line("*", ED, "@revoked")
    keys = HostKeys(own, others(tmp_path, text))
    assert keys.judge("h", 22, ED, pin=ED.fingerprint).judgement == "revoked"
    assert keys.judge("h", 22, ED2).judgement == "changed"


def test_a_revoked_line_makes_no_host_known(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("*", ED, "@revoked")))
    assert keys.judge("h", 22, ED2).judgement == "unknown"


def test_the_pin_of_the_cluster_file_wins(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("h", ED)))
    assert keys.judge("h", 22, ED2, pin=ED2.fingerprint).judgement == "trusted"
    assert keys.judge("h", 22, ED, pin=ED2.fingerprint).judgement == "changed"


def test_own_file_wins_over_the_others(own: Path, tmp_path: Path) -> None:
    own.parent.mkdir()
    own.write_text(line("h", ED))
    keys = HostKeys(own, others(tmp_path, line("h", ED2)))
    assert keys.judge("h", 22, ED).judgement == "trusted"
    assert keys.judge("h", 22, ED2).judgement == "changed"


def test_pins_last_and_are_private(own: Path) -> None:
    keys = HostKeys(own, [])
    assert keys.judge("h", 2222, ED).judgement == "unknown"
    keys.pin("h", 2222, ED)
    keys.pin("h", 2222, ED)
    assert keys.judge("h", 2222, ED).judgement == "trusted"
    assert own.stat().st_mode & 0o777 == 0o600
    assert own.read_text().count("\n") == 1
    assert HostKeys(own, []).judge("h", 2222, ED).judgement == "trusted"
    assert HostKeys(own, []).judge("h", 22, ED).judgement == "unknown"


def test_offered_algorithms(own: Path, tmp_path: Path) -> None:
    keys = HostKeys(own, others(tmp_path, line("h", RSA)))
    assert keys.algorithms("other", 22) == ALGORITHMS
    assert keys.algorithms("h", 22)[:2] == ("rsa-sha2-512", "rsa-sha2-256")
    assert set(keys.algorithms("h", 22)) == set(ALGORITHMS)
    assert keys.algorithms("other", 22)[0] == "ssh-ed25519"


@pytest.mark.parametrize("text", ["SHA256:abc", " SHA256:abc=\n", "sha256:abc", "abc"])
def test_fingerprints_as_people_paste_them(text: str) -> None:
    assert normalize(text) == "SHA256:abc"


def test_refusals_say_what_to_do(own: Path, tmp_path: Path) -> None:
    text = line("h", ED) + line("*", RSA, "@revoked")
    keys = HostKeys(own, others(tmp_path, text))
    unknown = refusal(keys.judge("new", 22, ED), "cp1", "new port 22")
    assert isinstance(unknown, HostKeyError)
    assert ED.fingerprint in unknown.fix
    assert "--accept-new-host-keys" in unknown.fix
    changed = refusal(keys.judge("h", 22, ED2), "cp1", "h port 22")
    assert ED.fingerprint in changed.why
    assert ED2.fingerprint in changed.why
    assert "has changed" in changed.what
    revoked = refusal(keys.judge("h", 22, RSA), "cp1", "h port 22")
    assert "revoked" in revoked.what
    assert {error.exit_code for error in (unknown, changed, revoked)} == {5}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostKeyError, match="can't be read"):
        HostKeys(tmp_path, [])

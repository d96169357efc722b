"""An admin.conf of a host may hold a login, and nothing that kubectl would do on this machine."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from haui.events import TaskFinished
from steps.control_plane import INIT
from steps.kubeconfig import refusal
from tests.unit.scripted_run import cluster, prepared, run_install, step


def config(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": "kubernetes-admin@kubernetes",
        "clusters": [
            {
                "name": "kubernetes",
                "cluster": {
                    "certificate-authority-data": "QQ==",
                    "server": "https://api.atlas.lan:8443",
                },
            }
        ],
        "contexts": [{"name": "x", "context": {"cluster": "kubernetes", "user": "admin"}}],
        "users": [
            {
                "name": "kubernetes-admin",
                "user": {"client-certificate-data": "QQ==", "client-key-data": "QQ=="},
            }
        ],
    }
    return made | changes


def written(**changes: Any) -> bytes:
    return yaml.safe_dump(config(**changes)).encode()


def test_what_kubeadm_writes_is_kept() -> None:
    assert refusal(written()) == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"users": [{"name": "a", "user": {"exec": {"command": "sh"}}}]}, "users.user.exec"),
        ({"users": [{"name": "a", "user": {"auth-provider": {}}}]}, "users.user.auth-provider"),
        ({"users": [{"name": "a", "user": {"tokenFile": "/root/.ssh/id"}}]}, "tokenFile"),
        ({"users": [{"name": "a", "user": {"client-key": "/etc/shadow"}}]}, "client-key"),
        ({"clusters": [{"name": "a", "cluster": {"proxy-url": "http://x"}}]}, "proxy-url"),
        ({"clusters": [{"name": "a", "cluster": {"insecure-skip-tls-verify": True}}]}, "insecure"),
        ({"users": {"exec": 1}}, "users"),
        ({"users": [{"name": "a", "exec": {}}]}, "users"),
        ({"users": [{"name": "a", "user": "exec"}]}, "users.user"),
        ({"extensions": [{}]}, "extensions"),
        ({"preferences": {"colors": True}}, "preferences"),
    ],
)
def test_what_would_do_something_is_refused(changes: dict[str, Any], named: str) -> None:
    assert named in refusal(written(**changes))


@pytest.mark.parametrize("content", [b"", b"[]", b"kind: Pod", b"\xff\xfe", b"a: [", b"[" * 5000])
def test_what_is_no_kubeconfig(content: bytes) -> None:
    assert refusal(content)


@given(st.binary(max_size=200))
def test_nothing_makes_it_crash(content: bytes) -> None:
    assert isinstance(refusal(content), str)


def test_it_is_not_kept_and_the_step_fails() -> None:
    assert INIT.refuse is refusal
    evil = written(users=[{"name": "a", "user": {"exec": {"command": "sh"}}}])
    for content, outcome, kept in ((written(), "unchanged", 1), (evil, "failed", 0)):
        fleet = prepared(["cp1"])
        fleet["cp1"].true.add("a")
        fleet["cp1"].files["/etc/kubernetes/admin.conf"] = content
        fetching = step("a", fetch={"admin.conf": "/etc/kubernetes/admin.conf"}, refuse=refusal)
        ran = run_install([fetching], fleet, spec=cluster(1, 0))
        (finished,) = ran.bus.of(TaskFinished)
        assert finished.outcome == outcome
        assert len(ran.stored) == kept
        if finished.problem is not None:
            assert "users.user.exec" in finished.problem.why

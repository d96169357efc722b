"""kubeadm init on an external etcd: data of another cluster, and an init that is begun again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.shell_fakes import FAKE, Shell
from tests.unit.test_steps_control_plane_init import API, MADE

ENV = {
    "HAUI_HOST": "cp1",
    "HAUI_ADDRESS": "10.77.0.11",
    "HAUI_VERSION": "1.20.2",
    "HAUI_MINOR": "20",
    "HAUI_ENDPOINT": "api.lab.lan:8443",
    "HAUI_ETCD": "external",
    "HAUI_ETCD_MEMBERS": "et1=10.77.0.41 et2=10.77.0.42 et3=fd00::43",
    "HAUI_CONTROL_PLANES": "cp1=10.77.0.11 cp2=10.77.0.12",
    "HAUI_PEERS": "10.77.0.12",
    "TOKENS": "bootstrap-token-bbbbbb b3RoZXI=",
}
CLIENT = ("etcd/ca.crt", "apiserver-etcd-client.crt", "apiserver-etcd-client.key")
SIGNERS = ("ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.pub", "sa.key")
EMPTY = 'echo \'{"header":{"cluster_id":"1","revision":"1"}}\''
FULL = 'echo \'{"header":{},"kvs":[{"key":"L3JlZ2lzdHJ5L2E="}],"more":true,"count":"9"}\''


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    """A first control plane with its certificates for etcd; etcd is empty."""
    shell = Shell(tmp_path, ENV)
    curl = tmp_path / "bin/curl"
    curl.write_text(FAKE)
    curl.chmod(0o755)
    for name in CLIENT:
        shell.put(f"/etc/kubernetes/pki/{name}", name)
    shell.rules = [
        ("curl *", EMPTY),
        ("kubeadm init --config*", MADE),
        ("kubeadm init phase*", 'touch "$FAKE/labelled"'),
        ("kubeadm reset -f", 'cd "$ROOT/etc/kubernetes" && rm -rf manifests/* *.conf pki'),
        *API,
    ]
    return shell


def test_an_empty_etcd_is_begun_on(host: Shell) -> None:
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    (asked,) = ran.called("curl")
    assert "--cert" in asked
    assert asked.endswith("https://10.77.0.41:2379/v3/kv/range")


def test_the_next_member_is_asked_when_one_is_silent(host: Shell) -> None:
    host.rules.insert(0, ("curl *10.77.0.4[12]:2379*", "exit 7"))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert ran.called("curl")[-1].endswith("https://[fd00::43]:2379/v3/kv/range")


@pytest.mark.parametrize(("does", "words"), [(FULL, "holds the data"), ("exit 7", "no member")])
def test_nothing_is_begun_on_data_of_a_cluster_or_without_etcd(
    host: Shell, does: str, words: str
) -> None:
    host.rules.insert(0, ("curl *", does))
    ran = host.run("control_plane_init_apply")
    assert ran.status != 0
    assert words in ran.errors
    assert ran.called("kubeadm") == []


def test_an_init_that_is_begun_again_keeps_the_keys_that_etcd_s_data_needs(host: Shell) -> None:
    for name in SIGNERS:
        host.put(f"/etc/kubernetes/pki/{name}", f"first {name}")
    host.put("/etc/kubernetes/pki/apiserver.crt", "of the first attempt")
    host.put("/etc/kubernetes/manifests/kube-apiserver.yaml")
    host.rules.insert(0, ("curl *", FULL))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert ran.called("kubeadm reset")
    for name in (*SIGNERS, *CLIENT):
        assert host.exists(f"/etc/kubernetes/pki/{name}"), name
    assert (host.root / "etc/kubernetes/pki/ca.key").read_text() == "first ca.key"
    assert not host.exists("/etc/kubernetes/pki/apiserver.crt")
    assert not host.exists("/etc/kubernetes/haui-kept")


def test_a_certificate_without_its_key_is_not_kept(host: Shell) -> None:
    host.put("/etc/kubernetes/pki/ca.crt", "half of a pair")
    ran = host.run("control_plane_init_apply")
    assert ran.called("kubeadm reset")
    assert not host.exists("/etc/kubernetes/pki/ca.crt")


def test_a_stacked_init_keeps_none_of_them(host: Shell) -> None:
    for name in SIGNERS:
        host.put(f"/etc/kubernetes/pki/{name}")
    host.run("control_plane_init_apply", HAUI_ETCD="stacked")
    assert not host.exists("/etc/kubernetes/pki/ca.key")

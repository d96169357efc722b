"""Each field's rule: what is refused, where, and with which words."""

from __future__ import annotations

import pytest

from tests.unit.spec_samples import BASE, broken, line_of, problems_of

HOST = "  - {name: wk-b, address: 10.30.0.22, roles: [worker]}\n"


def host(**parts: str) -> tuple[str, str]:
    values = {"name": "wk-b", "address": "10.30.0.22", "roles": "[worker]"} | parts
    inside = ", ".join(f"{key}: {value}" for key, value in values.items())
    return HOST, f"  - {{{inside}}} # here\n"


def line(old: str, new: str) -> tuple[str, str]:
    return old + "\n", f"{new} # here\n"


CASES = {
    "cluster name": (*line("name: atlas", "name: Atlas"), "name", "not a valid name"),
    "cluster name with dot": (*line("name: atlas", "name: a.b"), "name", "not a valid name"),
    "long name": (*line("name: atlas", "name: " + "a" * 64), "name", "63 small letters"),
    "short version": (*line("1.36.4", '"1.36"'), "kubernetes.version", "not a full version"),
    "bare short version": (*line("1.36.4", "1.30"), "kubernetes.version", "needs quotes: '1.30'"),
    "version with v": (*line("1.36.4", "v1.36.4"), "kubernetes.version", "without the 'v'"),
    "old version": (*line("1.36.4", "1.19.16"), "kubernetes.version", "too old"),
    "new version": (*line("1.36.4", "1.37.0"), "kubernetes.version", "newer than this haui"),
    "other major": (*line("1.36.4", "2.0.0"), "kubernetes.version", "newer than this haui"),
    "pre-release": (*line("1.36.4", "1.36.0-rc.1"), "kubernetes.version", "not a full version"),
    "unknown choice": (*line("kind: stacked", "kind: stakced"), "topology.kind", "mean stacked?"),
    "address as endpoint": (*line("api.atlas.lan", "10.0.0.1"), "endpoint.name", "is an address"),
    "half an address": (*line("api.atlas.lan", "api.300"), "endpoint.name", "is an address"),
    "localhost": (*line("api.atlas.lan", "localhost"), "endpoint.name", "another machine"),
    "underscore": (*line("api.atlas.lan", "api_x.lan"), "endpoint.name", "not a DNS name"),
    "trailing dot": (*line("api.atlas.lan", "api.lan."), "endpoint.name", "not a DNS name"),
    "vip": (*line("vip: 10.30.0.10", "vip: 10.30.0.256"), "endpoint.vip", "not an IPv4 or IPv6"),
    "vip/24": (*line("vip: 10.30.0.10", "vip: 10.30.0.10/24"), "endpoint.vip", "prefix length"),
    "vip zone": (*line("vip: 10.30.0.10", "vip: fe80::1%ens3"), "endpoint.vip", "not an IPv4"),
    "port 0": (*line("port: 8443", "port: 0"), "endpoint.port", "0 is less than 1"),
    "port too large": (*line("port: 8443", "port: 65536"), "endpoint.port", "more than 65535"),
    "quoted port": (*line("port: 8443", 'port: "8443"'), "endpoint.port", "without quotes"),
    "boolean port": (*line("port: 8443", "port: true"), "endpoint.port", "whole number"),
    "broken port": (*line("port: 8443", "port: 84.43"), "endpoint.port", "whole number"),
    "router id": (
        *line("  port: 8443", "  port: 8443\n  virtual_router_id: 256"),
        "endpoint.virtual_router_id", "more than 255",
    ),
    "interface": (
        *line("  port: 8443", "  port: 8443\n  interface: ens3;reboot"),
        "endpoint.interface", "not the name of a network interface",
    ),
    "long interface": (
        *line("  port: 8443", "  port: 8443\n  interface: abcdefghijklmnop"),
        "endpoint.interface", "not the name",
    ),
    "no network": (*line("10.60.0.0/16", "10.60.0.0"), "network.pods", "lacks its prefix"),
    "host bits": (*line("10.60.0.0/16", "10.60.9.0/16"), "network.pods", "is 10.60.0.0/16"),
    "dual stack": (*line("10.60.0.0/16", '"10.60.0.0/16,fd00::/56"'), "network.pods", "dual"),
    "nonsense": (*line("10.60.0.0/16", "pods/16"), "network.pods", "not a network"),
    "domain": (*line("cluster.local", "cluster_local"), "network.dns_domain", "not a DNS name"),
    "unknown cni": (*line("{kind: flannel}", "{kind: weave}"), "network.cni.kind", "not one of"),
    "cni version": (
        *line("{kind: flannel}", "{kind: flannel, version: v0.28.9}"),
        "network.cni.version", "without a leading 'v'",
    ),
    "mtu": (*line("{kind: flannel}", "{kind: flannel, mtu: 100}"), "network.cni.mtu", "less"),
    "mirror": (
        *line("packages: {}", "packages: {mirror: mirror.lan/haui}"),
        "supply.packages.mirror", "not an http:// or https:// URL",
    ),
    "mirror with login": (
        *line("packages: {}", 'packages: {mirror: "https://u:p@mirror.lan/"}'),
        "supply.packages.mirror", "must not hold a login",
    ),
    "mirror with blank": (
        *line("packages: {}", 'packages: {mirror: "https://mirror.lan/a b"}'),
        "supply.packages.mirror", "not an http:// or https:// URL",
    ),
    "mirror on an odd port": (
        *line("packages: {}", 'packages: {mirror: "https://mirror.lan:99999/"}'),
        "supply.packages.mirror", "not an http:// or https:// URL",
    ),
    "unsigned": (
        *line("packages: {}", "packages: {unsigned: 1}"),
        "supply.packages.unsigned", "must be true or false",
    ),
    "repository": (
        *line("images: {}", 'images: {repository: "https://hub.lan/k8s"}'),
        "supply.images.repository", "not an image repository",
    ),
    "registry": (
        *line("images: {}", 'images: {registries: {"https://x.io": "https://hub.lan"}}'),
        "supply.images.registries[https://x.io]", "without a scheme",
    ),
    "registry's mirror": (
        *line("images: {}", "images: {registries: {x.io: hub.lan}}"),
        "supply.images.registries[x.io]", "not an http:// or https:// URL",
    ),
    "registry user": (
        *line("images: {}", 'images: {repository: hub.lan, username: "a:b"}'),
        "supply.images.username", "no colon",
    ),
    "image without tag": (
        *line("images: {}", "images: {verify_image: hub.lan/busybox}"),
        "supply.images.verify_image", "tag or digest",
    ),
    "proxy": (
        *line("proxy: {}", 'proxy: {https: "socks5://proxy.lan:1"}'),
        "supply.proxy.https", "not an http:// or https:// URL",
    ),
    "no_proxy": (
        *line("proxy: {}", 'proxy: {no_proxy: [".lan", "a,b"]}'),
        "supply.proxy.no_proxy[1]", "not a host",
    ),
    "no list": (
        *line("proxy: {}", "proxy: {no_proxy: .lan}"),
        "supply.proxy.no_proxy", "must be a list, not text",
    ),
    "no map": (*line("proxy: {}", "proxy: [a]"), "supply.proxy", "must be a map, not a list"),
    "user": (*line("user: ops", "user: -oProxyCommand=x"), "ssh.user", "not a user name"),
    "user with blank": (*line("user: ops", "user: a b"), "ssh.user", "not a user name"),
    "jump": (*line("user: ops", "jump: a b@gate"), "ssh.jump", "not a user name"),
    "jump host": (*line("user: ops", "jump: ops@-gate"), "ssh.jump", "[user@]host[:port]"),
    "jump port": (*line("user: ops", "jump: gate:70000"), "ssh.jump", "[user@]host[:port]"),
    "sudo": (*line("user: ops", "sudo: nopass"), "ssh.sudo", "did you mean nopasswd?"),
    "word": (*line("user: ops", "agent: yes"), "ssh.agent", "write true or false"),
    "text": (*line("user: ops", 'agent: "true"'), "ssh.agent", "without quotes"),
    "key with dash": (*line("user: ops", "key: -key"), "ssh.key", "starts with a dash"),
    "key with escape": (*line("user: ops", 'key: "a\\eb"'), "ssh.key", "control character"),
    "no value": (*line("user: ops", "user:"), "ssh.user", "has no value"),
    "node name": (*host(name="Wk_B"), "hosts[4].name", "not a DNS name"),
    "node number": (*host(name="12"), "hosts[4].name", "read as the number 12"),
    "node address": (*host(name="10.1.1.1"), "hosts[4].name", "a name is needed"),
    "node name length": (*host(name="a" * 40 + "." + "b" * 30), "hosts[4].name", "at most 63"),
    "newline in name": (*host(name='"a\\nb"'), "hosts[4].name", "not a DNS name"),
    "address": (*host(address="wk-b.lan"), "hosts[4].address", "not an IPv4 or IPv6"),
    "octal address": (*host(address="10.30.0.022"), "hosts[4].address", "not an IPv4 or IPv6"),
    "role": (*host(roles="[master]"), "hosts[4].roles[0]", "not one of control-plane, worker"),
    "no role": (*host(roles="[]"), "hosts[4].roles", "nothing to do"),
    "role twice": (*host(roles="[worker, worker]"), "hosts[4].roles", "twice"),
    "label key": (*host(labels='{"a b": c}'), "hosts[4].labels[a b]", "not a label key"),
    "label prefix": (*host(labels="{A_/b: c}"), "hosts[4].labels[A_/b]", "before '/'"),
    "label value": (*host(labels="{a: -b}"), "hosts[4].labels.a", "not a label value"),
    "label number": (*host(labels="{a: 1}"), "hosts[4].labels.a", "needs quotes: '1'"),
    "label bool": (*host(labels="{a: true}"), "hosts[4].labels.a", "needs quotes: 'true'"),
    "label word": (*host(labels="{zone: no}"), "hosts[4].labels.zone", "in quotes"),
    "label octal": (*host(labels="{rack: 007}"), "hosts[4].labels.rack", "in quotes"),
    "label time": (*host(labels="{at: 22:30}"), "hosts[4].labels.at", "in quotes"),
    "label power": (*host(labels="{sha: 12e34}"), "hosts[4].labels.sha", "in quotes"),
    "fingerprint": (
        *host(fingerprint="MD5:aa"), "hosts[4].fingerprint", "not a SHA256 fingerprint",
    ),
    "host's ssh": (*host(ssh="{address: a_b}"), "hosts[4].ssh.address", "not a DNS name"),
    "host's text": ("hosts:\n", "hosts:\n  - cp-x # here\n", "hosts[0]", "a map, not text"),
    "kubeadm kind": (
        *line("advanced: {}", "advanced: {kubeadm: {ClusterConfig: {a: b}}}"),
        "advanced.kubeadm.ClusterConfig", "did you mean ClusterConfiguration?",
    ),
    "kubeadm text": (
        *line("advanced: {}", 'advanced: {kubeadm: {InitConfiguration: {a: ["\\0"]}}}'),
        "advanced.kubeadm.InitConfiguration.a[0]", "control character",
    ),
    "check": (
        *line("advanced: {}", 'advanced: {ignore_preflight_errors: ["A,B"]}'),
        "advanced.ignore_preflight_errors[0]", "not the name of a kubeadm check",
    ),
    "phase": (
        *line("advanced: {}", "advanced: {skip_phases: [addon/coredns/x]}"),
        "advanced.skip_phases[0]", "not a kubeadm phase",
    ),
    "toml null": (
        *line("advanced: {}", "advanced: {containerd: {a: null}}"),
        "advanced.containerd.a", "has no value",
    ),
    "unknown key": (*line("user: ops", "usr: ops"), "ssh.usr", "did you mean user?"),
    "unknown top key": (*line("profile: test", "nodes: []"), "nodes", "the keys here are"),
    "haui's own key": (
        *line("images: {}", "images: {ca_pem: x}"),
        "supply.images.ca_pem", "is not a key of the cluster file",
    ),
    "repeated key": ("  user: ops\n", "  user: ops\n  user: x # here\n", "ssh.user", "twice"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "words"), CASES.values(), ids=CASES.keys())
def test_a_wrong_value_is_named_with_its_place(old: str, new: str, path: str, words: str) -> None:
    text = broken(old, new)
    found = problems_of(text)
    assert [problem.path for problem in found] == [path]
    assert words in found[0].what
    assert found[0].line == line_of(text)


def test_the_base_is_valid() -> None:
    assert problems_of(BASE) == ()


GOOD = {
    "old version": ("1.36.4", "1.24.17"),
    "dotted node": (HOST, HOST.replace("wk-b", "wk-b.example.org")),
    "longest label": (HOST, HOST.replace("}", f", labels: {{b.io/{'a' * 63}: {'b' * 63}}}}}")),
    "empty label": (HOST, HOST.replace("}", ', labels: {node-role.kubernetes.io/gpu: ""}}')),
    "domain user": ("user: ops", r"user: LAN\first.last"),
    "jump over IPv6": ("user: ops", 'jump: "ops@[fd00::1]:2222"'),
    "jump with port": ("user: ops", "jump: gate.lan:22"),
    "registry with port": ("images: {}", 'images: {registries: {"a.io:5000": "http://10.0.0.1:5000"}}'),
    "digest": ("images: {}", "images: {verify_image: hub.lan:5000/a/b@sha256:%s}" % ("0" * 64)),
    "robot": ("images: {}", "images: {repository: hub.lan, username: robot$k8s+pull}"),
    "free data": (
        "advanced: {}", "advanced: {kubeadm: {KubeletConfiguration: {a: 1.5, b: null, c: [true]}}}",
    ),
    "null": ("  vip: 10.30.0.10", "  interface: null\n  vip: 10.30.0.10"),
    "windows line ends": ("name: atlas\n", "name: atlas\r\n"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), GOOD.values(), ids=GOOD.keys())
def test_a_right_value_passes(old: str, new: str) -> None:
    assert problems_of(broken(old, new)) == ()


MISSING = {
    "name": ("name: atlas\n", "name", 1, "name: atlas"),
    "endpoint.name": ("  name: api.atlas.lan\n", "endpoint.name", 8, "name: api.atlas.lan"),
    "endpoint.kind": ("  kind: keepalived-haproxy\n", "endpoint.kind", 8, "keepalived-haproxy"),
    "host address": ("address: 10.30.0.11, ", "hosts[0].address", 27, "address: 10.30.0.11"),
}


@pytest.mark.parametrize(("old", "path", "line", "example"), MISSING.values(), ids=MISSING.keys())
def test_a_missing_value_is_asked_for(old: str, path: str, line: int, example: str) -> None:
    (found,) = problems_of(broken(old, ""))
    assert (found.path, found.what, found.line) == (path, "is missing", line)
    assert example in found.example


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in CASES.values()], ids=CASES.keys())
def test_every_problem_shows_what_is_right(old: str, new: str) -> None:
    (found,) = problems_of(broken(old, new))
    advice = ("is not a key of", "in quotes", "needs quotes")
    assert found.example or any(words in found.what for words in advice)

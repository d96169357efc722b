"""Files that the cluster file names, and everything that writes a spec."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from haui.clusterfile.load import diff, dump, load, load_text, schema, spec_sha
from haui.clusterfile.messages import model_of, visible_fields
from haui.clusterfile.problem import path_text
from haui.clusterfile.reference import EXAMPLE, reference
from haui.errors import SpecError
from haui.printable import ODD
from haui.spec import ClusterSpec, HostSpec
from tests.unit.spec_samples import BASE, DATA, broken, problems_of, steady

ROOT = Path(__file__).parents[2]


def spec_of(text: str) -> ClusterSpec:
    return load_text(text, name="atlas.yaml", base=DATA).spec


def test_a_whole_file_with_everything_it_names() -> None:
    loaded = load(DATA / "atlas.yaml")
    spec = loaded.spec
    assert loaded.path == DATA / "atlas.yaml"
    assert loaded.ca_pem == spec.supply.images.ca_pem == (DATA / "hub-ca.pem").read_text()
    assert spec.supply.packages.key_text == (DATA / "mirror.asc").read_text()
    assert spec.supply.images.ca == str(DATA / "hub-ca.pem")
    assert spec.ssh.key == str(DATA / "login-key")
    assert spec.host("wk-a").ssh.port == 2222
    assert spec.advanced.kubeadm["ClusterConfiguration"]["apiServer"] == {
        "certSANs": ["kube.example.org"]
    }


def test_paths_are_relative_to_the_file_wherever_we_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id").write_text("stand-in")
    (tmp_path / "site" / "a.yaml").write_text(BASE.replace("user: ops", "key: ../keys/id"))
    monkeypatch.chdir(tmp_path)
    assert load("site/a.yaml").spec.ssh.key == str(tmp_path / "keys" / "id")


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "id").write_text("stand-in")
    assert spec_of(broken("user: ops", "key: ~/id")).ssh.key == str(tmp_path / "id")
    (found,) = problems_of(broken("user: ops", "key: ~nobody-here/id"))
    assert "there is no file" in found.what


def test_the_public_half_of_a_login_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "id.pub").write_text("ssh-ed25519 AAAA")
    (found,) = problems_of(broken("user: ops", f"key: {tmp_path / 'id.pub'}"))
    assert "the private key is wanted" in found.what


def test_private_keys_are_not_taken_as_certificates(tmp_path: Path) -> None:
    both = (DATA / "hub-ca.pem").read_text() + "-----BEGIN PRIVATE KEY-----\n"
    (tmp_path / "ca.pem").write_text(both)
    images = f"images: {{repository: hub.lan, ca: {tmp_path / 'ca.pem'}}}"
    (found,) = problems_of(broken("images: {}", images))
    assert "holds a private key" in found.what


def test_a_manifest_is_read_for_kind_none(tmp_path: Path) -> None:
    (tmp_path / "cni.yaml").write_text("kind: DaemonSet\n")
    spec = spec_of(broken("{kind: flannel}", f"{{kind: none, manifest: {tmp_path / 'cni.yaml'}}}"))
    assert spec.network.cni.manifest_text == "kind: DaemonSet\n"


def test_files_may_be_left_alone(tmp_path: Path) -> None:
    text = (DATA / "atlas.yaml").read_text()
    (tmp_path / "atlas.yaml").write_text(text)
    with pytest.raises(SpecError, match="3 problems"):
        load(tmp_path / "atlas.yaml")
    loaded = load(tmp_path / "atlas.yaml", files=False)
    assert loaded.ca_pem is None
    assert loaded.spec.ssh.key == "./login-key"


# --- writing


def test_dump_is_complete_commented_and_read_back_from_anywhere(tmp_path: Path) -> None:
    spec = load(DATA / "atlas.yaml").spec
    text = dump(spec)
    (tmp_path / "cluster.yaml").write_text(text)
    again = load(tmp_path / "cluster.yaml").spec
    assert again == spec
    assert again.supply.images.ca_pem == spec.supply.images.ca_pem
    assert "BEGIN CERTIFICATE" not in text
    data = yaml.safe_load(text)
    assert data == spec.model_dump(mode="json")
    for section in ClusterSpec.model_fields:
        before = text[: text.index(f"\n{section}:")].splitlines()[-1]
        assert before.startswith("# "), section
    assert "#" not in dump(spec, comments=False)
    assert load_text(dump(spec, comments=False), name="x").spec == spec


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).map(
    lambda text: re.sub(f"[{ODD}]", "", text)
)
TRICKY = st.sampled_from(
    [
        *(
            "yes",
            "0o17",
            "1e3",
            "22:30",
            "~",
            "null",
            "- a",
            "a: b",
            "#",
            "&a",
            "*a",
            "!x",
            "%",
            "@",
        ),
        *(
            "`",
            "1.30",
            "'",
            '"',
            "a\nb",
            "\n",
            "a\n\tb",
            "\t",
            "  x ",
            "{",
            "]",
            "---",
            "...",
            "<<",
        ),
        *("=", "\\n", "2026-01-02"),
    ]
)
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | TRICKY
KEYS = WORDS.filter(bool) | st.sampled_from(["yes", "1", "a.b/c", "~", "<<", "null", "true", "- x"])
FREE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(steady, max_examples=40)
@given(free=FREE, words=st.dictionaries(KEYS, WORDS | TRICKY, max_size=3))
def test_dump_and_load_lose_nothing(free: Any, words: dict[str, str]) -> None:
    base = spec_of(BASE).model_dump()
    base["advanced"]["kubeadm"] = {"KubeletConfiguration": {"x": free, "y": words}}
    base["advanced"]["containerd"] = {"z": words}
    spec = ClusterSpec.model_validate(base)
    again = load_text(dump(spec), name="again.yaml").spec
    assert again == spec
    assert spec_sha(again) == spec_sha(spec)
    assert yaml.safe_load(dump(spec)) == spec.model_dump(mode="json")


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda name: not name.isdigit() and name != "localhost"
)


@settings(steady, max_examples=40)
@given(
    name=NAMES,
    hosts=st.lists(NAMES, min_size=4, max_size=9, unique=True),
    minor=st.integers(31, 36),
    port=st.integers(20000, 29999),
    labels=st.dictionaries(NAMES, NAMES, max_size=3),
    bools=st.tuples(st.booleans(), st.booleans()),
    user=st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_.@-]{0,10}", fullmatch=True),
)
def test_every_shape_comes_back(
    name: str, hosts: list[str], minor: int, port: int, labels: dict[str, str],
    bools: tuple[bool, bool], user: str,
) -> None:  # fmt: skip
    data: dict[str, Any] = {
        "name": name,
        "kubernetes": {"version": f"1.{minor}.{port}"},
        "endpoint": {
            "kind": "keepalived-haproxy", "name": "api.haui.test",
            "vip": "10.30.0.10", "port": port,
        },
        "network": {"cni": {"kind": "bridge"}, "kube_proxy": "nftables"},
        "ssh": {"user": user, "agent": bools[0], "password": bools[1]},
        "hosts": [
            {
                "name": host,
                "address": f"10.30.0.{20 + index}",
                "roles": ["control-plane"] if index < 3 else ["worker"],
                "labels": labels,
                "interface": "ens3",
            }
            for index, host in enumerate(hosts)
        ],
    }  # fmt: skip
    spec = ClusterSpec.model_validate(data)
    assert load_text(dump(spec), name="again.yaml").spec == spec


# --- hash and difference


def test_the_hash_depends_on_answers_not_on_writing(tmp_path: Path) -> None:
    spec = spec_of(BASE)
    assert spec_sha(spec) == spec_sha(spec_of("# other\n" + BASE.replace("advanced: {}\n", "")))
    assert spec_sha(spec) != spec_sha(spec_of(BASE.replace("profile: test", "profile: production")))
    assert len(spec_sha(spec)) == 64


DIFFS = {
    "nothing": ("name: atlas", "name: atlas", []),
    "value": ("10.60.0.0/16", "10.64.0.0/16", ["network.pods: 10.60.0.0/16 → 10.64.0.0/16"]),
    "set": ("  user: ops", "  user: ops\n  jump: gate.lan", ["ssh.jump: not set → gate.lan"]),
    "number": ("port: 8443", "port: 9443", ["endpoint.port: 8443 → 9443"]),
    "list": (
        "advanced: {}", "advanced: {skip_phases: [addon/coredns]}",
        ['advanced.skip_phases: not set → ["addon/coredns"]'],
    ),
    "free": (
        "advanced: {}", "advanced: {kubeadm: {KubeletConfiguration: {maxPods: 50}}}",
        ["advanced.kubeadm.KubeletConfiguration.maxPods: not set → 50"],
    ),
    "empty": (
        "advanced: {}", "advanced: {kubeadm: {KubeletConfiguration: {}}}",
        ["advanced: an empty value came or went"],
    ),
    "host's value": ("address: 10.30.0.22", "address: 10.30.0.23",
                     ["hosts[wk-b].address: 10.30.0.22 → 10.30.0.23"]),
    "host added": (
        "advanced: {}", "  - {name: wk-c, address: 10.30.0.23, roles: [worker]}\nadvanced: {}",
        ["hosts[wk-c]: added (10.30.0.23, worker)"],
    ),
    "host removed": (
        "  - {name: wk-b, address: 10.30.0.22, roles: [worker]}\n", "",
        ["hosts[wk-b]: removed (10.30.0.22, worker)"],
    ),
    "host renamed": (
        "name: wk-b", "name: wk-x",
        ["hosts[wk-b]: removed (10.30.0.22, worker)", "hosts[wk-x]: added (10.30.0.22, worker)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "lines"), DIFFS.values(), ids=DIFFS.keys())
def test_differences_are_said_in_lines(old: str, new: str, lines: list[str]) -> None:
    before, after = spec_of(BASE), spec_of(broken(old, new))
    assert diff(before, after) == lines
    assert (spec_sha(before) == spec_sha(after)) == (not lines)


def test_a_new_order_of_hosts_is_a_difference() -> None:
    before = spec_of(BASE)
    after = before.model_copy(update={"hosts": before.hosts[::-1]})
    assert diff(before, after) == [
        "hosts: order cp-a, cp-b, cp-c, wk-a, wk-b → wk-b, wk-a, cp-c, cp-b, cp-a"
    ]


def test_a_changed_authority_is_a_difference(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    text = broken("images: {}", f"images: {{repository: hub.lan, ca: {file}}}")
    specs = []
    for body in ("YQ==", "Yg=="):
        file.write_text(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        specs.append(spec_of(text))
    assert diff(*specs) == ["supply.images.ca: the file's content changed"]
    assert spec_sha(specs[0]) != spec_sha(specs[1])


# --- schema and reference


def _walk_schema(schema: dict[str, Any], node: dict[str, Any], data: Any, at: str) -> None:
    """Keys and choices of `data` are in the schema; enough of JSON Schema for our own shape."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if isinstance(data, dict) and "properties" in node:
        assert node["additionalProperties"] is False
        assert set(node.get("required", ())) <= set(data), at
        for key, value in data.items():
            assert key in node["properties"], f"{at}.{key}"
            _walk_schema(schema, node["properties"][key], value, f"{at}.{key}")
    elif isinstance(data, list) and "items" in node:
        for item in data:
            _walk_schema(schema, node["items"], item, at)
    elif "enum" in node:
        assert data in node["enum"], at


def test_the_schema_describes_the_file() -> None:
    body = schema()
    assert body["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert body["title"] == "haui cluster file"
    assert json.loads(json.dumps(body)) == body
    _walk_schema(body, body, yaml.safe_load((DATA / "atlas.yaml").read_text()), "")
    with pytest.raises(AssertionError, match=r"endpoint\.prot"):
        _walk_schema(body, body, {"endpoint": {"prot": 1}} | yaml.safe_load(
            BASE.replace("port: 8443", "prot: 8443")), "")  # fmt: skip
    assert "ca_pem" not in json.dumps(body)


def _fields(model: type[Any], path: str = "") -> Any:
    for name, info in visible_fields(model).items():
        yield f"{path}{name}", info
        if inner := model_of(info.annotation):
            yield from _fields(inner, f"{path}{name}.")


def test_every_field_has_a_description_and_a_right_example() -> None:
    base = yaml.safe_load(BASE)
    base["endpoint"]["bgp"] = {"peers": [{"address": "10.30.0.1", "asn": 65001}]}
    for path, info in _fields(ClusterSpec):
        assert info.description and info.description.endswith("."), path
        if model_of(info.annotation) and not info.examples:
            continue
        data = json.loads(json.dumps(base))
        holder = data
        *keys, last = path.split(".")
        for key in keys:
            holder = holder.setdefault(key, {}) if isinstance(holder, dict) else holder
            holder = holder[-1] if isinstance(holder, list) else holder
        holder[last] = info.examples[0]
        ClusterSpec.model_validate(data)


def test_the_reference_is_current() -> None:
    """Write it anew with: python -m haui.clusterfile.reference > docs/cluster-file.md"""
    assert (ROOT / "docs" / "cluster-file.md").read_text(encoding="utf-8") == reference()


def test_the_references_example_is_valid_and_every_key_is_described() -> None:
    assert problems_of(EXAMPLE) == ()
    page = reference()
    for path, _ in _fields(ClusterSpec):
        assert f"| `{path.rpartition('.')[2]}` |" in page


def test_the_spec_needs_neither_screens_nor_transport() -> None:
    code = "import sys, haui.clusterfile.load, haui.preset; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert not {"textual", "questionary", "asyncssh", "rich"} & set(done.stdout.split())


def test_paths_are_written_as_in_the_file() -> None:
    assert path_text(("hosts", 2, "address")) == "hosts[2].address"
    assert path_text(("a", "x.io", "b_c-d")) == "a[x.io].b_c-d"
    assert path_text(()) == "the file"


def test_a_spec_is_frozen() -> None:
    spec = spec_of(BASE)
    with pytest.raises(ValueError, match="frozen"):
        spec.name = "other"  # type: ignore[misc]
    host = HostSpec(name="a", address="10.0.0.1", roles=("worker",))
    with pytest.raises(ValueError, match="frozen"):
        host.address = "10.0.0.2"  # type: ignore[misc]

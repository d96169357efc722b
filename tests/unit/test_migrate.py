"""Older formats: everything arrives where it belongs, errors point at the lines as written."""

from __future__ import annotations

import pytest

from haui.clusterfile.load import SpecFileError, load_text, parse
from haui.clusterfile.migrate import CURRENT, MIGRATIONS, number_of
from haui.preset import check

OLD = """\
# a file of the time before the first release
format: haui/0
name: atlas
profile: test
control_plane_endpoint: "api.atlas.lan:8443"
kubernetes_version: 1.34.2
pod_cidr: 10.60.0.0/16
service_cidr: 10.61.0.0/16
cni: flannel
endpoint: {kind: keepalived-haproxy, vip: 10.30.0.10}
hosts:
  - {name: cp-a, address: 10.30.0.11, roles: [control-plane]}
  - {name: cp-b, address: 10.30.0.12, roles: [control-plane]}
  - {name: cp-c, address: 10.30.0.13, roles: [control-plane, worker]}
"""


def _problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SpecFileError) as caught:
        load_text(text, name="old.yaml")
    return [(found.line, found.path, found.what) for found in caught.value.problems]


def test_the_chain_reaches_the_current_format_from_every_number() -> None:
    assert sorted(MIGRATIONS) == list(range(CURRENT))


def test_everything_arrives_where_it_belongs() -> None:
    loaded = load_text(OLD, name="old.yaml")
    spec = loaded.spec
    assert (spec.endpoint.name, spec.endpoint.port) == ("api.atlas.lan", 8443)
    assert spec.endpoint.kind == "keepalived-haproxy" and spec.kubernetes.version == "1.34.2"
    assert (spec.network.pods, spec.network.services) == ("10.60.0.0/16", "10.61.0.0/16")
    assert spec.network.cni.kind == "flannel" and spec.format == "haui/1"
    assert loaded.notes == (
        "line 2: read as format haui/0, now haui/1",
        "line 5: control_plane_endpoint is endpoint.name now",
        "line 5: control_plane_endpoint is endpoint.port now",
        "line 6: kubernetes_version is kubernetes.version now",
        "line 7: pod_cidr is network.pods now",
        "line 8: service_cidr is network.services now",
        "line 9: cni is network.cni.kind now",
    )


def test_a_preset_may_leave_out_what_haui_0_could_not_say() -> None:
    answers = check("format: haui/0\ncontrol_plane_endpoint: api.x.lan:8443\n")
    assert answers == {"format": "haui/1", "endpoint": {"name": "api.x.lan", "port": 8443}}
    notes = parse("format: haui/0\ncontrol_plane_endpoint: a.b:1\n", name="x").notes
    assert "endpoint.kind is not said: haui/0 had no word for it" in notes
    assert check("format: haui/0\n") == {"format": "haui/1"}


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "what"),
    [
        ("10.60.0.0/16", "10.60.0.0", 7, "network.pods", "prefix length"),
        ("1.34.2", "1.34", 6, "kubernetes.version", "1.34"),
        ("cni: flannel", "cni: flanel", 9, "network.cni.kind", "did you mean flannel"),
        ('"api.atlas.lan:8443"', "api.atlas.lan", 5, "control_plane_endpoint", "is not name:port"),
        ('"api.atlas.lan:8443"', "[a]", 5, "control_plane_endpoint", "is not name:port"),
        ('"api.atlas.lan:8443"', "api.atlas.lan:70000", 5, "endpoint.port", "more than"),
        ('"api.atlas.lan:8443"', '"API_:8443"', 5, "endpoint.name", "API_"),
        ("{kind: keep", "{port: 1, kind: keep", 5, "control_plane_endpoint", "means the same"),
        ("profile: test", "network: 5", 7, "pod_cidr", "is no map"),
        ("profile: test", "profil: test", 4, "profil", "did you mean profile"),
    ],
)
def test_errors_point_at_the_line_as_written(
    old: str, new: str, line: int, path: str, what: str
) -> None:
    assert OLD.count(old) == 1
    found = _problems(OLD.replace(old, new))
    assert any(at == line and where == path and what in said for at, where, said in found), found


def test_old_words_are_not_words_of_this_format() -> None:
    found = _problems(OLD.replace("haui/0", "haui/1"))
    assert any(path == "pod_cidr" and "not a key" in what for _, path, what in found)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("haui/2", "is for a newer haui"),
        ("haui/99999", "is for a newer haui"),
        ("haui/-1", "is not a format of haui"),
        ("haui/", "is not a format of haui"),
        ("kubespray/0", "is not a format of haui"),
        ("[haui/0]", "is not a format of haui"),
    ],
)
def test_other_formats_are_refused_by_name(said: str, what: str) -> None:
    ((line, _, said_what),) = _problems(f"# x\nformat: {said}\n")
    assert line == 2 and what in said_what and said[:6].strip("[]") in said_what


def test_numbers() -> None:
    assert [number_of(x) for x in ("haui/0", "haui/12", "haui/x", "haui", 0, None, "haui/٣")] == [
        0, 12, None, None, None, None, None
    ]  # fmt: skip

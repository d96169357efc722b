"""The picture: agreed texts, the same geometry for every status, and what no input may break."""

from __future__ import annotations

import os
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from haui.drawing import GLYPHS, Status, draw, picture_markdown, shape_of
from tests.unit.spec_samples import steady
from tests.unit.specs import shapes

GOLDEN = Path(__file__).parent / "golden" / "drawing"
ENDPOINTS = (
    ("kube-vip", "control-plane"),
    ("keepalived-haproxy", "control-plane"),
    ("keepalived-haproxy", "load-balancer"),
    ("keepalived-nginx", "control-plane"),
    ("keepalived-nginx", "load-balancer"),
    ("external", "control-plane"),
)
CASES = [
    (kind, endpoint, placement)
    for kind, (endpoint, placement) in product(("single", "stacked", "external"), ENDPOINTS)
]


def host(name: str, last: int, *roles: str) -> dict[str, Any]:
    return {"name": name, "address": f"10.30.0.{last}", "roles": list(roles)}


def hosts(planes: int = 3, workers: int = 2, prefix: str = "cp") -> list[dict[str, Any]]:
    found = [host(f"{prefix}-{n}", 10 + n, "control-plane") for n in range(1, planes + 1)]
    return found + [host(f"wk-{n}", 30 + n, "worker") for n in range(1, workers + 1)]


def answers(
    kind: str = "stacked",
    endpoint: str = "kube-vip",
    placement: str = "control-plane",
    entered: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    colocated = endpoint.startswith("keepalived") and placement == "control-plane"
    return {
        "name": "atlas",
        "topology": {"kind": kind},
        "endpoint": {
            "kind": endpoint,
            "name": "api.atlas.lan",
            "vip": None if endpoint == "external" else "10.30.0.10",
            "port": 8443 if colocated else 6443,
            "placement": placement,
        },
        "hosts": entered or [],
    }


def text(data: dict[str, Any], width: int = 44, height: int = 60, **more: Any) -> str:
    return draw(shape_of(data), width=width, height=height, **more).text()


def golden(name: str, now: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("HAUI_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "endpoint", "placement"), CASES)
def test_every_choice_looks_as_agreed(kind: str, endpoint: str, placement: str) -> None:
    parts = []
    for width in (30, 44, 76):
        data = answers(kind, endpoint, placement)
        parts.append(f"######## {width}\n{text(data, width)}\n")
    golden(f"{kind}-{endpoint}-{placement}", "".join(parts))


STATUSES: dict[str, Status] = {
    "cp-1": "done", "cp-2": "running", "cp-3": "waiting", "cp-4": "lost", "wk-1": "failed",
}  # fmt: skip


@pytest.mark.parametrize(("planes", "workers"), [(1, 1), (3, 2), (3, 17), (5, 95), (7, 0)])
def test_entered_hosts_look_as_agreed(planes: int, workers: int) -> None:
    data = answers("single" if planes == 1 else "stacked", entered=hosts(planes, workers))
    parts = []
    for width in (30, 44, 76):
        picture = text(data, width, status=STATUSES, vip_at="cp-1")
        parts.append(f"######## {width}\n{picture}\n")
    golden(f"hosts-{planes}-{workers}", "".join(parts))


@pytest.mark.parametrize("height", [30, 26, 20, 14, 9, 5])
def test_less_height_gives_a_smaller_form(height: int) -> None:
    entered = [*hosts(3, 9), *(host(f"et-{n}", 20 + n, "etcd") for n in (1, 2, 3))]
    data = answers("external", "keepalived-haproxy", "load-balancer", entered)
    now = text(data, 44, height)
    assert len(now.splitlines()) <= height
    golden(f"height-{height}", now + "\n")


def test_ascii_has_the_same_geometry() -> None:
    data = answers("external", "keepalived-haproxy", "load-balancer", hosts(3, 40))
    for width in (30, 44, 76):
        fancy = text(data, width, status=STATUSES, vip_at="lb-2").splitlines()
        plain = text(data, width, status=STATUSES, vip_at="lb-2", ascii=True).splitlines()
        assert [len(line) for line in fancy] == [len(line) for line in plain]
        assert all(line.isascii() for line in plain)
    assert text(data, 44, ascii=True).count("|==|") == 2


def test_foreign_letters_have_stand_ins_in_ascii() -> None:
    planes = [{"name": "źródło", "address": "界", "roles": ["control-plane"]}]
    data = answers("single", "external", entered=planes)
    data["endpoint"]["name"] = "äpi"
    for width in (20, 44, 76):
        assert text(data, width, ascii=True).isascii()
    assert "źródło" in text(data)


@pytest.mark.parametrize("width", [20, 30, 44, 76])
@pytest.mark.parametrize("height", [8, 14, 60])
@pytest.mark.parametrize("planes", [3, 5, 7])
def test_statuses_move_nothing(width: int, height: int, planes: int) -> None:
    data = answers(entered=hosts(planes, 4))
    names = [h["name"] for h in data["hosts"]]
    pictures = [text(data, width, height, vip_at="cp-2")]
    for status in GLYPHS:
        every = dict.fromkeys(names, status)
        pictures.append(text(data, width, height, status=every, vip_at="cp-2"))
    glyphs = "".join(glyph for glyph, _ in GLYPHS.values())
    still = {_without(glyphs, picture) for picture in pictures}
    assert len(still) == 1


def _without(glyphs: str, picture: str) -> str:
    """Without glyphs and without the count of those that are done."""
    blank = re.sub(r"\d+ (of \d+ done|failed|lost)", lambda m: " " * len(m[0]), picture)
    return re.sub(r" +(?=│?$)", "", re.sub(f"[{glyphs}]", " ", blank), flags=re.M)


def test_the_holder_of_the_virtual_address_is_marked_and_moves_nothing() -> None:
    data = answers(entered=hosts())
    first = text(data, vip_at="cp-1").splitlines()
    second = text(data, vip_at="cp-2").splitlines()
    nobody = text(data, vip_at="wk-1")
    assert [line.replace("VIP", " │ ").replace("▼", "┴").rstrip() for line in first] == [
        line.replace("VIP", " │ ").replace("▼", "┴").rstrip() for line in second
    ]
    assert sum(line.count("▼") for line in first) == 1
    assert "▼" not in nobody and "VIP" not in nobody


@pytest.mark.parametrize("width", [20, 30, 44, 76])
@pytest.mark.parametrize("height", [5, 12, 16, 60])
def test_the_holder_is_marked_in_every_form(width: int, height: int) -> None:
    data = answers("stacked", "keepalived-haproxy", entered=hosts())
    assert text(data, width, height, vip_at="cp-2").count("▼") == 1


def test_tones_follow_statuses() -> None:
    picture = draw(shape_of(answers(entered=hosts())), width=44, height=60, status=STATUSES)
    tones = {part.tone for line in picture.lines for part in line if "cp-" in part.text}
    assert {"good", "accent", "dim"} <= tones
    assert any(p.tone == "bad" and "✗" in p.text for line in picture.lines for p in line)


def test_placeholders_are_dim() -> None:
    picture = draw(
        shape_of(answers(entered=[host("alpha", 11, "control-plane")])), width=44, height=60
    )
    tones = {
        name: {part.tone for line in picture.lines for part in line if name in part.text}
        for name in ("alpha", "cp-2", "wk-1")
    }
    assert tones == {"alpha": {"plain"}, "cp-2": {"dim"}, "wk-1": {"dim"}}


def test_long_names_stay_apart() -> None:
    data = answers(entered=hosts(3, 2, prefix="atlas-production-cp"))
    for width in (28, 30, 44, 76):
        for number in (1, 2, 3):
            assert re.search(rf"p-{number}\b", text(data, width)), width


def test_specs_are_drawn_without_placeholders() -> None:
    for name, spec in shapes().items():
        picture = draw(shape_of(spec), width=60, height=60).text()
        assert all(plane.name in picture for plane in spec.control_planes), name
        assert ("wk-1" in picture) == any(h.name == "wk-1" for h in spec.hosts)


def test_markdown_is_one_fenced_block() -> None:
    data = answers()
    data["endpoint"]["name"] = "```\n# evil"
    block = picture_markdown(shape_of(data))
    lines = block.splitlines()
    fence = lines[0].removesuffix("text")
    assert lines[-1] == fence and all(fence not in line for line in lines[1:-1])


words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ("cp-1", "stacked", "single", "external", "kube-vip", "keepalived-haproxy", "control-plane",
         "worker", "etcd", "load-balancer", "registry", "storage", "10.0.0.1", "界界界界界界",
         "\x1b[31m", "a\u0301", "\u202eevil", "👩‍👩‍👧", "🇩🇪🇫🇷", "e\ufe0f", "\ud800", "a" * 300)
    ),
)  # fmt: skip
garbage = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(words | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)
some_host = st.fixed_dictionaries(
    {}, optional={"name": words, "address": words, "roles": st.lists(words, max_size=3) | garbage}
)
some_answers = st.one_of(
    garbage,
    st.fixed_dictionaries(
        {},
        optional={
            "name": words | garbage,
            "topology": garbage | st.fixed_dictionaries({"kind": words}),
            "endpoint": garbage
            | st.fixed_dictionaries(
                {"kind": words},
                optional={"name": words, "vip": words, "port": garbage, "placement": words},
            ),
            "hosts": garbage | st.lists(some_host | garbage, max_size=12),
        },
    ),
)


@steady
@given(
    data=some_answers,
    width=st.integers(-3, 120),
    height=st.integers(-3, 60),
    ascii=st.booleans(),
    status=st.dictionaries(words, st.sampled_from(("done", "failed", "running")), max_size=3),
    vip_at=words,
)
def test_nothing_breaks_a_picture(
    data: Any, width: int, height: int, ascii: bool, status: dict[str, Any], vip_at: str
) -> None:
    shape = shape_of(data)
    picture = draw(shape, width=width, height=height, ascii=ascii, status=status, vip_at=vip_at)
    assert len(picture.lines) <= max(0, height)
    for line in picture.lines:
        joined = "".join(part.text for part in line)
        assert cell_len(joined) <= width
        assert joined.isprintable()
        assert not ascii or joined.isascii()

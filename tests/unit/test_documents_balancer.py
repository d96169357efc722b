"""The page for whoever runs the balancer in front."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.documents.balancer import balancer_blocks, write_balancer
from haui.errors import UsageError
from tests.unit.specs import shapes


def page(shape: str) -> str:
    return "\n".join(balancer_blocks(shapes()[shape]))


def test_it_names_every_server_and_the_endpoint() -> None:
    text = page("external-balancer")
    for number in (1, 2, 3):
        assert f"| cp{number} | 10.30.0.{10 + number}:6443 |" in text
    assert "`api.atlas.lan:6443`" in text
    assert "site" not in text
    assert "/readyz" in text


def test_before_sites_it_names_their_proxies_only() -> None:
    text = page("sites")
    assert "| lb1 | 10.30.0.31:6443 | north |" in text
    assert "| lb2 | 10.30.0.32:6443 | south |" in text
    assert "10.30.0.11" not in text


@pytest.mark.parametrize("shape", ["stacked", "kube-vip", "single", "dedicated-lb"])
def test_there_is_none_where_haui_sets_up_the_endpoint(tmp_path: Path, shape: str) -> None:
    assert page(shape) == ""
    assert write_balancer(shapes()[shape], tmp_path) == 0
    assert not [*tmp_path.iterdir()]


def test_it_is_written_beside_the_runbook(tmp_path: Path) -> None:
    assert write_balancer(shapes()["sites"], tmp_path) == 1
    assert (tmp_path / "BALANCER.md").read_text().startswith("## Your balancer\n")
    with pytest.raises(UsageError, match="can't be written"):
        write_balancer(shapes()["sites"], tmp_path / "absent")

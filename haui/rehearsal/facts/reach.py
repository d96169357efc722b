"""What a healthy host tells in the steps preflight.listen, preflight.reach and preflight.clear."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(step: str, spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as the script of that step prints them."""
    yield from ()

"""How the key that Kubernetes packages are signed with comes to a host."""

from __future__ import annotations

from haui.spec import ClusterSpec


def key_from(spec: ClusterSpec, url: str) -> str:
    """For a source at `url`: `unsigned`, `file` (the cluster file has it), `url` (fetched from the
    source itself) or `nowhere`."""
    if spec.supply.packages.unsigned:
        return "unsigned"
    if spec.supply.packages.key_text:
        return "file"
    # A key fetched over plain http from the mirror itself would prove nothing.
    return "url" if url.startswith("https://") else "nowhere"

"""How the rows of boxes fit into a width, and the axis that all of them are centred on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from haui.drawing import facts
from haui.drawing.boxes import Box, Fit, fitted
from haui.drawing.canvas import cells
from haui.drawing.cast import Cast
from haui.drawing.shape import Shape

NARROWEST = 28  # cells for boxes side by side; narrower pictures are lists
_WITH_ADDRESSES = 60

_PROXIES = {
    "kube-vip": ("kube-vip", "vip"),
    "keepalived-haproxy": ("haproxy", "lb"),
    "keepalived-nginx": ("nginx", "lb"),
    "external": ("haproxy", "lb"),
}
"""What runs where the balancers are; with an external one, only on hosts of their own."""
_ETCD = ("etcd", "etcd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A row's fit is None when it has to be drawn in a smaller form, or is not there at all.

    `span` is the width of the widest row, `link` the label of the control planes that is joined
    by a double line (-1 for none), `note` the text on etcd's quorum (empty for a single member).
    """

    planes: Fit | None
    balancers: Fit | None
    etcd: Fit | None
    axis: int
    span: int
    link: int
    note: str


def layout_of(shape: Shape, cast: Cast, width: int, *, boxes: bool, roomy: bool) -> Layout:
    """`boxes` False leaves out all fits; `roomy` allows the hosts' addresses in the boxes."""
    external = shape.topology == "external"
    labels, link = _labels(shape)
    proxy = _PROXIES.get(shape.endpoint, ("", ""))
    text = f"quorum {facts.quorum_text(shape)}" if len(shape.etcd) > 1 else ""
    note = len(text) + 1 if text else 0
    details = roomy and width >= _WITH_ADDRESSES

    def fit(row: Sequence[Box], labels: list[tuple[str, str]], note: int = 0) -> Fit | None:
        if not boxes or width < NARROWEST or not row:
            return None
        addresses = [box.detail for box in row] if details else ()
        return fitted([box.name for box in row], labels, width, note, addresses)

    balancers = fit(cast.balancers, [proxy])
    planes = fit(cast.planes, labels, 0 if external else note)
    etcd = fit(cast.etcd, [_ETCD], note)
    if planes and etcd and planes.count == etcd.count:
        planes, etcd = _aligned(cast, labels, width, note, planes, etcd)
    rows = [row for row in (planes, balancers, etcd) if row]
    left = max((row.left for row in rows), default=0)
    right = max((row.width - row.left + row.note * note for row in rows), default=0)
    return Layout(
        planes=planes,
        balancers=balancers,
        etcd=etcd,
        axis=max(left, min((width - 1) // 2, width - right)),
        span=max((row.width for row in rows), default=0),
        link=link,
        note=text,
    )


def _labels(shape: Shape) -> tuple[list[tuple[str, str]], int]:
    """What runs in a control plane's box, long and short, and which of it is etcd (or -1)."""
    labels = [("api", "api")]
    if shape.has_vip and not shape.dedicated:
        labels.insert(0, _PROXIES[shape.endpoint])
    link = -1
    if shape.topology != "external":
        link = len(labels)
        labels.append(_ETCD)
    if shape.planes_work:
        labels.append(("pods", "pods"))
    return labels, link


def _aligned(
    cast: Cast, labels: list[tuple[str, str]], width: int, note: int, planes: Fit, etcd: Fit
) -> tuple[Fit, Fit]:
    """Boxes of one size for control planes and etcd, so that the lines between run straight."""
    both = (*cast.planes, *cast.etcd)
    widest = max((box.name for box in both), key=cells)
    details = [box.detail for box in both] if planes.detail or etcd.detail else ()
    fit = fitted([widest] * etcd.count, [*labels, _ETCD], width, note, details)
    if fit is None:
        return planes, etcd
    return (
        replace(fit, labels=fit.labels[:-1], note=False),
        replace(fit, labels=fit.labels[-1:]),
    )

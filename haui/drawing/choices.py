"""Fixed miniature drawings that explain a choice of the wizard at a glance."""

from __future__ import annotations

import re

from haui.drawing.canvas import Picture, Segment, Tone, ascii_text

CHOICE_WIDTH, CHOICE_HEIGHT = 34, 9
"""No choice's drawing is larger, in cells and lines."""

_DRAWINGS = {
    "topology.single": """\
               API
                │
            ┌───┴──┐
            │ api  │
            │ etcd │
            └──────┘
 this host down: the API is down,
 running pods go on""",
    "topology.stacked": """\
                API
     ┌──────────┼──────────┐
  ┌──┴───┐   ┌──┴───┐   ┌──┴───┐
  │ api  │   │ api  │   │ api  │
  │ etcd ╞═══╡ etcd ╞═══╡ etcd │
  └──────┘   └──────┘   └──────┘
 a lost host takes an etcd member
 with it; 2 of 3 keep going""",
    "topology.external": """\
  ┌──────┐   ┌──────┐   ┌──────┐
  │ api  │   │ api  │   │ api  │
  └──┬───┘   └──┬───┘   └──┬───┘
     ├──────────┼──────────┤
  ┌──┴───┐   ┌──┴───┐   ┌──┴───┐
  │ etcd ╞═══╡ etcd ╞═══╡ etcd │
  └──────┘   └──────┘   └──────┘
 a lost control plane costs etcd
 nothing; etcd is tuned apart""",
    "endpoint.kube-vip": """\
            VIP :6443
                │
  ┌─────┐    ┌──▼──┐    ┌─────┐
  │ vip │    │ vip │    │ vip │
  │ api │    │ api │    │ api │
  └─────┘    └─────┘    └─────┘
 one host holds the address and
 answers; it moves when that fails""",
    "endpoint.kube-vip-bgp": """\
             router
     ┌──────────┼──────────┐
  ┌──▼──┐    ┌──▼──┐    ┌──▼──┐
  │ vip │    │ vip │    │ vip │
  │ api │    │ api │    │ api │
  └─────┘    └─────┘    └─────┘
 every host announces the address;
 your routers speak BGP""",
    "endpoint.keepalived-haproxy": """\
            VIP :8443
                │
 ┌───────┐  ┌───▼───┐  ┌───────┐
 │haproxy│  │haproxy│  │haproxy│
 │   ┌───┼──┼───┼───┼──┼───┐   │
 │  api  │  │  api  │  │  api  │
 └───────┘  └───────┘  └───────┘
 the holder shares calls among all
 healthy APIs; the address moves""",
    "endpoint.keepalived-nginx": """\
            VIP :8443
                │
 ┌────────┐ ┌───▼────┐ ┌────────┐
 │ nginx  │ │ nginx  │ │ nginx  │
 │    ┌───┼─┼───┼────┼─┼───┐    │
 │   api  │ │  api   │ │  api   │
 └────────┘ └────────┘ └────────┘
 the holder shares calls among all
 APIs that answer; VIP moves""",
    "endpoint.external": """\
       ┌────────────────────┐
       │ your load balancer │
       └────────┬───────────┘
     ┌──────────┼──────────┐
  ┌──┴──┐    ┌──┴──┐    ┌──┴──┐
  │ api │    │ api │    │ api │
  └─────┘    └─────┘    └─────┘
 haui puts no address anywhere;
 as safe as your balancer is""",
    "placement.control-plane": """\
            VIP :8443
                │
  ┌───────┐ ┌───▼───┐ ┌───────┐
  │ proxy │ │ proxy │ │ proxy │
  │ api   │ │ api   │ │ api   │
  └───────┘ └───────┘ └───────┘
 no more hosts; the API's port is
 taken, so clients use another""",
    "placement.load-balancer": """\
       VIP :6443
       ┌───▼───┐   ┌───────┐
       │ proxy │   │ proxy │
       └───┬───┘   └───────┘
     ┌─────┴────┬──────────┐
  ┌──┴──┐    ┌──┴──┐    ┌──┴──┐
  │ api │    │ api │    │ api │
  └─────┘    └─────┘    └─────┘
 two hosts more, and port 6443""",
}
_MARKED = re.compile("(VIP|▼)")

CHOICES = tuple(_DRAWINGS)
"""The names of all drawings: the page, a dot, and the choice."""


def choice_drawing(choice: str, *, ascii: bool = False) -> Picture:
    """The drawing of a choice, "topology.external" or, where it is the first one, "external".

    An unknown choice gets an empty picture.
    """
    names = (choice, *(f"{page}.{choice}" for page in ("topology", "endpoint", "placement")))
    text = next((_DRAWINGS[name] for name in names if name in _DRAWINGS), "")
    lines = text.splitlines()
    last = max((at for at, line in enumerate(lines) if "┘" in line), default=0)
    return Picture(
        tuple(_segments(line, caption=at > last, ascii=ascii) for at, line in enumerate(lines))
    )


def _segments(line: str, *, caption: bool, ascii: bool) -> tuple[Segment, ...]:
    parts = [line] if caption else [part for part in _MARKED.split(line) if part]
    usual: Tone = "dim" if caption else "plain"
    return tuple(
        Segment(ascii_text(part) if ascii else part, "here" if _MARKED.fullmatch(part) else usual)
        for part in parts
    )

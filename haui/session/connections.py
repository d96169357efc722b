"""The connections of a session to its hosts, and events of those that are lost and regained."""

from __future__ import annotations

import asyncio
from typing import Literal

from haui.events import AnyEvent, HostConnected, HostLost
from haui.record.store import ClusterStore
from haui.session.job import Emit, FleetLike, OpenFleet
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet


def fleet_opener(store: ClusterStore, credentials: Credentials, *, accept_new: bool) -> OpenFleet:
    """Connections whose pins are in the cluster's own known_hosts."""

    def open_fleet(reach: ClusterSpec, emit: Emit) -> FleetLike:
        told = ConnectionEvents(emit)
        return Fleet(
            reach, credentials, store.known_hosts, accept_new=accept_new, on_connection=told
        )

    return open_fleet


class ConnectionEvents:
    """Turns what the transport says of lost and regained connections into events."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._running: set[asyncio.Future[object]] = set()

    def __call__(self, kind: Literal["connected", "lost"], host: str, text: str) -> None:
        event: AnyEvent = (
            HostConnected(host=host, fingerprint=text)
            if kind == "connected"
            else HostLost(host=host, reason=text)
        )
        emitting = asyncio.ensure_future(self._emit(event))
        self._running.add(emitting)
        emitting.add_done_callback(self._done)

    def _done(self, emitting: asyncio.Future[object]) -> None:
        # A journal that fails here fails for the task that follows, too, which reports it.
        self._running.discard(emitting)
        if not emitting.cancelled():
            emitting.exception()

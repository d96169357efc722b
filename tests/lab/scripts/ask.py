"""Asks the API again and again and notes how it went.

Ten times a second a new client asks /readyz, and another one writes a ConfigMap. One line for each:
`read|write <seconds since the epoch when it was asked> <seconds that it took> ok|WHY`. Ends when
its standard input ends.

Usage: ask.py ADMIN_CONF ADDRESS PORT
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PERIOD_S = 0.1
PATIENCE_S = 1.0
PLACE = "/api/v1/namespaces/default/configmaps"
NAME = "haui-lab-drill"


@dataclass(frozen=True)
class Api:
    """Where it is, and TLS as the admin."""

    address: str
    port: int
    tls: ssl.SSLContext

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """The status of one request by a client that has just come."""
        connection = http.client.HTTPSConnection(
            self.address, self.port, timeout=PATIENCE_S, context=self.tls
        )
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def admin_tls(admin_conf: Path) -> ssl.SSLContext:
    """By the certificates in the file itself; names are not compared, the address is asked."""
    text = admin_conf.read_text(encoding="utf-8")
    names = ("certificate-authority", "client-certificate", "client-key")
    found = {n: base64.b64decode(re.findall(rf"{n}-data: (\S+)", text)[0]) for n in names}
    made = ssl.create_default_context(cadata=found["certificate-authority"].decode())
    made.check_hostname = False
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        both = Path(folder) / "both.pem"
        both.touch(mode=0o600)
        both.write_bytes(found["client-certificate"] + b"\n" + found["client-key"])
        made.load_cert_chain(both)
    return made


def read(api: Api, _: int) -> int:
    """Whether the API is ready."""
    return api.ask("GET", "/readyz")


def write(api: Api, number: int) -> int:
    """Whether etcd takes a write."""
    body = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": NAME},
            "data": {"number": str(number)},
        }
    )
    status = api.ask("PUT", f"{PLACE}/{NAME}", body)
    return api.ask("POST", PLACE, body) if status == 404 else status


def again_and_again(
    kind: str, act: Callable[[Api, int], int], api: Api, over: threading.Event
) -> None:
    """One line for each try."""
    number = 0
    while not over.is_set():
        number += 1
        begun, clock = time.time(), time.monotonic()
        try:
            status = act(api, number)
            said = "ok" if status in (200, 201) else f"HTTP-{status}"
        except (OSError, http.client.HTTPException) as error:
            said = type(error).__name__
        took = time.monotonic() - clock
        sys.stdout.write(f"{kind} {begun:.3f} {took:.3f} {said}\n")
        sys.stdout.flush()
        over.wait(max(0.0, PERIOD_S - took))


def main() -> None:
    """Until standard input ends."""
    api = Api(sys.argv[2], int(sys.argv[3]), admin_tls(Path(sys.argv[1])))
    over = threading.Event()
    for kind, act in (("read", read), ("write", write)):
        threading.Thread(target=again_and_again, args=(kind, act, api, over), daemon=True).start()
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()

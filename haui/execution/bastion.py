"""Verification from this machine: does the API answer through the endpoint, with the right CA?

Asked anonymously, since Kubernetes lets anybody read /readyz and /version (the default role
system:public-info-viewer), so that no client key has to be placed in a file for Python's ssl.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from haui.errors import VerifyError
from haui.events import Finding
from haui.execution.clock import Clock, LoopClock
from haui.spec import ClusterSpec

PAUSE_S = 2.0
LARGEST_ANSWER = 1 << 20
_ABOUT_TIME = (9, 10)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: status code and body."""

    status: int
    body: bytes


async def check_endpoint(
    spec: ClusterSpec,
    admin_conf: bytes,
    *,
    patience_s: float = 30,
    timeout_s: float = 5,
    clock: Clock | None = None,
) -> tuple[Finding, ...]:
    """Ask the API through the endpoint (its VIP when it has one) for readiness and version.

    Asked again every 2 s until it is ready, for at most `patience_s`; one request may take
    `timeout_s`. Raises VerifyError when `admin_conf` is no kubeconfig with an embedded CA.
    """
    clock = clock or LoopClock()
    context = _context(_ca(admin_conf))
    deadline = clock.monotonic() + patience_s
    while True:
        try:
            ready = await _get(spec, context, "/readyz", timeout_s)
            version = await _get(spec, context, "/version", timeout_s)
            seen = f"HTTP {ready.status} {_text(ready.body)}"
            reached = ready.status == 200
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            version, seen, reached = None, _reason(error, timeout_s), False
        if reached or clock.monotonic() + PAUSE_S > deadline:
            break
        await clock.sleep(PAUSE_S)
    return (_reached(spec, seen, reached), *_running(spec, version))


def _reached(spec: ClusterSpec, seen: str, reached: bool) -> Finding:
    endpoint = spec.endpoint
    through = "VIP" if endpoint.vip else "endpoint"
    return Finding(
        verdict="ok" if reached else "differs",
        what=f"API through the {through} from the bastion",
        expected=f"https://{_in_url(_target(spec))}:{endpoint.port}/readyz answers ok as "
        f"{endpoint.name} with a certificate of the cluster's CA",
        seen=seen,
    )


def _running(spec: ClusterSpec, answer: Answer | None) -> tuple[Finding, ...]:
    """The version that answered. While a cluster is upgraded it may be another one than asked."""
    if answer is None:
        return ()
    try:
        seen = str(json.loads(answer.body)["gitVersion"])
    except (ValueError, KeyError, TypeError):
        seen = f"HTTP {answer.status} {_text(answer.body)}"
    expected = f"v{spec.kubernetes.version}"
    return (
        Finding(
            verdict="ok" if seen == expected else "differs",
            what="version of the API through the endpoint",
            expected=expected,
            seen=seen,
        ),
    )


def _target(spec: ClusterSpec) -> str:
    """Where the endpoint is: by its name only where no address of it is known."""
    return spec.endpoint_address or spec.endpoint.name


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _get(spec: ClusterSpec, context: ssl.SSLContext, path: str, timeout_s: float) -> Answer:
    """One GET over a connection of its own.

    Raises OSError (ssl.SSLError included), TimeoutError, EOFError, or ValueError for an answer that
    is not HTTP.
    """
    endpoint = spec.endpoint
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(
            _target(spec),
            endpoint.port,
            ssl=context,
            server_hostname=endpoint.name,
        )
        try:
            writer.write(
                f"GET {path} HTTP/1.0\r\nHost: {endpoint.name}:{endpoint.port}\r\n"
                "User-Agent: haui\r\nAccept: */*\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.read(LARGEST_ANSWER)
            while chunk := await reader.read(LARGEST_ANSWER - len(body)):
                body += chunk
        finally:
            writer.transport.abort()
    return Answer(status=_status(head), body=body)


def _status(head: bytes) -> int:
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ValueError("something answers there that does not speak HTTP")
    return int(words[1])


def _ca(admin_conf: bytes) -> str:
    try:
        data = yaml.safe_load(admin_conf)["clusters"][0]["cluster"]["certificate-authority-data"]
        return base64.b64decode(data, validate=True).decode("ascii")
    except (yaml.YAMLError, LookupError, TypeError, binascii.Error, UnicodeDecodeError) as error:
        raise VerifyError(
            "admin.conf holds no CA certificate to check the API with",
            why=str(error).splitlines()[0] if str(error) else "",
            fix="Run haui resume, which fetches admin.conf again from the first control plane.",
        ) from error


def _context(ca: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=ca)
    except ssl.SSLError as error:
        raise VerifyError(
            "the CA certificate in admin.conf can't be read",
            why=str(error),
            fix="Run haui resume, which fetches admin.conf again from the first control plane.",
        ) from error
    return context


def _reason(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"its certificate is not accepted: {error.verify_message}"
        if error.verify_code in _ABOUT_TIME:
            said += f"; this machine's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        return said
    if isinstance(error, EOFError):
        return "the connection was closed before an answer"
    return str(error) or type(error).__name__


def _text(body: bytes) -> str:
    """The first line of a body, readable and short."""
    line = body.decode("utf-8", "replace").strip().splitlines()[:1]
    return "".join(char if char.isprintable() else "?" for char in "".join(line))[:120]

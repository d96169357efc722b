"""Until when the certificate in a kubeconfig is good, for showing; nothing is decided by it.

kubeadm gives all certificates that it makes at once the same life, so that the administrator's own
one tells of the others. Only the few ASN.1 elements on the way to the date are read (X.690, RFC
5280 section 4.1), which needs no library.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from pathlib import Path

from haui.plainfile import read_at_most

_DATA = re.compile(rb"client-certificate-data:\s*([A-Za-z0-9+/=]+)")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----")
_MOST_BYTES = 1 << 20
_SEQUENCE, _VERSION, _UTC_TIME = 0x30, 0xA0, 0x17


def certificate_end(kubeconfig: Path) -> datetime | None:
    """When the client certificate of a kubeconfig ends; None when that can't be known."""
    try:
        found = _DATA.search(read_at_most(kubeconfig, _MOST_BYTES))
        if found is None:
            return None
        pem = _PEM.search(base64.b64decode(found[1], validate=True))
        return _not_after(base64.b64decode(pem[1])) if pem else None
    except (OSError, binascii.Error, ValueError, IndexError):
        return None


def _not_after(der: bytes) -> datetime:
    """Certificate, its signed part, then the validity. Raises ValueError, IndexError."""
    _, certificate, _ = _element(der)
    _, signed, _ = _element(certificate)
    tag, _, rest = _element(signed)
    if tag == _VERSION:
        _, _, rest = _element(rest)
    for _ in ("signature", "issuer"):
        _, _, rest = _element(rest)
    tag, validity, _ = _element(rest)
    if tag != _SEQUENCE:
        raise ValueError("no validity")
    _, _, rest = _element(validity)
    tag, text, _ = _element(rest)
    digits = text.decode("ascii")
    if tag == _UTC_TIME:
        digits = ("20" if int(digits[:2]) < 50 else "19") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows the first element. Raises IndexError, ValueError."""
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 4:
            raise ValueError("a length that is no certificate's")
        length, at = int.from_bytes(data[2 : 2 + count]), 2 + count
    if len(data) < at + length:
        raise ValueError("cut off")
    return tag, data[at : at + length], data[at + length :]

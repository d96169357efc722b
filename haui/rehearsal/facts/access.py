"""What a healthy host tells of itself: access."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_access of steps/scripts prints them."""
    user = host.ssh.user or spec.ssh.user
    yield "ssh.user", user
    yield "ssh.umask", "0022"
    yield "ssh.sudo", "no" if user == "root" else "yes"
    yield "ssh.shell", "/bin/bash"
    if user != "root":
        yield "ssh.path", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    for kind in ("ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"):
        digest = hashlib.sha256(f"{spec.name}/{host.name}/{kind}".encode()).digest()
        yield "ssh.hostkey", f"{kind} {base64.b64encode(digest).decode()}"
    for row in (
        "maxsessions 10", "maxstartups 10:30:100", "clientaliveinterval 0",
        "clientalivecountmax 3", "channeltimeout none", "allowtcpforwarding yes",
        "permitrootlogin prohibit-password",
    ):  # fmt: skip
        yield "sshd", row

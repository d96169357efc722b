"""What some hosts have before haui comes, so that a reset has something to give back; and what all
of them look like then."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from tests.lab.compare import Picture, pictures
from tests.lab.lab import Lab

_INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends"

OWN: Mapping[str, str] = {
    "cp2": """
        printf '10.77.0.99 printer.lab.lan # own\\n' >>/etc/hosts
        dd if=/dev/zero of=/swapfile bs=1M count=4 status=none && chmod 0600 /swapfile
        printf '/swapfile none swap sw,noauto 0 0\\n' >>/etc/fstab
        systemctl daemon-reload
    """,
    "wk1": """
        printf 'net.ipv4.ip_forward = 0\\n' >/etc/sysctl.d/50-own.conf
        printf 'net.ipv4.conf.all.rp_filter = 2\\n' >>/etc/sysctl.d/50-own.conf
        sysctl -q -p /etc/sysctl.d/50-own.conf
        printf 'timeout: 77\\n' >/etc/crictl.yaml && chmod 0640 /etc/crictl.yaml
    """,
    "wk2": f"""
        apt-get -qq update >/dev/null && {_INSTALL} containerd >/dev/null 2>&1
        mkdir -p /etc/containerd && printf 'version = 2\\n# own\\n' >/etc/containerd/config.toml
        systemctl restart containerd
    """,
}  # fmt: skip
"""Host -> what it has of its own: lines in files that haui changes as well, a kernel parameter set
otherwise, a package that haui needs, with a configuration of its own."""


def prepared(lab: Lab) -> dict[str, Picture]:
    """Give hosts what is theirs, and take a picture of each. The first login leaves marks, too."""
    for host in lab.hosts:
        subprocess.run(lab.ssh_command(host, ["true"]), capture_output=True, check=True)
        done = lab.exec(host, ["sh", "-ec", OWN.get(host, ":")])
        assert done.returncode == 0, (host, done.stderr.decode(errors="replace"))
    return pictures(lab)

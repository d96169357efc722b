"""Logins that can not work."""

from __future__ import annotations

from tests.lab.troubles.model import FAKE, Trouble, fake

LOGINS: tuple[Trouble, ...] = (
    Trouble(
        name="sudo without rights",
        make="mv /etc/sudoers.d/ops /root/sudoers.ops",
        seen="sudo",
        undo="mv /root/sudoers.ops /etc/sudoers.d/ops",
    ),
    Trouble(
        name="login that is locked",
        make="usermod -s /usr/sbin/nologin ops",
        seen="login|shell",
        undo="usermod -s /bin/bash ops",
    ),
    Trouble(
        name="a host that hangs",
        make=fake("uname", "sleep 1000") + "; mount --bind /dev/null /proc/uptime",
        seen="",
        undo=f"umount /proc/uptime; rm -f {FAKE}/uname",
    ),
)

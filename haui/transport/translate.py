"""What goes wrong while connecting and logging in, put into words.

Part of the transport, like haui.transport.ssh.
"""

from __future__ import annotations

import errno
import os
import socket

import asyncssh

from haui.errors import ConnectError, HostKeyError
from haui.transport.login import CONNECT_TIMEOUT_S, BusyError, Target, TransientError
from haui.transport.text import clean_line

_OS_ERRORS: dict[int, tuple[str, str]] = {
    errno.ECONNREFUSED: (
        "{where} refuses connections",
        "is sshd running there, and is this its port? (ss -ltnp on the host)",
    ),
    errno.EHOSTUNREACH: ("there is no route to {where}", "check the address, cables and routes"),
    errno.ENETUNREACH: ("there is no route to {where}", "check this machine's network"),
    errno.ETIMEDOUT: ("{where} does not answer", "is the host up, does a firewall drop SSH?"),
    errno.ECONNRESET: (
        "{where} closed the connection before the login",
        "see the host's sshd log (MaxStartups, PerSourcePenalties, a host that is booting)",
    ),
}


def translate(error: Exception, target: Target) -> ConnectError:
    """What went wrong while connecting or logging in, in words."""
    host, where = target.name, target.where
    if isinstance(error, asyncssh.Error):
        return _translate_ssh(error, target)
    if isinstance(error, socket.gaierror):
        return TransientError(
            f"the name {target.address} can't be resolved",
            why=error.strerror or str(error),
            fix="use an IP address in the cluster file, or correct DNS or /etc/hosts",
            host=host,
        )
    if isinstance(error, TimeoutError) and error.errno is None:
        what, fix = _OS_ERRORS[errno.ETIMEDOUT]
        why = f"nothing came within {CONNECT_TIMEOUT_S} s"
        return TransientError(what.format(where=where), why=why, fix=fix, host=host)
    number = _errno(error)
    what, fix = _OS_ERRORS.get(number, ("{where} can't be reached", "check the address and port"))
    kind = BusyError if number == errno.ECONNRESET else TransientError
    return kind(what.format(where=where), why=clean_line(str(error)), fix=fix, host=host)


def _errno(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    # A name with several addresses: asyncio joins their errors into one text.
    texts = {os.strerror(number): number for number in _OS_ERRORS}
    return next((number for text, number in texts.items() if text in str(error)), 0)


def _translate_ssh(error: asyncssh.Error, target: Target) -> ConnectError:
    host, why = target.name, clean_line(str(error))
    too_many = "authentication failures" in why
    if isinstance(error, asyncssh.PermissionDenied) or too_many:
        return ConnectError(
            f"{target.where} does not let {target.user} in with {_means(target)}",
            why=why,
            fix=_permission_fix(target),
            host=host,
        )
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return HostKeyError(
            f"the host key of {target.where} can't be checked",
            why=why,
            fix="host certificates are not supported; pin its key in the cluster file",
            host=host,
        )
    if isinstance(error, asyncssh.ConnectionLost):
        what, fix = _OS_ERRORS[errno.ECONNRESET]
        return BusyError(what.format(where=target.where), why=why, fix=fix, host=host)
    if isinstance(error, asyncssh.ChannelOpenError):
        return TransientError(
            f"the jump host can't reach {target.where}",
            why=why,
            fix="try from the jump host: is the address right, is AllowTcpForwarding on?",
            host=host,
        )
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return ConnectError(
            f"{target.where} and haui have no encryption method in common",
            why=why,
            fix="upgrade the host's OpenSSH, or allow current algorithms in its sshd_config",
            host=host,
        )
    return ConnectError(
        f"{target.where} does not speak SSH as expected",
        why=why,
        fix="is this the port of an SSH server? `ssh -v` shows what it answers",
        host=host,
    )


def _means(target: Target) -> str:
    means = [f"the key {target.key}"] if target.key else []
    means += ["the agent's keys"] if target.agent else []
    means += ["the password"] if target.password else []
    return " or ".join(means) or "the keys in ~/.ssh"


def _permission_fix(target: Target) -> str:
    if target.password and not target.key:
        return (
            f"is HAUI_SSH_PASSWORD the password of {target.user}, and does the host's sshd allow "
            "PasswordAuthentication (for root also PermitRootLogin yes)?"
        )
    return (
        f"add the public key to ~{target.user}/.ssh/authorized_keys on the host, or name another "
        "`user:` or `key:` in the cluster file"
    )

"""The access page: how haui logs in, what it must know for that, and whom it may trust."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from haui.errors import HauiError
from haui.secret import Secret
from haui.transport.credentials import SecretName
from haui.wizard.answers import value_at
from haui.wizard.pages import PageId
from screens.glyphs import state_text, toned
from screens.page import WizardPage
from screens.widgets.form import QuestionForm
from screens.widgets.host_keys import HostKeys
from screens.widgets.secret_line import SecretLine

SECRETS: tuple[tuple[SecretName, str], ...] = (
    ("ssh_password", "SSH password"),
    ("key_passphrase", "Key's passphrase"),
    ("sudo_password", "sudo password"),
)


class AccessPage(WizardPage):
    """Login, secrets, and the table of host keys."""

    page: ClassVar[PageId] = "access"
    draws: ClassVar[bool] = False
    DEFAULT_CSS = """
    AccessPage #simulated { margin-bottom: 1; }
    AccessPage #secrets { height: auto; }
    """
    help_text = (
        "haui logs in to every host over SSH and becomes root there with sudo. Without a key, the "
        "agent or a password it tries the usual keys in ~/.ssh.\n\nPasswords are kept in memory "
        "only: they are asked for again when an install is resumed. HAUI_SSH_PASSWORD, "
        "HAUI_SUDO_PASSWORD and HAUI_KEY_PASSPHRASE give them, too.\n\nA host key that nobody has "
        "seen before could be anybody's. Compare the fingerprints with what the consoles of the "
        "hosts show (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then accept them. From "
        "then on another key is refused."
    )

    def compose_page(self) -> ComposeResult:
        if self.desk.rehearsal:
            note = "The hosts of a rehearsal are simulated: haui logs in with a key of its own."
            yield Static(toned(note, "accent"), id="simulated", markup=False)
        yield QuestionForm(self.page, self.desk, glyphs=self.world.glyphs)
        with Vertical(id="secrets"):
            yield Static(Content("Secrets"), classes="group", markup=False)
        yield Static(Content("Host keys"), classes="group", markup=False)
        yield HostKeys(self.world.glyphs)

    def on_mount(self) -> None:
        self.look_at_keys()

    def answers_changed(self) -> None:
        self._follow_secrets()

    def next_refused(self) -> bool:
        """Nobody can log in to a host whose key was not accepted."""
        table = self.query_one(HostKeys)
        count = len(table.new_keys)
        if not count:
            return False
        table.take_focus()
        keys = "a host key is" if count == 1 else f"{count} host keys are"
        self.say(f"Not yet: {keys} new. Compare, then press a to accept.", "warn")
        return True

    def wanted_secrets(self) -> list[tuple[SecretName, str]]:
        """The secrets that the answers make necessary, or possible."""
        ssh = self.desk.value(("ssh",)) or {}
        wanted = {
            "ssh_password": value_at(ssh, ("password",)) is True,
            "key_passphrase": bool(value_at(ssh, ("key",))),
            "sudo_password": value_at(ssh, ("sudo",)) == "password",
        }
        return [(name, label) for name, label in SECRETS if wanted[name]]

    def _follow_secrets(self) -> None:
        """One line for each secret that is wanted; the lines that stay keep what was typed."""
        group = self.query_one("#secrets", Vertical)
        wanted = [] if self.desk.rehearsal else self.wanted_secrets()
        group.display = bool(wanted)
        there = {line.secret_name: line for line in group.query(SecretLine)}
        for name, line in there.items():
            line.display = name in dict(wanted)
        for name, label in wanted:
            if name not in there:
                group.mount(SecretLine(name, label, self.world.glyphs, known=False))
        if wanted:
            self._learn_known()

    @work(group="known-secrets", exclusive=True, exit_on_error=False)
    async def _learn_known(self) -> None:
        """Say which secrets are known already, e.g. from the environment."""
        await asyncio.to_thread(import_module, "haui.live.site")
        credentials = self.world.site(False).credentials
        for line in self.query(SecretLine):
            line.known = credentials.peek(line.secret_name) is not None

    @on(SecretLine.Given)
    def _given(self, event: SecretLine.Given) -> None:
        secret = Secret(event.secret) if event.secret else None
        self.world.site(False).credentials.give(event.name, secret)

    @on(HostKeys.Asked)
    def _asked(self) -> None:
        self.look_at_keys()

    @work(group="host-keys", exclusive=True, exit_on_error=False)
    async def look_at_keys(self) -> None:
        """Ask every host for its key, without logging in, and show what came of it."""
        table = self.query_one(HostKeys)
        spec = self.desk.spec()
        if spec is None:
            text = "When the pages before are filled in, the hosts' keys are shown here."
            table.say(toned(text, "dim"))
            return
        glyphs = self.world.glyphs
        hosts = f"{len(spec.hosts)} host{'s' if len(spec.hosts) != 1 else ''}"
        table.say(state_text("checking", glyphs, f"asking {hosts} for their keys …"))
        # The SSH client takes a moment to be imported; keys must go on being heard meanwhile.
        await asyncio.to_thread(import_module, "haui.live.site")
        try:
            rows = await self.world.site(self.desk.rehearsal).host_keys(spec)
        except HauiError as error:
            table.say(state_text("failed", glyphs, error.what))
            return
        table.show(rows)

    @on(HostKeys.Accepted)
    def _accepted(self, event: HostKeys.Accepted) -> None:
        """An accepted key is an answer: the host's fingerprint. Undo takes it back."""
        hosts: list[dict[str, Any]] = [dict(host) for host in self.desk.value(("hosts",)) or ()]
        for host in hosts:
            fingerprint = event.keys.get(host.get("name", ""))
            if fingerprint:
                host["fingerprint"] = fingerprint
            elif fingerprint == "":
                host.pop("fingerprint", None)
        self.desk.set_hosts(hosts)
        self.look_at_keys()

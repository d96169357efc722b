"""What is asked on the access page. Passwords are asked for there as well, but are no answers."""

from __future__ import annotations

from haui.wizard.question import Choice, Question

ACCESS = (
    Question(loc=("ssh", "user"), page="access", group="Login", label="User", kind="text"),
    Question(loc=("ssh", "port"), page="access", group="Login", label="Port", kind="number"),
    Question(loc=("ssh", "key"), page="access", group="Login", label="Private key", kind="file"),
    Question(loc=("ssh", "agent"), page="access", group="Login", label="SSH agent", kind="flag"),
    Question(loc=("ssh", "password"), page="access", group="Login", label="Password", kind="flag"),
    Question(
        loc=("ssh", "sudo"),
        page="access",
        group="Becoming root",
        label="sudo",
        kind="choice",
        choices=(
            Choice(
                value="auto",
                label="Automatic",
                note="Not at all as root, else sudo without a password.",
                recommended=True,
            ),
            Choice(value="password", label="With a password", note="Asked for, kept in memory."),
            Choice(value="nopasswd", label="Without a password"),
            Choice(value="none", label="No sudo", note="The login is root already."),
        ),
    ),
    Question(
        loc=("ssh", "jump"), page="access", group="On the way", label="Jump host", kind="text"
    ),
)

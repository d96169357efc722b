"""Troubles of the clock, of packages and of the login."""

from __future__ import annotations

from tests.lab.troubles.model import FAKE, Trouble, fake, in_background, no_unit, unit

LOCK = (
    "import fcntl,time\\n"
    'lock=open("/var/lib/dpkg/lock-frontend","a")\\n'
    "fcntl.lockf(lock,fcntl.LOCK_EX)\\n"
    "time.sleep(600)\\n"
)
NO_CONTAINER = (
    fake("systemd-detect-virt", "echo none; exit 1")
    + "; "
    + fake("systemctl", '/usr/bin/systemctl "$@" | sed "s/^Virtualization=.*/Virtualization=/"')
)
OLD_KUBELET = (
    "mkdir -p /root/old/DEBIAN && printf '%s\\n' 'Package: kubelet' 'Version: 1.19.0-1'"
    " 'Architecture: amd64' 'Maintainer: me <me@lab>' 'Description: old' >/root/old/DEBIAN/control"
    " && dpkg-deb -b /root/old /root/old.deb >/dev/null && dpkg -i /root/old.deb >/dev/null"
    " && echo kubelet hold | dpkg --set-selections"
)

TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        name="clock off by 10 s",
        make=fake(
            "date",
            'case "$*" in +%s.%N) /bin/date -d "-10 sec" +%s.%N ;; *) exec /bin/date "$@" ;; esac',
        ),
        check="fleet.clock",
        seen=r"^(9\.[5-9]|10\.\d) s behind",
        mend=f"rm {FAKE}/date",
        undo=f"rm -f {FAKE}/date",
    ),
    Trouble(
        name="stopped time service",
        # In a container the clock is the machine's; this one says that it is none.
        make=unit("chrony.service") + "; " + NO_CONTAINER,
        check="clock.service",
        verdict="warning",
        seen="chrony",
        mend=f"rm {FAKE}/systemctl {FAKE}/systemd-detect-virt; " + no_unit("chrony.service"),
        undo=f"rm -f {FAKE}/systemctl {FAKE}/systemd-detect-virt; " + no_unit("chrony.service"),
        also=("clock.synchronised", "kernel.cgroup", "kernel.modules-folder", "system.load"),
    ),
    Trouble(
        name="package lock held",
        make=f"printf '{LOCK}' >/root/lock.py; " + in_background("lock", "python3 /root/lock.py"),
        check="supply.lock",
        verdict="warning",
        seen="python3",
        mend="systemctl stop lock",
        undo="systemctl stop lock 2>/dev/null; rm -f /root/lock.py",
    ),
    Trouble(
        name="held package",
        make=OLD_KUBELET,
        check="supply.held",
        verdict="warning",
        seen="kubelet 1.19",
        mend="dpkg --purge kubelet 2>/dev/null",
        undo="dpkg --purge kubelet 2>/dev/null; rm -rf /root/old /root/old.deb",
    ),
    Trouble(
        name="noisy shell profile",
        make="echo 'echo Welcome to this host' >/home/ops/.noise;"
        " cp /home/ops/.bashrc /root/bashrc 2>/dev/null || : >/root/bashrc;"
        " sed -i '1i echo Welcome to this host' /home/ops/.bashrc 2>/dev/null ||"
        " echo 'echo Welcome to this host' >/home/ops/.bashrc",
        check="ssh.clean",
        verdict="warning",
        seen="Welcome to this host",
        mend="cat /root/bashrc >/home/ops/.bashrc",
        undo="rm -f /home/ops/.noise; test ! -s /root/bashrc && rm -f /home/ops/.bashrc; true",
    ),
    Trouble(
        name="another login shell",
        make=fake("fish", 'exec /bin/sh "$@"') + f"; usermod -s {FAKE}/fish ops",
        check="ssh.shell",
        verdict="info",
        seen="fish",
        mend="usermod -s /bin/bash ops",
        undo=f"usermod -s /bin/bash ops; rm -f {FAKE}/fish",
    ),
    Trouble(
        name="sshd allows one session",
        make="sed -i '1i MaxSessions 1' /etc/ssh/sshd_config && systemctl reload ssh",
        check="ssh.sessions",
        verdict="warning",
        seen="1",
        undo="sed -i '/^MaxSessions/d' /etc/ssh/sshd_config; systemctl reload ssh",
    ),
    Trouble(
        name="configuration management at work",
        make=unit("puppet.service") + "; systemctl start puppet.service",
        check="ssh.managers",
        verdict="warning",
        seen="puppet",
        undo=no_unit("puppet.service"),
    ),
)

"""Troubles of the clock, of packages and of the login."""

from __future__ import annotations

from tests.lab.troubles.model import FAKE, Trouble, fake, in_background, no_unit, unit

LOCK = (
    'use Fcntl; open(F,"+>>","/var/lib/dpkg/lock-frontend"); '
    'fcntl(F,F_SETLK,pack("s s x4 q q i x4",F_WRLCK,0,0,0,0)) or die; sleep 600'
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
        make=fake("systemd-detect-virt", "echo none; exit 1") + "; " + unit("chrony.service"),
        check="clock.service",
        verdict="warning",
        seen="chrony",
        mend=f"rm {FAKE}/systemd-detect-virt; " + no_unit("chrony.service"),
        undo=f"rm -f {FAKE}/systemd-detect-virt; " + no_unit("chrony.service"),
        also=("clock.synchronised", "disks.etcd-type", "kernel.modules-folder"),
    ),
    Trouble(
        name="package lock held",
        make=f"printf '%s\\n' '{LOCK}' >/root/lock.pl; "
        + in_background("lock", "perl /root/lock.pl"),
        check="supply.lock",
        verdict="warning",
        seen="perl",
        mend="systemctl stop lock",
        undo="systemctl stop lock 2>/dev/null; rm -f /root/lock.pl",
    ),
    Trouble(
        name="held package",
        make="echo containerd hold | dpkg --set-selections",
        check="supply.held",
        verdict="warning",
        seen="containerd",
        undo="echo containerd deinstall | dpkg --set-selections",
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

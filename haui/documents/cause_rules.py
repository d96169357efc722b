"""The table of known failures: what a line looks like, what is likely behind it, what to do. Here
those of access and of a machine.

Data only; haui.documents.causes reads it. The order counts: the first rule that matches a line
wins, so what is specific stands before what is general. The wording of the lines is that of
OpenSSH, sudo, apt, dpkg, dnf, containerd, kubeadm, etcd, keepalived, haproxy, nginx and haui's own
scripts, matched loosely, since it changes between versions.

In `cause`, `fix` and `command` stand {endpoint}, {vip} and {repository} for what the cluster file
says. In `cause` a named group of the pattern may stand, too; never in `command`, which people
paste: what a host printed must not get there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One known failure. `steps` are beginnings of the step ids that it is for; empty: all."""

    id: str
    pattern: str
    cause: str
    fix: str
    command: str = ""
    steps: tuple[str, ...] = ()


ACCESS = (
    Rule(
        id="host-key-changed",
        pattern=r"host key of .{1,200} has changed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        cause="the host was installed again, or something between here and it answers in its place",
        fix="Compare the key on the host's console; only then take the old one out of known_hosts.",
        command="ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub",
    ),
    Rule(
        id="host-key-unknown",
        pattern=r"host key of .{1,200} is not known|Host key verification failed",
        cause="nobody has confirmed this host's key yet",
        fix="Compare the key on the host's console and put it beside the host as fingerprint.",
        command="ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub",
    ),
    Rule(
        id="ssh-busy",
        pattern=r"kex_exchange_identification|closed .{0,40}before the login|MaxStartups",
        cause="sshd turns away connections because too many log in at once (MaxStartups)",
        fix="Try again; when it stays, raise MaxStartups in the host's sshd_config or look for "
        "what else knocks at it.",
    ),
    Rule(
        id="ssh-login",
        pattern=r"Permission denied \(publickey|does not let \S+ in with",
        cause="the host does not accept this login's key or password",
        fix="Put the public key into the login's ~/.ssh/authorized_keys on the host, or correct "
        "ssh.user and ssh.key.",
    ),
    Rule(
        id="sudo-password",
        pattern=r"sudo: .{0,60}password is required|sudo: a terminal is required"
        r"|sudo: sorry, you must have a tty",
        cause="sudo on the host wants a password and was given none",
        fix="Say sudo: password under ssh in the cluster file, or allow the login NOPASSWD.",
    ),
    Rule(
        id="sudo-refused",
        pattern=r"is not in the sudoers file|is not allowed to (?:execute|run sudo)"
        r"|may not run sudo",
        cause="the login may not become root on this host",
        fix="Add the login to the host's sudoers, or log in as root.",
    ),
)

MACHINE = (
    Rule(
        id="etcd-space",
        pattern=r"mvcc: database space exceeded|alarm:\s?NOSPACE",
        cause="etcd's database has reached its quota and takes no more writes",
        fix="Compact and defragment etcd, then disarm the alarm.",
    ),
    Rule(
        id="disk-full",
        pattern=r"No space left on device|don't have enough free space|disk quota exceeded",
        cause="a file system of the host is full",
        fix="Make room, mostly in /var; images and packages need several GB.",
        command="df -h / /var /var/lib/containerd /boot",
    ),
    Rule(
        id="disk-read-only",
        pattern=r"Read-only file system",
        cause="a file system is mounted read-only, often after an error of the disk",
        fix="Look at the kernel's messages, repair the file system and mount it for writing.",
        command="dmesg --level=err,warn | tail -n 30",
    ),
    Rule(
        id="out-of-memory",
        pattern=r"Out of memory: Killed process|oom[-_]kill|Cannot allocate memory",
        cause="the host ran out of memory and the kernel ended a process",
        fix="Give the host more memory or stop what else runs on it.",
        command="free -m",
    ),
    Rule(
        id="swap",
        pattern=r"running with swap on is not supported|\[ERROR Swap\]",
        cause="swap is on (again), and the kubelet does not start then",
        fix="Turn it off and see what turns it on: fstab, a systemd .swap unit, or zram.",
        command="swapoff -a; systemctl list-units --type=swap",
    ),
    Rule(
        id="br-netfilter",
        pattern=r"bridge-nf-call-ip6?tables|Module br_netfilter not found",
        cause="the kernel module br_netfilter is not loaded or not installed",
        fix="Install the modules of the running kernel, or reboot into the installed one.",
        command="modprobe br_netfilter; uname -r; ls /lib/modules",
    ),
    Rule(
        id="kernel-module",
        pattern=r"modprobe: FATAL: Module \w{1,40} not found"
        r"|kernel module \w{1,40} (?:does not exist|failed)",
        cause="the running kernel has no such module: mostly a kernel update without a reboot",
        fix="Install the modules of the running kernel, or reboot into the installed one.",
        command="uname -r; ls /lib/modules",
    ),
    Rule(
        id="ip-forward",
        pattern=r"ip_forward contents are not set to 1",
        cause="the kernel does not forward packets between pods and hosts",
        fix="See which file in /etc/sysctl.d turns it off, and take that line out.",
        command="grep -rn ip_forward /etc/sysctl.conf /etc/sysctl.d",
    ),
    Rule(
        id="conntrack",
        pattern=r"FileExisting-conntrack|conntrack(?::| not found| .{0,40}executable file)",
        cause="the tool conntrack is not installed, which kubeadm and kube-proxy need",
        fix="Install the package conntrack (Debian, Ubuntu) or conntrack-tools (RHEL family).",
    ),
    Rule(
        id="missing-tool",
        pattern=r"\[ERROR FileExisting-[\w.-]{1,40}\]|executable file not found in \$PATH",
        cause="a program that kubeadm needs is not installed",
        fix="Install the package with the program that the line names, then try again.",
    ),
    Rule(
        id="cgroup-v1",
        pattern=r"cgroup ?v1|cgroups v1",
        cause="the host boots with cgroup v1, which Kubernetes 1.35 and later refuse",
        fix="Boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in "
        "advanced.kubeadm.KubeletConfiguration.",
        command="stat -fc %T /sys/fs/cgroup",
    ),
    Rule(
        id="cgroup-driver",
        pattern=r"cgroup driver|cgroupsPath to be of format",
        cause="kubelet and containerd manage cgroups in two ways (cgroupfs and systemd)",
        fix="Take settings of SystemdCgroup and cgroupDriver out of advanced, and run haui again.",
        command="crictl info | grep -i cgroup; grep cgroupDriver /var/lib/kubelet/config.yaml",
    ),
    Rule(
        id="clock",
        pattern=r"certificate has expired or is not yet valid|is not valid yet"
        r"|clock is not synchronised|Not live until",
        cause="the host's clock is wrong, so that certificates or signatures look not yet valid or "
        "expired",
        fix="Set the clock and give the host a time source; then try again.",
        command="timedatectl; chronyc tracking",
    ),
    Rule(
        id="processors",
        pattern=r"number of available CPUs|\[ERROR NumCPU\]",
        cause="the host has fewer processors than kubeadm asks for",
        fix="Give it two, or put NumCPU into advanced.ignore_preflight_errors for a test.",
    ),
    Rule(
        id="memory",
        pattern=r"less than the minimum \d{1,6} MB|\[ERROR Mem\]",
        cause="the host has less memory than kubeadm asks for",
        fix="Give it more, or put Mem into advanced.ignore_preflight_errors for a test.",
    ),
    Rule(
        id="open-files",
        pattern=r"too many open files|inotify.{0,60}(?:limit|reached)|inotify_init",
        cause="the host's limit of inotify watches or open files is used up",
        fix="Raise fs.inotify.max_user_instances and fs.inotify.max_user_watches.",
        command="sysctl fs.inotify",
    ),
    Rule(
        id="selinux",
        pattern=r"SELinux is preventing|avc:\s{1,4}denied",
        cause="SELinux forbids what the program wants to do",
        fix="Look at the denial; for haproxy it is mostly the boolean haproxy_connect_any.",
        command="ausearch -m avc -ts recent",
    ),
    Rule(
        id="apparmor",
        pattern=r'apparmor="DENIED"|apparmor_parser: (?:command )?not found',
        cause="AppArmor forbids what the program wants to do, or its tools are missing",
        fix="Look at the denial in the kernel's log, or install the package apparmor.",
        command="dmesg | grep -i apparmor | tail",
    ),
)

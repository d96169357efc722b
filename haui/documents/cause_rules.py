"""The table of known failures: what a line looks like, what is likely behind it, what to do.

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

PACKAGES = (
    Rule(
        id="package-lock",
        pattern=r"Could not get lock|Unable to (?:acquire|lock).{0,60}(?:dpkg|apt)"
        r"|Waiting for cache lock|holding the yum lock",
        cause="another program installs packages at the same time, after boot mostly "
        "unattended-upgrades",
        fix="Wait until it is done, then try again.",
        command="ps -ef | grep -E 'apt|dpkg|unattended|dnf|yum'",
    ),
    Rule(
        id="dpkg-interrupted",
        pattern=r"dpkg was interrupted",
        cause="an earlier installation of packages was cut off half-way",
        fix="Let dpkg finish it, then try again.",
        command="dpkg --configure -a",
    ),
    Rule(
        id="signature",
        pattern=r"NO_PUBKEY|EXPKEYSIG|KEYEXPIRED|BADSIG|GPG check FAILED|is not signed"
        r"|signatures (?:couldn't be verified|were invalid)",
        cause="the key that signs the package source is missing, expired or another one",
        fix="Name the mirror's present public key in supply.packages.key; for a source of the "
        "host's own, install its key.",
    ),
    Rule(
        id="package-version",
        pattern=r"E: Version .{1,80} was not found|Unable to locate package"
        r"|offers no \S+|has no installation candidate|No match for argument",
        cause="the package source does not have this package in the version that is asked for",
        fix="Set kubernetes.version to one that the source has, or add the version to the mirror.",
        command="apt-cache madison kubeadm",
    ),
    Rule(
        id="package-404",
        pattern=r"Failed to fetch .{1,300}404|\b404\s{1,3}Not Found \[|Status code: 404",
        cause="the mirror's index names a file that the mirror does not have (any more)",
        fix="Refresh the package lists; if it stays, the mirror is stale: use another one.",
        command="apt-get update",
    ),
    Rule(
        id="no-release-file",
        pattern=r"does not have a Release file|Malformed entry|repomd\.xml"
        r"|Failed to download metadata for repo",
        cause="a configured package source does not exist at that address",
        fix="Correct supply.packages.mirror, or take the host's own broken source away.",
    ),
    Rule(
        id="mirror-updating",
        pattern=r"Hash Sum mismatch|File has unexpected size",
        cause="the mirror is being updated, or a proxy serves old files",
        fix="Wait a few minutes and try again; else bypass the proxy's cache.",
    ),
    Rule(
        id="unmet-dependencies",
        pattern=r"unmet dependencies|held broken packages|pkgProblemResolver",
        cause="packages of the host contradict each other: often a held one or containerd.io "
        "beside containerd",
        fix="See what is held and take one of the two away.",
        command="apt-mark showhold; dpkg -l | grep -E 'containerd|runc|docker'",
    ),
)

SUPPLY = (
    Rule(
        id="proxy-refused",
        pattern=r"407 Proxy Authentication|proxyconnect tcp|Received HTTP code \d{3} from proxy",
        cause="the HTTP proxy can't be reached or does not let this host through",
        fix="Correct supply.proxy, or let the proxy's owner allow the hosts and these addresses.",
    ),
    Rule(
        id="proxy-in-the-way",
        pattern=r"\[WARNING HTTPProxy|requested URL could not be retrieved|X-Squid-Error"
        r"|ERR_ACCESS_DENIED",
        cause="the HTTP proxy answers for addresses of the cluster: no_proxy does not hold them",
        fix="Take proxy variables of the hosts' own away (/etc/environment), and add what is "
        "missing to supply.proxy.no_proxy.",
        command="env | grep -i proxy; grep -i proxy /etc/environment",
    ),
    Rule(
        id="dns",
        pattern=r"Temporary failure (?:in name resolution|resolving)|Could not resolve"
        r"|lookup \S{1,200}(?: on \S{1,100})?:? .{0,60}(?:no such host|misbehaving|i/o timeout)"
        r"|Name or service not known|can't be resolved",
        cause="the host can't resolve a name: its DNS server is wrong, away, or does not know it",
        fix="Correct the host's resolver, or add the name to its DNS.",
        command="cat /etc/resolv.conf; getent hosts registry.k8s.io",
    ),
    Rule(
        id="registry-limit",
        pattern=r"toomanyrequests|429 Too Many Requests|pull rate limit",
        cause="the registry's limit of pulls for this address is used up",
        fix="Wait, or name a mirror in supply.images.registries.",
    ),
    Rule(
        id="registry-ca",
        pattern=r"(?:pull|/v2/|manifests|registry).{0,400}x509: certificate signed by unknown",
        cause="the registry's certificate is signed by an authority that the host does not know",
        fix="Name the authority's PEM file in supply.images.ca.",
    ),
    Rule(
        id="registry-http",
        pattern=r"server gave HTTP response to HTTPS client",
        cause="the registry speaks plain HTTP where HTTPS is expected",
        fix="Write the mirror as http://… in supply.images.registries, or give it a certificate.",
    ),
    Rule(
        id="registry-login",
        pattern=r"pull access denied|no basic auth credentials|401 Unauthorized"
        r"|authorization failed|insufficient_scope",
        cause="the registry wants a login, or this one may not read the image",
        fix="Say supply.images.username and give HAUI_REGISTRY_PASSWORD, or make the project "
        "public.",
    ),
    Rule(
        id="image-platform",
        pattern=r"no match for platform|exec format error",
        cause="the image does not exist for this host's processor",
        fix="Copy the images for all architectures to the mirror (skopeo copy --all).",
        command="uname -m",
    ),
    Rule(
        id="image-pause",
        pattern=r"(?:failed to|Failed|can't).{0,200}\bpause[:@]\S",
        cause="the pause image, which each pod begins with, can't be pulled from where containerd "
        "looks for it",
        fix="Put pause into the mirror {repository}, under the version that the line names.",
        command="grep -rn -e sandbox /etc/containerd/config.toml; crictl images | grep pause",
    ),
    Rule(
        id="image-absent",
        pattern=r"manifest unknown|MANIFEST_UNKNOWN|failed to resolve reference .{1,300}not found"
        r"|NAME_UNKNOWN|repository does not exist",
        cause="the registry does not have this image or this version of it",
        fix="Copy it to {repository}, or correct supply.images and the versions.",
        command="kubeadm config images list",
    ),
    Rule(
        id="image-pull",
        pattern=r"ErrImagePull|ImagePullBackOff|failed to pull (?:and unpack )?image"
        r"|\[ERROR ImagePull\]|image \S+ can't be pulled",
        cause="an image can't be pulled: the registry is away, or DNS, a proxy or a firewall is in "
        "between",
        fix="Pull the image by hand on the host; the message tells which of them it is.",
        command="crictl pull registry.k8s.io/pause:3.10",
    ),
    Rule(
        id="mirror-timeout",
        pattern=r"Could not connect to \S+.{0,120}(?:timed out|refused)|Cannot initiate the conn"
        r"|Curl error \((?:7|28)\)|All mirrors were tried|Failed to fetch .{1,300}timed out",
        cause="the package mirror does not answer: a firewall, a missing proxy, or it is away",
        fix="Open the way to it, or name supply.proxy or a mirror that can be reached.",
        command="curl -sSI https://pkgs.k8s.io/",
        steps=("packages", "runtime", "system", "endpoint", "preflight"),
    ),
)

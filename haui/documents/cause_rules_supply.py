"""The table of known failures of packages, images and the ways to them.

See haui.documents.cause_rules for what the fields mean and which order counts.
"""

from __future__ import annotations

from haui.documents.cause_rules import Rule

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

"""The field types of the cluster file: each one is a rule with its own sentence.

Everything that a host will ever see as a parameter is checked here, so that no control character,
line break or leading dash can come out of the cluster file. The checks are plain functions, usable
by a form that validates a single answer; they raise `PydanticCustomError`, which is a ValueError.

It is long because it is one table: whoever adds a field finds its rule, or the one beside it, here.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, Strict
from pydantic_core import PydanticCustomError

from haui.printable import ODD, brief

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

FLOOR_MINOR, NEWEST_MINOR = 20, 36
"""The Kubernetes minors this version of haui knows how to install (1.20 to 1.36)."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_VERSION = r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
_URL_PATH = r"(?:/[A-Za-z0-9._~%@+=:,/-]*)?"
_LABEL_VALUE = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_IMAGE_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_ODD = re.compile(f"[{ODD}]")
_ODD_BUT_BREAKS = re.compile(rf"(?![\n\t])[{ODD}]")


def fault(what: str, at: Sequence[str | int] = ()) -> PydanticCustomError:
    """An error with our own sentence; `at` leads on from the field to the bad part inside it."""
    return PydanticCustomError("haui", "{what}", {"what": what, "at": tuple(at)})


def shown(value: object) -> str:
    """A value as it may stand in a message: quoted, one line, at most 60 characters of it."""
    return f"'{brief(value if isinstance(value, str) else repr(value))}'"


def line(value: str) -> str:
    """Text that can travel as one parameter: not empty, one line, no leading dash."""
    if not value.strip() or value != value.strip():
        raise fault(f"{shown(value)} is empty or has blanks around it")
    if odd := _ODD.search(value):
        raise fault(f"{shown(value)} holds {_odd(odd[0])}")
    if value.startswith("-"):
        raise fault(f"{shown(value)} starts with a dash")
    return value


def _odd(char: str) -> str:
    """What is wrong with a character that no value may have."""
    if char in "\n\r\x85\u2028\u2029":
        return "a line break"
    kind = "a control character" if char < "\xa0" else "a character that is not seen"
    return f"{kind} (U+{ord(char):04X})"


def dns_label(value: str) -> str:
    """An RFC 1123 label, as the name of a cluster."""
    if not re.fullmatch(_LABEL, value):
        raise fault(
            f"{shown(value)} is not a valid name: at most 63 small letters, digits and '-', "
            "with a letter or digit at both ends"
        )
    return value


def dns_name(value: str) -> str:
    """An RFC 1123 subdomain: labels with dots between them, at most 253 characters."""
    if is_address(value) or value.rpartition(".")[2].isdigit():
        raise fault(f"{shown(value)} is an address, a name is needed here")
    if len(value) > 253 or not re.fullmatch(_SUBDOMAIN, value):
        raise fault(
            f"{shown(value)} is not a DNS name: small letters, digits and '-' "
            "in labels of at most 63 characters with dots between them"
        )
    if value == "localhost" or value.endswith(".localhost"):
        raise fault(f"{shown(value)} means another machine on every machine")
    return value


def node_name(value: str) -> str:
    """A host name that serves as node name: a DNS name of at most 63 characters."""
    if len(value) > 63:
        raise fault(f"{shown(value)} has {len(value)} characters, a host name has at most 63")
    return value if re.fullmatch(r"[0-9]+", value) else dns_name(value)


def is_address(value: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def address(value: str) -> str:
    """An IPv4 or IPv6 address in its usual spelling, without zone or prefix length."""
    if "/" in value:
        raise fault(f"{shown(value)} has a prefix length, only the address is wanted")
    if "%" in value or not is_address(value):
        raise fault(f"{shown(value)} is not an IPv4 or IPv6 address")
    return str(ipaddress.ip_address(value))


def cidr(value: str) -> str:
    """One network in CIDR notation whose host bits are zero."""
    if "," in value:
        raise fault(f"{shown(value)} names two networks; dual stack is not in this version")
    if "/" not in value:
        raise fault(f"{shown(value)} lacks its prefix length")
    try:
        network = ipaddress.ip_network(value, strict=False)
        exact = ipaddress.ip_interface(value)
    except ValueError:
        raise fault(f"{shown(value)} is not a network in CIDR notation") from None
    if exact.ip != network.network_address:
        raise fault(f"{shown(value)} has host bits set; the network is {network}")
    return str(network)


def version(value: str) -> str:
    """A full Kubernetes version between 1.20.0 and the newest minor that is known."""
    if value.startswith("v") and re.fullmatch(_VERSION, value[1:]):
        raise fault(f"{shown(value)}: write it without the 'v': {value[1:]}")
    match = re.fullmatch(_VERSION, value)
    if not match:
        raise fault(f"{shown(value)} is not a full version (major.minor.patch)")
    major, minor = int(match[1]), int(match[2])
    if (major, minor) < (1, FLOOR_MINOR):
        raise fault(f"{shown(value)} is too old: haui installs 1.{FLOOR_MINOR} and newer")
    if (major, minor) > (1, NEWEST_MINOR):
        raise fault(f"{shown(value)} is newer than this haui, which knows up to 1.{NEWEST_MINOR}")
    return value


def release(value: str) -> str:
    """The version of an add-on: X.Y.Z without `v`, with an optional suffix."""
    if not re.fullmatch(rf"{_VERSION}(?:-[0-9A-Za-z.-]{{1,40}})?", value):
        raise fault(f"{shown(value)} is not a full version without a leading 'v'")
    return value


def _host_port(value: str) -> bool:
    """Whether the text is a host name, an IPv4 or a bracketed IPv6 address, with a port or not."""
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::([0-9]{1,5}))?", value)
    match = bracketed or re.fullmatch(r"([A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?", value)
    if not match or (match[2] and not 1 <= int(match[2]) <= 65535):
        return False
    if bracketed or re.fullmatch(r"[0-9.]+", match[1]):
        return is_address(match[1])
    return bool(re.fullmatch(_SUBDOMAIN, match[1].lower()))


def host(value: str) -> str:
    """Where to connect: a DNS name or an address."""
    return address(value) if is_address(value) else dns_name(value)


def url(value: str) -> str:
    """An http or https URL without login, query or fragment."""
    match = re.fullmatch(rf"https?://([^/?#\s]+)({_URL_PATH})", value)
    if match and "@" in match[1]:
        raise fault("a URL in this file must not hold a login; secrets are asked for")
    if not match or not _host_port(match[1]):
        raise fault(f"{shown(value)} is not an http:// or https:// URL")
    return value.rstrip("/")


def user(value: str) -> str:
    """A login name, directory-service spellings (dots, @, backslash) included."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}\$?", value):
        raise fault(f"{shown(value)} is not a user name")
    return value


def registry_user(value: str) -> str:
    """A registry login; a colon would end it in HTTP basic authentication, and a registry reads a
    line of its file of logins that begins with # as a comment."""
    if ":" in line(value) or " " in value or value.startswith("#"):
        raise fault(f"{shown(value)} is not a registry user: no colon, no blank and no # in front")
    return value


def jump(value: str) -> str:
    """`[user@]host[:port]` of a jump host; an IPv6 address stands in brackets."""
    name, at, where = value.rpartition("@")
    if at:
        user(name)
    if not _host_port(where):
        raise fault(f"{shown(value)} is not [user@]host[:port]")
    return value


def interface(value: str) -> str:
    """The name of a network interface (at most 15 characters in Linux)."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}", value):
        raise fault(f"{shown(value)} is not the name of a network interface")
    return value


def fingerprint(value: str) -> str:
    """An OpenSSH SHA256 fingerprint, as `ssh-keygen -l` prints it."""
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", value):
        raise fault(f"{shown(value)} is not a SHA256 fingerprint ('SHA256:' and 43 characters)")
    return value


def label_key(value: str) -> str:
    """A Kubernetes label key: an optional DNS prefix with '/', and a name of at most 63."""
    prefix, slash, name = value.rpartition("/")
    if slash and not (len(prefix) <= 253 and re.fullmatch(_SUBDOMAIN, prefix)):
        raise fault(f"{shown(value)}: the part before '/' must be a DNS name")
    if not re.fullmatch(_LABEL_VALUE, name):
        raise fault(
            f"{shown(value)} is not a label key: at most 63 letters, digits, '-', '_' and '.'"
        )
    return value


def label_value(value: str) -> str:
    """A Kubernetes label value: empty, or at most 63 letters, digits, '-', '_' and '.'."""
    if value and not re.fullmatch(_LABEL_VALUE, value):
        raise fault(
            f"{shown(value)} is not a label value: at most 63 letters, digits, '-', '_' and '.', "
            "with a letter or digit at both ends"
        )
    return value


def registry(value: str) -> str:
    """The upstream registry whose images are mirrored: host, with a port or not."""
    if not _host_port(value) or value != value.lower():
        raise fault(f"{shown(value)} is not a registry (host or host:port, without a scheme)")
    return value


def image_repository(value: str) -> str:
    """A registry with an optional path: what stands before `/kube-apiserver:v…`."""
    where, *path = value.split("/")
    if not _host_port(where) or not all(re.fullmatch(_IMAGE_PATH, part) for part in path):
        raise fault(f"{shown(value)} is not an image repository (host[:port]/path, no scheme)")
    return value


def image(value: str) -> str:
    """An image reference with a tag or a digest."""
    match = re.fullmatch(r"(.+?)(?::([\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?", value, re.A)
    if not match or not (match[2] or "@sha256:" in value):
        raise fault(f"{shown(value)} is not an image with a tag or digest")
    return image_repository(match[1]) and value


def image_tag(value: str) -> str:
    """The tag of an image."""
    if not re.fullmatch(r"\w[\w.-]{0,127}", value, re.A):
        raise fault(f"{shown(value)} is not the tag of an image")
    return value


def host_path(value: str) -> str:
    """An absolute path on a host, of characters that mean nothing to a shell or to systemd."""
    if not re.fullmatch(r"(?:/[A-Za-z0-9._+@-]+)+", value) or ".." in value.split("/"):
        raise fault(
            f"{shown(value)} is not an absolute path of letters, digits, '.', '_', '+', '@' and '-'"
        )
    return value


def program(value: str) -> str:
    """A program on a host by its path, or where it is fetched from."""
    return url(value) if "://" in value else host_path(value)


def sha256(value: str) -> str:
    """A SHA-256 checksum as sha256sum prints it."""
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise fault(f"{shown(value)} is not a SHA-256 checksum (64 hexadecimal digits)")
    return value


def no_proxy(value: str) -> str:
    """One exception of the proxy: a host, a domain with a leading dot, an address or a CIDR."""
    if not re.fullmatch(r"[A-Za-z0-9.*\[][A-Za-z0-9.*:/_\[\]-]{0,252}", value):
        raise fault(f"{shown(value)} is not a host, .domain, address or CIDR")
    return value


def check_name(value: str) -> str:
    """The name of a kubeadm preflight check."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", value):
        raise fault(f"{shown(value)} is not the name of a kubeadm check")
    return value


def check_ref(value: str) -> str:
    """The id of a preflight check, perhaps with @ and a host's name."""
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,62}(?:@[a-z0-9][a-z0-9.-]{0,252})?", value):
        raise fault(f"{shown(value)} is not the id of a preflight check (check or check@host)")
    return value


def reason(value: str) -> str:
    """Why something is let pass: one line that says something."""
    if len(value.strip()) < 3:
        raise fault("a reason says why, in a few words")
    return line(value)


def phase_name(value: str) -> str:
    """The name of a kubeadm phase, with its sub-phase after a slash."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}(?:/[a-z][a-z0-9-]{0,62})?", value):
        raise fault(f"{shown(value)} is not a kubeadm phase")
    return value


def roles(value: tuple[str, ...]) -> tuple[str, ...]:
    """At least one role, each of them once."""
    if not value:
        raise fault("a host without a role has nothing to do")
    if len(set(value)) != len(value):
        raise fault("a role stands here twice")
    return value


def free_data(value: dict[str, Any]) -> dict[str, Any]:
    """Data that is handed on as it is: maps, lists, text, numbers, true, false and null."""
    _walk(value, ())
    return value


def toml_data(value: dict[str, Any]) -> dict[str, Any]:
    """Like `free_data`, without null, which TOML can't say."""
    _walk(value, (), null=False)
    return value


def _walk(value: object, at: tuple[str | int, ...], *, null: bool = True) -> None:
    if len(at) > 20:
        raise fault("is nested deeper than 20 levels", at)
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key or _ODD.search(key):
                raise fault(f"{shown(key)} can't be a key", at)
            _walk(item, (*at, key), null=null)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _walk(item, (*at, index), null=null)
    elif isinstance(value, str):
        if odd := _ODD_BUT_BREAKS.search(value):
            raise fault(f"{shown(value)} holds {_odd(odd[0])}", at)
    elif value is None and not null:
        raise fault("has no value", at)
    elif not (value is None or isinstance(value, bool | int | float)) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise fault(f"{shown(value)} is not data that YAML, JSON and TOML share", at)


def _typed(check: Callable[[str], str], **schema: Any) -> Any:
    """The metadata of a text type: its rule, and its pattern for the JSON Schema."""
    return AfterValidator(check), Field(json_schema_extra=schema or None)


_LABEL_RULE, _LABEL_SCHEMA = _typed(dns_label, pattern=f"^{_LABEL}$", maxLength=63)
_NAME_RULE, _NAME_SCHEMA = _typed(dns_name, pattern=f"^{_SUBDOMAIN}$", maxLength=253)
_NODE_RULE, _NODE_SCHEMA = _typed(node_name, pattern=f"^{_SUBDOMAIN}$", maxLength=63)
_VERSION_RULE, _VERSION_SCHEMA = _typed(version, pattern=r"^1\.[1-9][0-9]*\.[0-9]+$")
_URL_RULE, _URL_SCHEMA = _typed(url, format="uri", pattern="^https?://")
_PRINT_RULE, _PRINT_SCHEMA = _typed(fingerprint, pattern="^SHA256:[A-Za-z0-9+/]{43}$")

Line = Annotated[str, AfterValidator(line)]
DnsLabel = Annotated[str, _LABEL_RULE, _LABEL_SCHEMA]
DnsName = Annotated[str, _NAME_RULE, _NAME_SCHEMA]
NodeName = Annotated[str, _NODE_RULE, _NODE_SCHEMA]
KubernetesVersion = Annotated[str, _VERSION_RULE, _VERSION_SCHEMA]
Url = Annotated[str, _URL_RULE, _URL_SCHEMA]
Fingerprint = Annotated[str, _PRINT_RULE, _PRINT_SCHEMA]
Address = Annotated[str, AfterValidator(address)]
Cidr = Annotated[str, AfterValidator(cidr)]
Release = Annotated[str, AfterValidator(release)]
HostAddress = Annotated[str, AfterValidator(host)]
User = Annotated[str, AfterValidator(user)]
RegistryUser = Annotated[str, AfterValidator(registry_user)]
Jump = Annotated[str, AfterValidator(jump)]
Interface = Annotated[str, AfterValidator(interface)]
LabelKey = Annotated[str, AfterValidator(label_key)]
LabelValue = Annotated[str, AfterValidator(label_value)]
Registry = Annotated[str, AfterValidator(registry)]
ImageRepository = Annotated[str, AfterValidator(image_repository)]
Image = Annotated[str, AfterValidator(image)]
HostPath = Annotated[str, AfterValidator(host_path)]
Program = Annotated[str, AfterValidator(program)]
Sha256 = Annotated[str, AfterValidator(sha256)]
NoProxy = Annotated[str, AfterValidator(no_proxy)]
CheckName = Annotated[str, AfterValidator(check_name)]
CheckRef = Annotated[str, AfterValidator(check_ref)]
Reason = Annotated[str, AfterValidator(reason)]
PhaseName = Annotated[str, AfterValidator(phase_name)]
FreeData = Annotated[dict[str, Any], AfterValidator(free_data)]
TomlData = Annotated[dict[str, Any], AfterValidator(toml_data)]
Flag = Annotated[bool, Strict()]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Asn = Annotated[int, Strict(), Field(ge=1, le=4294967294)]
RouterId = Annotated[int, Strict(), Field(ge=1, le=255)]
Mtu = Annotated[int, Strict(), Field(ge=576, le=9216)]

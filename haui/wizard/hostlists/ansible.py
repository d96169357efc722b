"""Hosts from an Ansible inventory, INI or YAML: groups become roles, connection variables logins.

Variables of a host win over those of its groups, and a nearer group over the ones around it, as in
Ansible. Passwords are never taken over, and templates (`{{ … }}`) can't be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from haui.clusterfile.types import is_address
from haui.wizard.hostlists.ansible_file import Inventory, read_ini, read_yaml
from haui.wizard.hostlists.entry import Said, entry, looks_like_address, role
from haui.wizard.hostlists.result import Gathering, HostList, Unreadable, gather

_FIELDS = {
    "ansible_user": "user",
    "ansible_ssh_user": "user",
    "ansible_port": "port",
    "ansible_ssh_port": "port",
    "ansible_ssh_private_key_file": "key",
    "ansible_private_key_file": "key",
}
_ADDRESSES = ("ip", "ansible_host", "ansible_ssh_host")
_SECRETS = re.compile(r"ansible_.*pass(word)?$")
_PREFIX = re.compile(r"(kube|k8s|kubernetes|haui)-")
# Never `\s` at a line's beginning: that would look through all empty lines again from each of them.
_SECTION = re.compile(r"^[^\S\n]*\[[^\]\s]+\][^\S\n]*(#.*)?$", re.MULTILINE)
_YAML_HEAD = re.compile(
    r"\A\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---|[ \t]*\{|[\"']?[\w.-]+[\"']?:(?:\s|\Z))"
)
_BASTIONS = frozenset(("bastion", "bastions", "jump", "jumphost", "jumphosts"))


def parse_inventory(text: str) -> HostList:
    """The hosts of an inventory; INI or YAML is found out from the text. Never raises."""

    def read(found: Gathering, lines: list[str]) -> None:
        yaml = _YAML_HEAD.match(text[:4000]) and not _SECTION.search(text)
        inventory = read_yaml(text, found) if yaml else read_ini(lines, found)
        _take(found, inventory)

    return gather(text, read)


def is_inventory(text: str) -> bool:
    """Whether the text has group sections, or is YAML with hosts in it."""
    if _SECTION.search(text):
        return True
    return bool(_YAML_HEAD.match(text[:4000]) and re.search(r"hosts[\"']?:", text))


def group_role(name: str) -> str | None:
    """The role that a group's name stands for: kube_node, k8s-masters, loadbalancers."""
    return role(_PREFIX.sub("", name.lower().replace("_", "-")))


def _take(found: Gathering, inventory: Inventory) -> None:
    state = _Notes()
    roles = _group_roles(inventory)
    for name, member in inventory.members.items():
        groups = inventory.around(name)
        if _BASTIONS & groups and groups <= _BASTIONS | {"all", "ungrouped"}:
            state.bastions.append(name)
            continue
        try:
            said = list(_said(name, inventory.variables(name), state))
            said += [("role", roles[group]) for group in inventory.order(groups) if group in roles]
            found.add(member.line, [entry(_without_stacked_etcd(name, said, state))])
        except Unreadable as problem:
            found.reject(member.line, member.text, problem)
    for note in state.sentences():
        found.note(note)


def _group_roles(inventory: Inventory) -> dict[str, str]:
    """The groups that mean a role. `nodes` around the masters means just all machines."""
    found = {name: meant for name in inventory.groups if (meant := group_role(name))}
    planes = {name for name in found if found[name] == "control-plane"}
    for name in [name for name in found if found[name] == "worker"]:
        if any(name in inventory.above(plane) for plane in planes):
            del found[name]
    return found


def _said(name: str, variables: Mapping[str, str], state: _Notes) -> Iterator[Said]:
    usable: dict[str, str] = {}
    for key, value in variables.items():
        if _SECRETS.match(key):
            state.secrets = True
        elif "{{" in value and (key in _FIELDS or key in _ADDRESSES):
            state.templates[key] = None
        elif value:
            usable[key] = value
    yield ("address" if looks_like_address(name) else "name"), name
    inner = usable.get("ip", "")
    where = usable.get("ansible_host") or usable.get("ansible_ssh_host") or ""
    if is_address(inner):
        yield "address", inner
        if where and where != inner:
            yield "connect", where
    elif where and (looks_like_address(where) or is_address(where)):
        yield "address", where
    elif where and where != name:
        yield "connect", where
    for key, field in _FIELDS.items():
        shadowed = (
            key.startswith("ansible_ssh_") and field != "key" and f"ansible_{field}" in usable
        )
        if key in usable and not shadowed and key != _second_key(usable):
            yield field, usable[key]


def _second_key(usable: Mapping[str, str]) -> str:
    """The spelling of the key file's variable that gives way when both are there."""
    return "ansible_private_key_file" if "ansible_ssh_private_key_file" in usable else ""


def _without_stacked_etcd(name: str, said: list[Said], state: _Notes) -> list[Said]:
    """Without etcd on a control plane: there it comes with the topology, not with a role."""
    if ("role", "etcd") in said and ("role", "control-plane") in said:
        state.stacked.append(name)
        return [part for part in said if part != ("role", "etcd")]
    return said


class _Notes:
    """What was left out on the way, for one sentence each at the end."""

    def __init__(self) -> None:
        self.secrets = False
        self.templates: dict[str, None] = {}
        self.bastions: list[str] = []
        self.stacked: list[str] = []

    def sentences(self) -> Iterator[str]:
        if self.secrets:
            yield "passwords in the inventory are not taken over; they are asked for when needed"
        if self.templates:
            yield f"templates ({{{{ … }}}}) are not taken over: {', '.join(self.templates)}"
        if self.bastions:
            which = ", ".join(self.bastions[:5])
            yield f"left out as a jump host: {which}; set the jump host on the access page"
        if self.stacked:
            yield (
                f"etcd on {len(self.stacked)} control planes is not a role of its own: "
                "topology stacked puts it there"
            )

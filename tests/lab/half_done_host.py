"""A host whose kubeadm is cut off: what stands in front of its kubeadm, and what is seen of it."""

from __future__ import annotations

import re
import shlex
import time
from importlib.resources import files
from pathlib import Path

from tests.lab.half_done_cases import IN_ETCD, MANIFESTS, Case, K
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun

HERE = "/run/half-done"
FRONT = "/usr/local/sbin/kubeadm"
FIRST = "cp1"
KUBERNETES = (
    "find /etc/kubernetes /var/lib/kubelet /var/lib/etcd -xdev \\( -type f -o -type l \\) "
    "2>/dev/null | grep -v /haui- | sort; ls /var/lib/etcd 2>/dev/null"
)
"""All files of kubeadm, the kubelet and etcd."""
UNIT = "haui-*-{step}.*.service"
TOKENS = f"{K} -n kube-system get secrets -o name"
REQUESTS = f"{K} get certificatesigningrequests --no-headers 2>/dev/null | grep -c Pending$ || true"

State = dict[str, str]


class Broken:
    """The host of a case, and the first control plane beside it."""

    def __init__(self, lab: Lab, case: Case) -> None:
        self.lab, self.case, self.name = lab, case, case.host
        self.alone = case.host == FIRST
        self._candidates = [case.host]
        self.before: State = {}
        """What the other hosts were like when kubeadm was about to begin."""
        self.ended = 0.0
        """When it was ended, by the monotonic clock."""
        self._seen = 0

    # -- kubeadm ---------------------------------------------------------------------------------

    def installed(self) -> bool:
        """Whether haui has put kubeadm on the host yet."""
        return all(self._there(host, "/usr/bin/kubeadm") for host in self._all())

    def _all(self) -> list[str]:
        """The host; with it the other control plane that is to join, which may come first."""
        if self.case.host != "cp2" or self._there("cp3", "/etc/kubernetes/admin.conf"):
            return [self.case.host]
        return ["cp2", "cp3"]

    def prepare(self) -> None:
        """Put the script in front of kubeadm that waits for a plan."""
        script = files("tests.lab") / "scripts" / "half-done-kubeadm.sh"
        command = f"rm -rf {HERE}; mkdir -p {HERE}; cat >{FRONT}; chmod 0755 {FRONT}"
        self._candidates = self._all()
        for host in self._candidates:
            self._shell(host, command, script.read_text())

    def begun(self) -> bool:
        """Whether kubeadm is about to begin. The first host to get there is the one of the case."""
        for host in self._candidates:
            if self._there(host, f"{HERE}/begun"):
                for other in set(self._candidates) - {host}:
                    self._shell(other, f"rm -f {FRONT}")
                self._candidates, self.name = [host], host
                return True
        return False

    def _there(self, host: str, path: str) -> bool:
        return self.lab.exec(host, ["test", "-e", path]).returncode == 0

    @property
    def address(self) -> str:
        return self.lab.hosts[self.name].address

    def go(self, plan: tuple[str, ...]) -> None:
        """Let the kubeadm that waits begin."""
        text = "".join(f"{line}\n" for line in plan)
        put = f"rm -f {HERE}/begun {HERE}/stopped; cat >{HERE}/new; mv {HERE}/new {HERE}/plan"
        self.here(put, text)

    def told(self, what: str) -> bool:
        return self._there(self.name, f"{HERE}/{what}")

    def end(self, state: Path) -> None:
        """Kill what the case says."""
        self._seen, self.ended = len(self.bastion_log(state)), time.monotonic()
        if self.case.broken:
            self.here(self.case.broken)
        if self.case.end == "nothing":
            return
        if self.case.end == "kubeadm":
            self.here(f"rm -f {HERE}/stopped; kill -KILL $(cat {HERE}/pid)")
        elif self.case.end == "task":
            steps = {"cp1": "control_plane.init", "wk1": "workers.join"}
            unit = UNIT.format(step=steps.get(self.name, "control_plane.join"))
            self.here(f"rm -f {HERE}/stopped; systemctl kill -s KILL '{unit}'")
        else:
            self.here("sync")
            self.lab.reboot(self.name)

    # -- what is there ---------------------------------------------------------------------------

    def as_it_is(self, *, files_only: bool = False) -> State:
        """What a join or init leaves, right before kubeadm begins; the token is this one's own."""
        seen = {"files": self.here(KUBERNETES)}
        if not files_only and not self.alone:
            seen |= {
                "members": self._members(),
                "Node": self.first(f"{K} get node {self.name} --ignore-not-found -o name"),
                "pending requests": self.first(REQUESTS),
                "tokens": str(self.first(TOKENS).count("bootstrap-token")),
            }
        return seen

    def _members(self) -> str:
        """etcd's members, but for a further control plane that has joined meanwhile."""
        mine = (f"//{self.address}:", f"//{self.lab.hosts[FIRST].address}:")
        listed = self.first(f"{IN_ETCD} member list").splitlines()
        return "\n".join(
            line for line in listed if ", started, " not in line or any(x in line for x in mine)
        )

    def difference(self, one: State, other: State) -> str:
        """The lines that are in one of them only."""
        told = []
        for key, value in one.items():
            lines, seen = set(value.splitlines()), set(other.get(key, "").splitlines())
            told += [f"{key}: {line}" for line in sorted(lines ^ seen)]
        return "; ".join(told)

    def others(self) -> State:
        """What must stay as it is on the first control plane: its etcd's id, its static pods."""
        if self.alone or self.lab.exec(FIRST, ["test", "-e", f"{MANIFESTS}/etcd.yaml"]).returncode:
            return {}
        listed = self.first(f"{IN_ETCD} member list").splitlines()
        return {
            "member": next((line.split(",")[0] for line in listed if "10.77.0.11:" in line), ""),
            "manifests": self.first(f"stat -c '%n %Z %i' {MANIFESTS}/*"),
        }

    def check_whole(self) -> None:
        """The host is what it was to become, and nothing of the attempts is left."""
        nodes = self.first(f"{K} get nodes -o name").split()
        assert f"node/{self.name}" in nodes, nodes
        listed = self.first(f"{IN_ETCD} member list").splitlines()
        assert len(listed) == (1 if self.alone else 3), listed
        assert all(", started, " in line for line in listed), listed
        secrets = self.first(TOKENS)
        assert "bootstrap-token" not in secrets and "kubeadm-certs" not in secrets, secrets
        assert self.first(REQUESTS).strip() == "0"
        left = self.here("ls /etc/kubernetes/bootstrap-kubelet.conf /var/lib/haui/half-done; true")
        assert not left.strip(), left
        assert not self.here("ls /etc/kubernetes | grep haui-kept; ls /run/haui/task.*; true")

    # -- what haui said --------------------------------------------------------------------------

    def bastion_log(self, state: Path) -> str:
        log = state / "lab" / "logs" / f"{self.name}.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def found(self, state: Path) -> str:
        """What haui said that it had found since kubeadm was ended, each once."""
        said = re.findall(r"\[haui\] (?:found: )?(.*)", self.bastion_log(state)[self._seen :])
        kept = (line for line in said if not line.startswith(("removing", "running", "missing")))
        return "; ".join(dict.fromkeys(kept))

    def check_first_output(self, state: Path) -> None:
        """The output of the attempt that was cut off can still be read, here and on the host."""
        line = f"half-done: cut off: {self.case.name}"
        assert line in self.bastion_log(state), "not in the host's log"
        there = self.here(f"grep -lF {shlex.quote(line)} /var/lib/haui/*/*/out; true")
        assert there.strip(), "not in the task's folder on the host"

    def by_hand(self, run: HauiRun) -> str:
        """Do on the first control plane what haui has printed for a person; what that says."""
        failed = run.of("task_finished", outcome="failed")
        printed = " ".join(str(event["problem"].get("fix", "")) for event in failed)
        found = re.search(rf"as root on {FIRST}: (.*?)\. Then run haui resume", printed)
        assert found, printed
        script = found[1]
        return f"{script}\n{self.first(f'timeout 600 sh -c {shlex.quote(script)} 2>&1; echo $?')}"

    # -- between cases ---------------------------------------------------------------------------

    def take_apart(self) -> None:
        """Make the host fresh for the next case, as an admin would by hand."""
        if self.name.startswith("cp") and not self.alone:
            listed = self.first(f"{IN_ETCD} member list").splitlines()
            own = next(line.split(",")[0] for line in listed if f"{self.address}:2380" in line)
            self.first(f"{IN_ETCD} member remove {own}")
        self.here(f"rm -f {FRONT}")
        self.here("/usr/bin/kubeadm reset -f --skip-phases=remove-etcd-member; "
                  "rm -rf /var/lib/etcd/member; systemctl stop kubelet; "
                  "ip link delete cni0 2>/dev/null; "
                  "for c in $(ctr -n k8s.io containers ls -q); do "
                  "ctr -n k8s.io tasks rm -f $c; ctr -n k8s.io containers rm $c; done")  # fmt: skip
        if not self.alone:
            self.first(f"{K} delete node {self.name}")

    def here(self, command: str, text: str = "") -> str:
        """Shell on this host; its output."""
        return self._shell(self.name, command, text)

    def first(self, command: str) -> str:
        """Shell on the first control plane; its output."""
        return self._shell(FIRST, command)

    def _shell(self, host: str, command: str, text: str = "") -> str:
        ran = self.lab.exec(host, ["sh", "-c", command], text)
        return ran.stdout.decode(errors="replace")

"""What has to be true after an install that was disturbed."""

from __future__ import annotations

import re
from collections import Counter

from haui.transport.text import LineReader
from tests.lab.faults import Check
from tests.lab.faults_scene import Scene


def once(host: str, step: str) -> Check:
    """The task ended well, and the host knows of one attempt only."""

    def check(scene: Scene) -> str:
        event = scene.first_good(host, step)
        attempts = [name for name in _attempts(scene, host) if name.startswith(f"{step}.")]
        assert len(attempts) == 1, attempts
        return f"{step} on {host}: one attempt, {event['outcome']} after {event['seconds']:.0f} s"

    return check


def done(host: str, step: str) -> Check:
    """The task ended well, after any number of attempts that is allowed."""

    def check(scene: Scene) -> str:
        event = scene.first_good(host, step)
        attempts = [name for name in _attempts(scene, host) if name.startswith(f"{step}.")]
        count = f"{len(attempts)} attempt{'s' if len(attempts) != 1 else ''}"
        return f"{step} on {host}: {event['outcome']} after {count}, {event['seconds']:.0f} s"

    return check


def told(host: str, *, what: str, fix: str, session: int = 0) -> Check:
    """A task of the host failed in that session with these words, and ended well in a later one."""

    def check(scene: Scene) -> str:
        failed = [
            event
            for _, number, event in scene.seen
            if number == session and event["kind"] == "task_finished"
            if event.get("host") == host and event["outcome"] == "failed"
        ]
        assert failed, f"nothing failed on {host}"
        event = failed[0]
        problem, step = event["problem"], event["step"]
        said = f"{problem['what']}\n{problem.get('why', '')}"
        assert re.search(what, said, re.IGNORECASE), problem
        assert re.search(fix, problem.get("fix", ""), re.IGNORECASE), problem
        after = scene.last(host, step)
        assert after["outcome"] in ("ok", "unchanged"), after
        return (
            f"{step} on {host} failed after {event['seconds']:.0f} s: “{problem['fix']}”; resumed"
        )

    return check


def _attempts(scene: Scene, host: str) -> list[str]:
    listed = scene.sh(host, "cd /var/lib/haui && ls -d r*/*.*", check=False).split()
    return [path.partition("/")[2] for path in listed]


def every_byte(scene: Scene) -> str:
    """output in the logs"""
    compared = size = 0
    for host in scene.lab.hosts:
        logs = [scene.state / "lab" / "logs" / f"{host}.log{end}" for end in (".1", "")]
        log = "".join(path.read_text() for path in logs if path.exists())
        for attempt in _attempts(scene, host):
            step, _, number = attempt.rpartition(".")
            command = ["sh", "-c", f"cat /var/lib/haui/r*/{attempt}/out"]
            out = scene.lab.exec(host, command).stdout
            reader = LineReader()
            wanted = [line.expandtabs(8) for line in (*reader.feed(out), *reader.end())]
            shown = _logged(log, step, number)
            assert _same(shown, wanted), (host, attempt, shown[-5:], wanted[-5:])
            compared, size = compared + 1, size + len(out)
    assert compared > len(scene.lab.hosts)
    return f"{compared} attempts, {size} bytes: as the hosts have them"


def _logged(log: str, step: str, number: str) -> list[str]:
    """What the log has of an attempt: since it was begun or, after a resume, followed again."""
    begins = re.compile(rf"^\S+  == {re.escape(step)} (?:begins|follows) attempt {number}$")
    ends = re.compile(rf"^\S+  == {re.escape(step)} (?:begins|follows) attempt |^\S+  == {step}: ")
    lines: list[str] = []
    within = False
    for line in log.splitlines():
        if begins.match(line):
            lines, within = [], True
        elif within and ends.match(line):
            within = False
        elif within and (found := line.partition("  ")[2]).startswith(f"{step} | "):
            lines.append(found.removeprefix(f"{step} | "))
    return lines


def _same(shown: list[str], wanted: list[str]) -> bool:
    """Equal, but for what is masked on the way."""
    return len(shown) == len(wanted) and all(
        a == b or "••••" in a for a, b in zip(shown, wanted, strict=True)
    )


def nothing_twice(scene: Scene) -> str:
    """tasks that were proved"""
    proved: Counter[tuple[str, str]] = Counter()
    for _, _, event in scene.seen:
        ended_well = event["kind"] == "task_finished" and event["outcome"] == "ok"
        if ended_well and not event["step"].startswith("verify."):
            proved[event["host"], event["step"]] += 1
    twice = [task for task, times in proved.items() if times > 1]
    assert not twice, twice
    return f"{len(proved)} changed their hosts, none of them twice"


def verified(scene: Scene) -> str:
    """the cluster at the end"""
    rows = [
        finding
        for _, session, event in scene.seen
        if session == scene.session
        and event["kind"] == "task_finished"
        and event["step"].startswith("verify.")
        for finding in event.get("findings", [])
    ]
    wrong = [row for row in rows if row["verdict"] not in ("ok", "info")]
    assert rows and not wrong, wrong
    return f"{len(rows)} rows of verification, all ok"

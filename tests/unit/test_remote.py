"""RemoteHost over a scripted connection: losses, patience, limits, becoming root."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from haui.errors import ConnectError, ConnectionLostError, StepError
from haui.host import Script, TaskId, TaskRequest
from haui.secret import Secret
from haui.spec import ClusterSpec, HostSpec, HostSsh, Ssh
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet
from haui.transport.login import BusyError, Target, TransientError
from haui.transport.remote import RemoteHost
from haui.transport.targets import jump_of, target_of
from haui.transport.wire import Envelope

TASK = TaskId(run="r", step="s", attempt=1)
ECHO = Script(name="echo", text="echo")
Reply = tuple[int | None, list[tuple[bool, bytes]]]
"""Exit status (None: the connection broke) and what was printed, (is stderr, bytes)."""


class FakeChannel:
    """Prints noise, its sentinel, and what `behave` answers to the envelope."""

    def __init__(self, command: str, behave: Callable[[str, Envelope], Reply]) -> None:
        self._command = command
        self._behave = behave
        self._input = b""
        self._status: int | None = None
        prompt = re.search(r"sudo -S -p '([^']+)'", command)
        self._prompt = prompt[1].encode() if prompt else b""
        self._queue: list[tuple[bool, bytes]] = [(False, b"motd\n")]
        self._queue.append((True, self._prompt) if prompt else self._sentinel())
        self.closed_input = False

    def _sentinel(self) -> tuple[bool, bytes]:
        return (False, self._command.rpartition(" ")[2].encode() + b"\n")

    async def receive(self) -> tuple[bool, bytes] | None:
        return self._queue.pop(0) if self._queue else None

    async def send(self, data: bytes, *, last: bool = False) -> None:
        if self._prompt:
            asked, self._prompt = self._prompt, b""
            if data == b"sesame\n":
                self._queue.append(self._sentinel())
            else:
                self._queue += [(True, b"Sorry, try again.\n"), (True, asked)]
                self._status = 1
            return
        self._input += data
        envelope = Envelope.decode(self._input)
        if envelope is not None:
            self._status, printed = self._behave(self._command, envelope)
            self._queue += printed

    def status(self) -> int:
        if self._status is None:
            raise ConnectionLostError("the connection broke while a command ran", host="h")
        return self._status


class FakeLink:
    fingerprint = "SHA256:x"

    def __init__(self, behave: Callable[[str, Envelope], Reply]) -> None:
        self.alive = True
        self._behave = behave

    def exec(self, command: str, /) -> AbstractAsyncContextManager[FakeChannel]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[FakeChannel]:
            channel = FakeChannel(command, self._behave)
            try:
                yield channel
            except ConnectionLostError:
                self.alive = False
                raise

        return opened()

    async def close(self) -> None:
        self.alive = False


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class World:
    """A host whose answers and dial results are scripted; the last one repeats."""

    def __init__(self, *replies: Reply, dials: tuple[Exception | None, ...] = ()) -> None:
        self.replies = list(replies)
        self.dials = list(dials)
        self.envelopes: list[Envelope] = []
        self.commands: list[str] = []
        self.dialled = 0
        self.events: list[tuple[str, str, str]] = []
        self.clock = FakeClock()

    async def dial(self, target: Target) -> FakeLink:
        self.dialled += 1
        error = self.dials.pop(0) if self.dials else None
        if error is not None:
            raise error
        return FakeLink(self.behave)

    def behave(self, command: str, envelope: Envelope) -> Reply:
        self.commands.append(command)
        self.envelopes.append(envelope)
        if envelope.env["HAUI_SCRIPT"] == "haui.root":
            return (0, [(False, b"0\n")])
        status, printed = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        mark = envelope.env.get("HAUI_MARK", "").encode()
        return status, [(is_err, data.replace(b"MARK", mark)) for is_err, data in printed]

    def host(
        self, user: str = "root", secrets: dict[str, str] | None = None, patience_s: float = 600
    ) -> RemoteHost:
        given = {name: Secret(value) for name, value in (secrets or {}).items()}
        return RemoteHost(
            Target(name="h", address="10.0.0.1", user=user),
            self.dial,
            Credentials(given),  # type: ignore[arg-type]
            sudo="password" if user != "root" else "auto",
            on_connection=lambda *event: self.events.append(event),
            patience_s=patience_s,
            clock=self.clock,
            rng=lambda: 0.5,
        )


def out(data: bytes, status: int | None = 0) -> Reply:
    return (status, [(False, data)])


GONE: Reply = (None, [])


async def lines_of(host: RemoteHost, offset: int = 0) -> tuple[list[str], object]:
    lines: list[str] = []

    async def keep(batch: tuple[str, ...]) -> None:
        lines.extend(batch)

    return lines, await host.follow(TASK, offset=offset, on_lines=keep)


async def test_run() -> None:
    world = World((3, [(False, b"a\tb\x1b[0m\n"), (True, b"why\n")]))
    done = await world.host().run(Script(name="x.probe", text="t", env={"A": "1"}))
    assert (done.status, done.stdout, done.stderr) == (3, "a\tb\n", "why\n")
    assert world.envelopes[0].env["HAUI_SCRIPT"] == "x.probe"
    assert world.envelopes[0].env["A"] == "1"


async def test_run_does_not_ask_again_after_a_loss() -> None:
    world = World(GONE, out(b"fine\n"))
    host = world.host()
    with pytest.raises(ConnectionLostError):
        await host.run(ECHO)
    assert (await host.run(ECHO)).stdout == "fine\n"
    assert world.dialled == 2
    assert world.events == []


async def test_run_limits_output() -> None:
    world = World(out(b"x" * (5 << 20)))
    with pytest.raises(StepError, match="more than"):
        await world.host().run(ECHO)


async def test_values_that_cannot_travel() -> None:
    with pytest.raises(StepError, match="can't be sent"):
        await World(out(b"")).host().run(Script(name="x", text="", env={"A": "1\n2"}))


async def test_start_asks_again_until_the_host_is_back() -> None:
    refused = TransientError("refused", why="nobody listens")
    world = World(GONE, out(b"state\trunning\t\t0\n"), dials=(None, refused, refused, None))
    request = TaskRequest(id=TASK, script=ECHO)
    state = await world.host().start(request)
    assert state.status == "running"
    assert [kind for kind, *_ in world.events] == ["lost", "connected"]
    assert world.clock.slept == [0.25, 0.5, 1.0]
    first, second = world.envelopes
    assert first.inputs == second.inputs


async def test_patience_ends() -> None:
    refused = TransientError("refused")
    world = World(out(b""), dials=(refused,) * 1000)
    with pytest.raises(TransientError):
        await world.host(patience_s=100).tasks("r")
    assert sum(world.clock.slept) == pytest.approx(100)
    assert max(world.clock.slept) <= 30


@pytest.mark.parametrize("error", [ConnectError("wrong key"), StepError("full")])
async def test_what_a_person_has_to_solve_is_not_tried_again(error: Exception) -> None:
    world = World(GONE, dials=(None, error))
    with pytest.raises(type(error), match=str(error)):
        await world.host().tasks("r")
    assert world.dialled == 2


async def test_busy_hosts_are_asked_again_at_once() -> None:
    world = World(out(b"hi\n"), dials=(BusyError("reset"), BusyError("reset"), None))
    assert (await world.host().run(ECHO)).stdout == "hi\n"
    assert world.events == []


async def test_follow_goes_on_at_the_byte_where_it_was() -> None:
    world = World(
        out("one\ntw\u00f6".encode()[:-1], None),
        out(b"\xb6\nthr", None),
        out(b"ee\n\nMARK\tdone\t4\t15\n"),
    )
    lines, state = await lines_of(world.host())
    assert lines == ["one", "twö", "three"]
    assert getattr(state, "rc", None) == 4
    offsets = [envelope.env["HAUI_OFFSET"] for envelope in world.envelopes]
    assert offsets == ["0", "7", "12"]


async def test_a_long_quiet_time_between_losses_restores_patience() -> None:
    class Slow(World):
        def behave(self, command: str, envelope: Envelope) -> Reply:
            self.clock.now += 3600
            return super().behave(command, envelope)

    world = Slow(GONE, GONE, GONE, out(b"\nMARK\tdone\t0\t0\n"))
    _, state = await lines_of(world.host(patience_s=600))
    assert getattr(state, "status", None) == "done"


async def test_follow_reads_what_came_after_the_end_of_the_tail() -> None:
    world = World(out(b"a\n\nMARK\tdone\t0\t4\n"), out(b"b\n\nMARK\tdone\t0\t4\n"))
    lines, _ = await lines_of(world.host())
    assert lines == ["a", "b"]
    assert len(world.envelopes) == 2


async def test_follow_masks_secrets() -> None:
    world = World(out(b"password hunter22, token abcdef.0123456789abcdef\n\nMARK\tdone\t0\t49\n"))
    lines, _ = await lines_of(world.host(secrets={"ssh_password": "hunter22"}))
    assert lines == ["password ••••, token ••••"]


async def test_follow_shows_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haui.transport.remote.OUTPUT_LIMIT", 10)
    printed = [(False, b"12345\n"), (False, b"67890\n"), (False, b"more\n" * 100)]
    world = World((0, [*printed, (False, b"\nMARK\tdone\t0\t512\n")]))
    lines, state = await lines_of(world.host())
    assert lines[0] == "12345"
    assert len(lines) == 2
    assert "the host" in lines[1]
    assert getattr(state, "output_bytes", None) == 512


async def test_follow_without_an_answer_is_an_error() -> None:
    with pytest.raises(StepError, match="can't keep track") as caught:
        await lines_of(World((1, [(True, b"haui: disk full\n")])).host())
    assert caught.value.why == "haui: disk full"


async def test_sudo_password_reaches_sudo_and_is_proved_once() -> None:
    world = World(out(b"hi\n"))
    host = world.host(user="ops", secrets={"sudo_password": "sesame"})
    host._executing._probe = _asks_for_password  # type: ignore[method-assign]
    assert (await host.run(ECHO)).stdout == "hi\n"
    assert (await host.run(ECHO)).stdout == "hi\n"
    assert [envelope.env["HAUI_SCRIPT"] for envelope in world.envelopes] == [
        "haui.root", "echo", "echo",
    ]  # fmt: skip
    assert all("sesame" not in command for command in world.commands)


async def test_wrong_sudo_password_is_tried_once() -> None:
    world = World(out(b"hi\n"))
    host = world.host(user="ops", secrets={"sudo_password": "wrong"})
    tries = []

    async def probe(link: object) -> tuple[str, int, str]:
        tries.append(link)
        return await _asks_for_password(link)

    host._executing._probe = probe  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(ConnectError, match="does not accept the password"):
            await host.run(ECHO)
    assert len(tries) == 1
    assert world.envelopes == []


async def _asks_for_password(link: object) -> tuple[str, int, str]:
    return "1000", 1, "sudo: a password is required"


async def test_read() -> None:
    assert await World(out(b"\x00\xff")).host().read("/etc/x") == b"\x00\xff"
    with pytest.raises(StepError, match="no file"):
        await World(out(b"", 66)).host().read("/etc/x")
    with pytest.raises(StepError, match="larger"):
        await World(out(b"", 67)).host().read("/etc/x")
    with pytest.raises(StepError, match="larger"):
        await World(out(b"12345")).host().read("/etc/x", limit=4)


def spec(**ssh: object) -> ClusterSpec:
    hosts = (
        HostSpec.model_construct(name="a", address="10.0.0.1", ssh=HostSsh(), fingerprint=None),
        HostSpec.model_construct(
            name="b",
            address="10.0.0.2",
            ssh=HostSsh(user="root", port=2222, key="/k2", address="127.0.0.1"),
            fingerprint="SHA256:x",
        ),
    )
    return ClusterSpec.model_construct(ssh=Ssh.model_validate(ssh), hosts=hosts)


def test_targets() -> None:
    cluster = spec(user="ops", key="/k1", port=22, password=True)
    first, second = (target_of(cluster, host) for host in cluster.hosts)
    assert first == Target(name="a", address="10.0.0.1", user="ops", key="/k1", password=True)
    assert second == Target(
        name="b", address="127.0.0.1", port=2222, user="root", key="/k2", password=True,
        fingerprint="SHA256:x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "user", "address", "port"),
    [
        ("gate", "ops", "gate", 22),
        ("me@gate.lan:2200", "me", "gate.lan", 2200),
        ("[fd00::1]:2200", "ops", "fd00::1", 2200),
        ("me@[fd00::1]", "me", "fd00::1", 22),
    ],
)
def test_jump_hosts(text: str, user: str, address: str, port: int) -> None:
    jump = jump_of(spec(user="ops", jump=text))
    assert jump is not None
    assert (jump.user, jump.address, jump.port) == (user, address, port)


async def test_fleet_gives_hosts_by_name() -> None:
    fleet = Fleet(spec(), Credentials(), None, other_known_hosts=[])
    assert fleet.host("b").name == "b"
    with pytest.raises(KeyError):
        fleet.host("c")
    await fleet.close()


async def test_a_flood_of_output_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haui.transport.remote.OUTPUT_LIMIT", 100)
    monkeypatch.setattr("haui.transport.remote.FLOOD_LIMIT", 5000)
    world = World((0, [(False, b"x" * 99 + b"\n")] * 1000))
    with pytest.raises(ConnectError, match="sends more than") as caught:
        await lines_of(world.host())
    assert not caught.value.passing
    assert world.dialled == 1


async def test_a_word_between_losses_does_not_keep_us_dialling() -> None:
    """Each connection shows a line more and breaks: that ends with the patience."""
    world = World((None, [(False, b"one more line\n")]))
    with pytest.raises(ConnectionLostError):
        await lines_of(world.host(patience_s=60))
    assert sum(world.clock.slept) <= 60
    assert world.dialled < 40


async def test_a_login_that_does_not_end_is_an_error_and_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("haui.transport.exec._CHECK_S", 0.01)
    monkeypatch.setattr("haui.transport.exec.GRACE_S", 0.01)
    world = World(out(b""))

    async def never(self: FakeChannel) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(FakeChannel, "receive", never)
    host = RemoteHost(Target(name="h", address="10.0.0.1", user="ops"), world.dial, Credentials())
    with pytest.raises(ConnectError, match="does not come to an end") as caught:
        await host.connect()
    assert "sudo -n true" in caught.value.fix

"""The lab's name server: knows the registry's name and answers everything else with "no such name".

A name server that answers is what hosts expect; one that is dead is a trouble of its own. Speaks
just enough of RFC 1035, over UDP: one question, one answer.

Usage: dns.py ADDRESS [NAME=ADDRESS…]
"""

from __future__ import annotations

import socket
import struct
import sys

HEADER = struct.Struct("!6H")
RESPONSE, NO_SUCH_NAME = 0x8180, 3
TYPE_A, CLASS_IN, TTL_S = 1, 1, 60


def question(packet: bytes) -> tuple[str, int, int]:
    """Name, type, and where the question ends. Raises IndexError or struct.error for rubbish."""
    labels, at = [], HEADER.size
    while length := packet[at]:
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    kind, _ = struct.unpack_from("!HH", packet, at + 1)
    return ".".join(labels), kind, at + 5


def answer(packet: bytes, known: dict[str, str]) -> bytes:
    """The response to one query."""
    name, kind, end = question(packet)
    (query_id,) = struct.unpack_from("!H", packet)
    address = known.get(name)
    records = b""
    if address is not None and kind == TYPE_A:
        # 0xC00C points back to the name in the question (RFC 1035, 4.1.4).
        record = struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, TTL_S, 4)
        records = record + socket.inet_aton(address)
    flags = RESPONSE | (NO_SUCH_NAME if address is None else 0)
    head = HEADER.pack(query_id, flags, 1, 1 if records else 0, 0, 0)
    return head + packet[HEADER.size : end] + records


def main() -> None:
    address, *pairs = sys.argv[1:]
    known = dict(pair.split("=", 1) for pair in pairs)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            packet, asker = server.recvfrom(4096)
            try:
                server.sendto(answer(packet, known), asker)
            except (IndexError, struct.error, OSError):
                continue  # not a question, or nobody waits for the answer


if __name__ == "__main__":
    main()

"""What a command hook runs: passes the event on to the server that stays, and its answer back.

Run by its file name with `-I -S`, and with no import that takes long, so that it starts in a quarter of the time.
Without a server it starts one and waits for it; where none can listen, it becomes the whole program for this event.
"""

from __future__ import annotations

import _socket  # `socket` takes as long to import as all else here to run
import os
import sys

SOCKET = "hooks.sock"
"""The server's address: this file in Headroom's folder."""

SECONDS = 4.0
"""Longer than this no answer is waited for: the client goes on with the original after five."""


def main(home: str, client: str = "") -> None:
    """Answers the event on standard input for `client`; without one, sees to it that there is a server."""
    command = [sys.executable, "-P", "-m", "headroom", "hook", "--home", home]
    server = _connected(home)
    if server is None:
        ready = _started(command, wait=bool(client))
        server = _connected(home) if ready else None
    if not client:
        return
    if server is None:
        os.execv(sys.executable, [*command, client])
    try:
        server.sendall(client.encode() + b"\n" + sys.stdin.buffer.read())
        server.shutdown(_socket.SHUT_WR)
        while data := server.recv(1 << 16):
            sys.stdout.buffer.write(data)
    except OSError as error:
        print(f"headroom: no answer to a hook ({error}): its output stays as it is", file=sys.stderr)


def _connected(home: str) -> _socket.socket | None:
    """A connection to the server, None if there is none."""
    server = _socket.socket(_socket.AF_UNIX)
    server.settimeout(SECONDS)
    try:
        server.connect(os.path.join(home, SOCKET))
    except OSError:
        return None
    return server


def _started(command: list[str], *, wait: bool) -> bool:
    """Starts a server, which keeps none of the client's pipes open; if asked to, waits until one listens. True if it
    does."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        os.set_inheritable(writing, True)
        os.execv(command[0], [*command, "--serve", "--ready", str(writing)])
    os.close(writing)
    return wait and os.read(reading, 1) != b""


if __name__ == "__main__":
    main(*sys.argv[1:3])

"""What a command hook runs: passes the event on to the server that stays, and its answer back.

Run by its file name with `-I -S`, so that it starts in a quarter of the time, and imports the standard library alone.
Without a server it starts one for the next event, and becomes the whole program for this one.
"""

from __future__ import annotations

import os
import socket
import sys

SOCKET = "hooks.sock"
"""The server's address: this file in Headroom's folder."""

SECONDS = 4.0
"""Longer than this no answer is waited for: the client goes on with the original after five."""


def main(home: str, client: str) -> None:
    """Answers the event on standard input for `client`."""
    server = socket.socket(socket.AF_UNIX)
    server.settimeout(SECONDS)
    try:
        server.connect(os.path.join(home, SOCKET))
    except OSError:
        command = [sys.executable, "-m", "headroom", "hook"]
        if os.fork() == 0:
            _begin([*command, "--serve"])
        os.execv(sys.executable, [*command, client])
    try:
        server.sendall(client.encode() + b"\n" + sys.stdin.buffer.read())
        server.shutdown(socket.SHUT_WR)
        while data := server.recv(1 << 16):
            sys.stdout.buffer.write(data)
    except OSError as error:
        print(f"headroom: no answer to a hook ({error}): its output stays as it is", file=sys.stderr)


def _begin(command: list[str]) -> None:
    """Becomes a process of its own that keeps none of the client's pipes open, and runs `command`."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:3])

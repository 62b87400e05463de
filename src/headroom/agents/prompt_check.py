"""What an agent runs before each prompt, once a file points it at a proxy: with none there, it is said at once.

Without it, an agent would try again for minutes and say nothing. Run by its file name with `-I -S`, and with no import
that takes long. Whatever else is wrong, the prompt goes on its way.
"""

from __future__ import annotations

import _socket  # `socket` takes as long to import as all else here to run
import sys

SECONDS = 0.5
"""Longer than this no proxy is waited for: one that has too much to do listens all the same."""


def main(agent: str, url: str, serve: str, *bases: str) -> None:
    """Keeps a prompt back, and says why, if nobody listens at `url`.

    Args:
        agent: its name, as `headroom unwrap` takes it.
        url: of the proxy that a file points the agent at.
        serve: the command that serves there.
        bases: the base URLs of this run. If none is of that proxy, it is not asked for, and nothing is said.
    """
    if any(f"{base}/".startswith(f"{url}/") for base in bases) and not _listens(url):
        why = f"headroom: no proxy listens at {url}. Start it: {serve}; or do without it: headroom unwrap {agent}"
        print('{"decision": "block", "reason": "' + why.replace("\\", "\\\\").replace('"', '\\"') + '"}')


def _listens(url: str) -> bool:
    host, _, port = url.rpartition("/")[2].partition(":")
    connection = _socket.socket(_socket.AF_INET)
    connection.settimeout(SECONDS)
    try:
        connection.connect((host, int(port)))
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        connection.close()
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])

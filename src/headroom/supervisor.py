"""Keeps a proxy running for as long as somebody needs it: joins one that does the same, or starts one.

Whoever needs it holds a lease, an open connection. When that breaks, the proxy is gone, and another one is started at
once at the same port: what a client then sends again becomes the same bytes, since all decisions are on disk. A proxy
that was started here ends by itself after its last lease.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from urllib.parse import quote

from headroom import __version__, running
from headroom.errors import ProxyError
from headroom.locks import locked
from headroom.running import Running
from headroom.settings import Settings

HOST = "127.0.0.1"
PORT = 8787
"""Where a proxy listens, if nothing else does."""

LINGER = 10.0
"""Seconds that a proxy goes on after its last lease: the next wrap often follows at once."""

START_SECONDS = 60.0
"""A proxy that does not listen after so long never will; it takes about one, on a busy machine twenty."""

ANSWER_SECONDS = 15.0
"""A proxy that listens gives a lease within a millisecond, if it is let run; one that is stuck is as good as none."""

QUICK_SECONDS = 10.0
MOST_QUICK = 3
"""So many proxies in a row that end this soon are not worth another one."""

LAST_LINES = 3
"""So much of a log is told where a proxy fails."""

LOG_BYTES = 1_000_000
"""A log that is longer is begun anew by the next proxy at its port."""

NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
"""Variables that decide how a proxy reaches its upstreams."""


def fingerprint(
    conf: Settings,
    upstreams: Mapping[str, str],
    environ: Mapping[str, str],
    host: str = HOST,
    version: str = __version__,
) -> str:
    """What makes a proxy interchangeable with another. `upstreams` are all of them, by name."""
    network = [environ.get(name, "") for name in NETWORK]
    return running.fingerprint(version, conf, sorted(upstreams.items()), network, host)


def at_one_level(conf: Settings) -> Settings:
    """The settings where a level was asked for by name: no rule gives another; thresholds, which only take, hold."""
    return replace(conf, rules=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The proxy that is needed."""

    home: Path
    fingerprint: str
    words: Sequence[str] = ()
    """Options that `headroom proxy` is started with."""
    environ: Mapping[str, str]
    """What it is started in; it says how the settings are found."""
    port: int | None = None
    """None for the usual one, or a free one if that is taken."""
    linger: float = LINGER
    tries: int = MOST_QUICK


class Supervisor:
    """A proxy for as long as a `with` block lasts.

    Args:
        tell: is called, from another thread, with a sentence for a person once there is no proxy any more.
    """

    def __init__(self, wanted: Wanted, tell: Callable[[str], None]) -> None:
        self._wanted = wanted
        self._tell = tell
        self._lock = threading.Lock()
        self._released = threading.Event()

    def __enter__(self) -> Running:
        """The proxy; it answers. Raises ProxyError."""
        self.proxy, self._link = self._joined(self._wanted.port)
        threading.Thread(target=self._keep, name="supervisor", daemon=True).start()
        return self.proxy

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._released.set()
            _release(self._link)

    def _keep(self) -> None:
        """Starts another proxy whenever the lease breaks."""
        quick = 0
        while True:
            began = monotonic()
            _wait(self._link)
            quick = quick + 1 if monotonic() - began < QUICK_SECONDS else 1
            if self._released.is_set():
                return
            try:
                if quick > self._wanted.tries:
                    raise ProxyError(
                        f"it ended {quick} times, each soon after its start; {_last_words(self._log(self.proxy.port))}"
                    )
                proxy, link = self._joined(self.proxy.port)
            except ProxyError as error:
                if self._released.is_set():
                    return
                self._tell(f"the proxy at {self.proxy.url} is gone: {error}; end the agent and start it again")
                return
            with self._lock:
                self.proxy, self._link = proxy, link
                if self._released.is_set():
                    _release(link)

    def _joined(self, port: int | None) -> tuple[Running, socket.socket]:
        """A proxy and a lease of it. Of several that look for one at the same time, one starts it."""
        try:
            with locked(running.folder(self._wanted.home) / "lock"):
                found = self._found(port)
                if found is None and self._released.is_set():
                    raise ProxyError("nobody needs it any more")
                return found or self._started(port)
        except OSError as error:
            raise ProxyError(
                f"{error.filename or self._wanted.home} cannot be used ({error.strerror or error}); check its "
                "permissions and the space on its disk"
            ) from error

    def _found(self, port: int | None) -> tuple[Running, socket.socket] | None:
        for proxy in running.running(self._wanted.home):
            if proxy.fingerprint == self._wanted.fingerprint and port in (None, proxy.port):
                link = _lease(proxy)
                if link is not None:
                    return proxy, link
        return None

    def _started(self, port: int | None) -> tuple[Running, socket.socket]:
        wanted = self._wanted
        for file in running.stale(wanted.home):
            file.unlink(missing_ok=True)
        chosen = port or (PORT if is_free(PORT) else _bound(0))
        try:
            self._begun(chosen)
        except ProxyError as error:
            if port is not None or f"port {chosen} " not in str(error):
                raise
            chosen = _bound(0)  # somebody else was faster
            self._begun(chosen)
        found = self._found(chosen)
        if found is None:
            raise ProxyError(f"the proxy does not answer; {_last_words(self._log(chosen))}")
        return found

    def _begun(self, port: int) -> None:
        words = ["--port", str(port), "--leased", str(self._wanted.linger), *self._wanted.words]
        _begin(words, self._wanted.environ, self._wanted.home, self._log(port))

    def _log(self, port: int) -> Path:
        return self._wanted.home / running.FOLDER / f"{port}.log"


def _begin(words: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path) -> None:
    """Starts a proxy as a session of its own, which no Ctrl-C reaches, and waits until it listens. Raises ProxyError,
    OSError."""
    before = log.stat().st_size if log.exists() else 0
    begun_anew = os.O_TRUNC if before > LOG_BYTES else 0
    # The folder is not the current one, which may be removed while the proxy runs.
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | begun_anew, 0o600), "ab") as writing:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "headroom", "proxy", *words], env=dict(environ), cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writing,
            start_new_session=True, creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )  # fmt: skip
    assert process.stdout is not None
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        with process.stdout:
            says = process.stdout.readline()
    except BaseException:
        process.kill()
        raise
    finally:
        late.cancel()
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    if not says:
        raise ProxyError(f"the proxy did not start; {_last_words(log, 0 if begun_anew else before)}")


def _last_words(log: Path, start: int = 0) -> str:
    """The end of a log, as the end of a sentence."""
    with log.open("rb") as reading:
        reading.seek(start)
        lines = reading.read().decode("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()][-LAST_LINES:]
    return f"{log} ends: {' / '.join(said)}" if said else f"{log} says nothing of it"


def is_free(port: int) -> bool:
    """True if nothing listens on a port of this machine."""
    try:
        return bool(_bound(port))
    except OSError:
        return False


def _bound(port: int) -> int:
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would let two programs have one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        number: int = probe.getsockname()[1]
        return number


def _lease(proxy: Running) -> socket.socket | None:
    """A connection that the proxy takes for a lease; None where it takes none."""
    host = proxy.url.removeprefix("http://")
    try:
        link = socket.create_connection((proxy.host, proxy.port), timeout=ANSWER_SECONDS)
    except OSError:
        return None
    with suppress(OSError):
        link.sendall(f"GET {running.LEASE}?token={quote(proxy.token)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        if link.recv(4096).startswith(b"HTTP/1.1 200 "):
            link.settimeout(None)
            return link
    link.close()
    return None


def _wait(link: socket.socket) -> None:
    """Returns once the proxy is gone, or the lease was released."""
    with link, suppress(OSError):
        while link.recv(4096):
            pass


def _release(link: socket.socket) -> None:
    with suppress(OSError):  # it is gone already
        link.shutdown(socket.SHUT_RDWR)

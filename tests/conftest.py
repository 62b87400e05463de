"""What holds for every test: no user data is touched, nothing leaves this machine, and a run can be repeated.

Set up at import, before any test module is collected, so that no module of ours sees the user's own environment.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings

_HOME = tempfile.TemporaryDirectory(prefix="headroom-tests-")

for _name in [name for name in os.environ if name.startswith("HEADROOM_")]:
    del os.environ[_name]
os.environ["HEADROOM_HOME"] = _HOME.name

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadlines and no health check on speed: a slow machine is not a failure. The default draws the same examples on
# every run, so that a commit passes everywhere or nowhere; the profile `fuzz` looks for new ones.
_UNTIMED = [HealthCheck.too_slow]
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=_UNTIMED)
settings.register_profile("fuzz", deadline=None, max_examples=5_000, print_blob=True, suppress_health_check=_UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def _is_local(host: object) -> bool:
    if host in ("localhost", b"localhost", None, ""):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise PermissionError(f"a test tried to connect to {address!r}; only this machine may be reached")
    elif event == "socket.getaddrinfo" and not _is_local(args[0]):
        raise PermissionError(f"a test tried to look up {args[0]!r}; only this machine may be reached")


sys.addaudithook(_refuse_network)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a data directory of its own; what it starts inherits it."""
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path_factory.mktemp("home")))

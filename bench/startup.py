"""`python -m bench.startup`: what it costs to have Headroom: start-up times, packages and megabytes, wheels.

Times are medians of fresh processes of this environment (POSIX only). The base install is made from this source
tree in a new environment; the wheel check asks pip to resolve the base dependencies from wheels alone for each Python.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
LIMITS = {"import ms": 100, "help ms": 150, "packages": 25, "MB": 70}
"""What the base install may cost."""

QUIET = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
"""Standard output of a timed process goes nowhere."""

BROUGHT = ("pip", "setuptools", "wheel")
"""What a new environment has before anything is installed into it."""


def median_ms(command: Sequence[str], runs: int) -> float:
    """Median milliseconds of a fresh process, after one unmeasured run; of each process the smaller of wall-clock and
    processor time (threads make the second larger, a busy machine the first)."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        process = os.posix_spawn(command[0], list(command), os.environ, file_actions=QUIET)
        _, status, used = os.wait4(process, 0)
        wall = time.perf_counter() - start
        if status:
            raise RuntimeError(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
        taken.append(1000 * min(wall, used.ru_utime + used.ru_stime))
    return statistics.median(taken[1:])


def base_install() -> tuple[list[str], float]:
    """(packages as `name version`, megabytes) of `pip install .` in a new environment, compiled files not counted."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-compile", str(ROOT)], check=True, capture_output=True)
        listed = subprocess.run([*pip, "list", "--format", "freeze"], check=True, capture_output=True, text=True).stdout
        packages = [p for p in listed.replace("==", " ").splitlines() if p.split(" ")[0] not in BROUGHT]
        site = next(Path(folder, "lib").glob("python*/site-packages"))
        size = sum(
            file.stat().st_size
            for file in site.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts and not _brought(file.relative_to(site))
        )
    return packages, size / 1e6


def _brought(file: Path) -> bool:
    name = file.parts[0].split("-")[0]
    return name in BROUGHT or name in ("pkg_resources", "_distutils_hack", "distutils")


def wheels(python: str) -> str:
    """Empty if every base dependency has a wheel for this Python on this platform, else pip's last line."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        needed: list[str] = tomllib.load(file)["project"]["dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--dest", folder,
                   "--only-binary", ":all:", "--python-version", python, *needed]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; exit status 1 if a limit is passed."""
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=15, help="processes per time (default: %(default)s)")
    parser.add_argument("--offline", action="store_true", help="times only; nothing is installed or downloaded")
    options = parser.parse_args(arguments)
    command = Path(sys.executable).with_name("headroom")
    bare = median_ms([sys.executable, "-c", "pass"], options.runs)
    figures = {
        "import ms": median_ms([sys.executable, "-c", "import headroom"], options.runs),
        "help ms": median_ms([str(command), "--help"], options.runs),
    }
    library = median_ms([sys.executable, "-c", "from headroom import compress"], options.runs)
    print(f"whole processes: bare python {bare:.0f} ms, from headroom import compress {library:.0f} ms")
    missing: list[str] = []
    if not options.offline:
        packages, size = base_install()
        figures |= {"packages": len(packages), "MB": size}
        print("base install:", ", ".join(packages))
        missing = [f"{python}: {problem}" for python in PYTHONS if (problem := wheels(python))]
        print("wheels for", ", ".join(PYTHONS), "-", "; ".join(missing) or "all there")
    for name, value in figures.items():
        print(f"{name:<10} {value:>6.0f}  (limit {LIMITS[name]})")
    return 1 if missing or any(value > LIMITS[name] for name, value in figures.items()) else 0


if __name__ == "__main__":
    sys.exit(main())

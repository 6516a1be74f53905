"""What every benchmark shares: peers in their own environments, alternating runs, tables and pictures, the page they are written to.

Each contender is a process of its own, so that its peak memory is its own too. It prints one line of JSON last: "seconds" is its compute
time without reading files, "cpu_seconds" the processor time of the same, and more numbers may follow. A program that prints none is
timed as a whole.
Contenders take turns, round after round, so that a busy machine slows all of them alike. Memory is read from ``wait4``, so the
benchmarks run on Linux and macOS.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmarks"  # workloads and environments of the peers; safe to delete
PAGE = ROOT / "Docs" / "accuracy-and-speed.md"
PICTURES = ROOT / "Docs" / "accuracy"
SHARED_DATA = ROOT.parent / "shared" / "data"
INSTALL_TIMEOUT_S = 900


@dataclass(frozen=True)
class Contender:
    """A program to be timed.

    Attributes
    ----------
    name : str
        As the table shows it.
    command : sequence of str
        Its command line; empty if it cannot run here.
    missing : str
        The sentence that says why it cannot run, or "".
    """

    name: str
    command: Sequence[str] = ()
    missing: str = ""


@dataclass(frozen=True)
class Outcome:
    """Medians over the rounds.

    ``seconds`` is what the contender reports of its computation, the whole process if it reports none; ``cpu_s`` the processor time of the
    same. ``wall_s`` is the whole process, and ``peak_mb`` its peak resident memory (1 MB = 10⁶ bytes). ``numbers`` is the JSON of the last
    round.
    """

    name: str
    seconds: float = float("nan")
    wall_s: float = float("nan")
    cpu_s: float = float("nan")
    peak_mb: float = float("nan")
    numbers: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


def ours(name: str, script: str, *arguments: object) -> Contender:
    """A script of this folder, run by the Python that runs the benchmark."""
    return Contender(name, [sys.executable, str(Path(__file__).parent / script), *map(str, arguments)])


def peer(
    name: str, environment: str, packages: Sequence[str], script: str, *arguments: object, build_with: Sequence[str] = ()
) -> Contender:
    """A script of this folder, run in a virtual environment with ``packages``, made on first use under ``build/``.

    ``build_with`` are installed first, and the packages then built with them: for those that do not name what their build needs.
    """
    python, missing = peer_python(environment, packages, build_with)
    if missing:
        return Contender(name, missing=missing)
    return Contender(name, [str(python), str(Path(__file__).parent / script), *map(str, arguments)])


def peer_python(environment: str, packages: Sequence[str], build_with: Sequence[str] = ()) -> tuple[Path, str]:
    """The interpreter of a peer's environment, and a sentence if it could not be made."""
    folder = BUILD / "peers" / environment
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "installed.txt"
    wanted = "\n".join(packages)
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return python, ""
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S)
        install = [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary"]
        steps = [[*install, *build_with], [*install, "--no-build-isolation", *packages]] if build_with else [[*install, *packages]]
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S)
    except (subprocess.SubprocessError, OSError) as error:
        return python, f"could not be installed here ({type(error).__name__})"
    ready.write_text(wanted, encoding="utf-8")
    return python, ""


def compare(contenders: Sequence[Contender], rounds: int = 3) -> list[Outcome]:
    """Run the contenders in turns, ``rounds`` times, and take medians.

    A contender that is missing or fails has a sentence in ``missing`` and NaN for its numbers.
    """
    runs: dict[str, list[Outcome]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            before = runs[contender.name]
            if not contender.missing and not (before and before[-1].missing):
                before.append(_run(contender))
    return [_median(contender, runs[contender.name]) for contender in contenders]


def _run(contender: Contender) -> Outcome:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "MarrowQuant")}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "cost.json"
        launch = [sys.executable, str(Path(__file__).with_name("launch.py")), str(report)]
        done = subprocess.run([*launch, *contender.command], capture_output=True, text=True, errors="replace", env=environment, check=False)
        if done.returncode != 0:
            return Outcome(contender.name, missing=f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        cost = json.loads(report.read_text(encoding="ascii"))
    numbers = _json_line(done.stdout)
    seconds, processor = numbers.get("seconds", cost["wall_s"]), numbers.get("cpu_seconds", cost["cpu_s"])
    return Outcome(contender.name, seconds, cost["wall_s"], processor, cost["peak_mb"], numbers)


def _json_line(printed: str) -> dict[str, Any]:
    last = (printed.strip().splitlines() or [""])[-1]
    return json.loads(last) if last.startswith("{") else {}


def _median(contender: Contender, runs: Sequence[Outcome]) -> Outcome:
    missing = contender.missing or next((run.missing for run in runs if run.missing), "")
    if missing:
        return Outcome(contender.name, missing=missing)
    medians = {key: statistics.median(getattr(run, key) for run in runs) for key in ("seconds", "wall_s", "cpu_s", "peak_mb")}
    return Outcome(contender.name, numbers=runs[-1].numbers, **medians)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def number(value: Optional[float], digits: int = 2) -> str:
    """A number for a table, "–" where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def write_section(name: str, markdown: str) -> None:
    """Put ``markdown`` between the markers ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` of the page.

    Raises
    ------
    ValueError
        The page has no such markers.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    page = PAGE.read_text(encoding="utf-8")
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"{PAGE.name} has no section between '{begin}' and '{end}'.")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n{markdown.strip()}\n{end}{after}", encoding="utf-8")


def write_picture(name: str, svg: str) -> str:
    """Write an SVG beside the page; returns its Markdown link."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    return f"![{name.replace('-', ' ')}]({PICTURES.name}/{name}.svg)"

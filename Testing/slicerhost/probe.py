"""Run a probe script on the host: ``python -m slicerhost.probe PROBE OUT``.

The probe asks ``slicer``, ``qt`` and ``ctk`` questions and writes the answers to OUT; the same script runs in a real Slicer, and
``test_host.py`` compares the two.
"""

from __future__ import annotations

import runpy
import sys

from .application import start


def main(probe: str, out: str) -> None:
    """Start the host and run the script with OUT as its last argument."""
    start()
    sys.argv = [probe, out]
    runpy.run_path(probe, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])

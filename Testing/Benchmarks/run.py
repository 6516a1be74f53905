"""One command for the whole page of accuracy and speed: ``python Testing/Benchmarks/run.py``.

Runs MarrowQuant and the peers that install here on the same workloads, and writes the tables and pictures of
``Docs/accuracy-and-speed.md``. ``run.py NAME …`` runs only these sections. Workloads and peers' environments are kept in
``build/benchmarks``. MRtrix3 is not on PyPI: ``apt-get install mrtrix3`` before the run, or its row says that it is missing.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import time

import bench

# Section of the page -> the module of this folder whose ``section(rounds)`` returns its Markdown.
SECTIONS = {
    "pdff": "pdff",
    "fatwater-sweeps": "fatwater_sweeps",
    "fatwater-gallery": "fatwater_gallery",
    "iron": "iron",
    "adc": "adc",
    "diffusion-models": "diffusion_models",
    "adc-sweeps": "adc_sweeps",
    "adc-real": "adc_real",
    "features": "features",
    "main-job": "main_job",
    "promises": "promises",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="NAME", help=f"one or more of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often the contenders take turns (default: %(default)s)")
    options = parser.parse_args()
    unknown = sorted(set(options.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"no section named {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    # As an installer does: the peers are installed, and where Python may write no compiled modules, each run would compile ours again.
    compileall.compile_dir(bench.ROOT / "MarrowQuant" / "MarrowQuantLib", quiet=1)
    bench.BUILD.mkdir(parents=True, exist_ok=True)
    for name in options.sections or SECTIONS:
        start = time.perf_counter()
        bench.write_section(name, importlib.import_module(SECTIONS[name]).section(options.rounds))
        print(f"{name}: written to {bench.PAGE.name} after {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

"""``marrowquant``: the same workflow as the panel, from a shell.

Exit codes: 0 done; 1 the input cannot be used (one sentence on standard error says why and what to do); 2 the command was mistyped;
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Optional

from . import RESEARCH_USE_ONLY, MarrowQuantError, __version__, commands
from .commands.progress import progress_bar

INTERRUPTED = 130
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")  # what numpy's matrix library asks for, the first before the second
_COMPLETION = (
    "Completion with Tab in bash and zsh: pip install 'marrowquant[completion]', then eval \"$(register-python-argcomplete marrowquant)\"."
)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command; returns the exit code."""
    if not any(name in os.environ for name in BLAS_THREADS):
        os.environ[BLAS_THREADS[0]] = "1"  # numpy is not loaded yet; its threads wait for each other longer than small products take
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("marrowquant: interrupted; nothing is left half-written, and what was complete stays.", file=sys.stderr)
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    description = f"Quantitative bone-marrow MRI. {RESEARCH_USE_ONLY}"
    epilog = f"'marrowquant COMMAND --help' shows the options of a command and an example. {commands.EXIT_CODES} {_COMPLETION}"
    parser = argparse.ArgumentParser(prog="marrowquant", description=description, epilog=epilog)
    parser.add_argument("--version", action="version", version=f"marrowquant {__version__}")
    commands.add_all(parser)
    return parser


def _run(arguments: Optional[Sequence[str]]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console that cannot show µ must not end the measurement
    options = build_parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads the output, such as head, has seen enough; Python must not flush into the pipe again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MarrowQuantError as error:
        progress_bar.end()
        print(f"marrowquant: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # the disk is full, a folder vanished, a file is locked; its name may tell who a patient is
        progress_bar.end()
        why = error.strerror or type(error).__name__
        print(f"marrowquant: A file cannot be read or written ({why}); check folder and free space, and try again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress_bar.end()
        raise

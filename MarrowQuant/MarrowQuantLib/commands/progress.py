"""The progress bar of the command line."""

from __future__ import annotations

import sys
import time

BAR_WIDTH = 30
SECONDS_BETWEEN_LINES = 2.0  # where standard error is a file, as in a batch


class ProgressBar:
    """A bar that redraws itself on a terminal; elsewhere a line every few seconds."""

    def __init__(self) -> None:
        self.shown, self.printed_at = "", 0.0

    def __call__(self, fraction: float, text: str) -> None:
        filled = round(BAR_WIDTH * fraction)
        line = f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}] {100 * fraction:3.0f} %  {text}"
        if sys.stderr.isatty():
            print(f"\r{line:<{len(self.shown)}}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.printed_at > SECONDS_BETWEEN_LINES:
            print(line, file=sys.stderr, flush=True)
            self.printed_at = time.monotonic()
        self.shown = line

    def end(self) -> None:
        """Leave the line of the bar, if one is drawn."""
        if self.shown and sys.stderr.isatty():
            print(file=sys.stderr)
        self.shown = ""


progress_bar = ProgressBar()

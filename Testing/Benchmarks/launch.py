"""Run a command and write what it cost to a file: ``launch.py REPORT COMMAND …``.

A small process in between, because on Linux a child's peak memory begins at that of the process that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

report, *command = sys.argv[1:]
start = time.perf_counter()
process = subprocess.Popen(command)
_, status, usage = os.wait4(process.pid, 0)  # the resources of this child alone
wall = time.perf_counter() - start
peak_bytes = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
with open(report, "w", encoding="ascii") as file:
    json.dump({"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": peak_bytes / 1e6}, file)
sys.exit(os.waitstatus_to_exitcode(status) % 256)

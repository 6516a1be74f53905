"""The type gate: mypy finds nothing in ring 1, and in rings 2 and 3 no more than what was left. Run by ``make quick`` and ``make test``.

Slicer, VTK and Qt have no types, so the two outer rings may keep some errors; their number may only fall, and is lowered here when it does.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from mypy import api

ROOT = Path(__file__).resolve().parents[1]
LEFT = {"scene": 43, "panel": 39}


def main() -> int:
    """Print what is wrong and return the exit code."""
    told, trouble, _ = api.run(["--config-file", str(ROOT / "pyproject.toml")])
    found = re.findall(r"^\S*MarrowQuantLib[/\\](\w+).*: error: .*", told, flags=re.MULTILINE)
    count = Counter(name if name in LEFT else "ring 1" for name in found)
    wrong = [line for line in told.splitlines() if ": error: " in line and not re.search(r"MarrowQuantLib[/\\](scene|panel)", line)]
    for ring, left in LEFT.items():
        if count[ring] > left:
            wrong += [line for line in told.splitlines() if ": error: " in line and re.search(rf"MarrowQuantLib[/\\]{ring}", line)]
            wrong.append(f"{ring}/ has {count[ring]} type errors, and {left} are left over from before.")
        elif count[ring] < left:
            wrong.append(f"{ring}/ has {count[ring]} type errors: lower its number {left} in {Path(__file__).name}.")
    sys.stdout.write("\n".join([trouble, *wrong, ""]).lstrip())
    return 1 if wrong or trouble else 0


if __name__ == "__main__":
    sys.exit(main())

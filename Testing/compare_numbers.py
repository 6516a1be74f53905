"""Compare every number of two ``results.json``: ``python Testing/compare_numbers.py BEFORE AFTER``.

A number is named by its path, in which levels, series and lesions stand by their own names, so that a row more does not shift the others.
Two numbers are equal bit for bit or they are told; of what only one file has, the kinds are told. The exit code is 1 if a number that both
files have differs.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

NAMES = ("label", "level", "name", "test", "lesion_id", "predictor", "index", "part")


def numbers(item: object, path: str = "") -> dict[str, float]:
    """All numbers of a part of the file, by path."""
    if isinstance(item, bool) or item is None or isinstance(item, str):
        return {}
    if isinstance(item, (int, float)):
        return {path: item}
    if isinstance(item, dict):
        parts = {} if {"code", "sentence"} <= item.keys() else {f"{path}.{key}": part for key, part in item.items()}
    else:
        seen: Counter = Counter()
        parts = {}
        for n, part in enumerate(item):
            named = " ".join(str(part[key]) for key in NAMES if part.get(key)) if isinstance(part, dict) else ""
            seen[named] += 1
            again = f" #{seen[named]}" if named and seen[named] > 1 else ""
            parts[f"{path}[{named or n}{again}]"] = part
    return {name: number for where, part in parts.items() for name, number in numbers(part, where).items()}


def kind_of(name: str) -> str:
    """A path without what tells the items of a list apart."""
    return re.sub(r"\[[^\]]*\]", "[]", name)


def main(before: Path, after: Path) -> int:
    """Print what differs and return the exit code."""
    first, second = (numbers(json.loads(path.read_text(encoding="utf-8"))) for path in (before, after))
    both = first.keys() & second.keys()
    different = sorted(name for name in both if first[name] != second[name])
    sys.stdout.write(f"{len(both)} numbers in both files, {len(both) - len(different)} equal bit for bit, {len(different)} different\n")
    largest: dict[str, float] = {}
    for name in different:
        apart = abs(first[name] - second[name]) / max(abs(first[name]), abs(second[name]))
        largest[kind_of(name)] = max(apart, largest.get(kind_of(name), 0.0))
    for kind, count in Counter(map(kind_of, different)).most_common():
        sys.stdout.write(f"  {count} {kind}, apart by {largest[kind]:.1e} of their size at most\n")
    for where, only in ((before, first.keys() - both), (after, second.keys() - both)):
        sys.stdout.write(f"{len(only)} numbers only in {where}\n")
        for kind, count in Counter(map(kind_of, only)).most_common():
            sys.stdout.write(f"  {count} {kind}\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

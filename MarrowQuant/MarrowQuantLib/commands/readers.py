"""``marrowquant readers``: the tumour loads of two readers on the same exams, compared."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, Optional

from ..followup.readers import ReaderAgreement, agreement, compare_loads
from ..model import MarrowQuantError
from ..results.loads import read_reading


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant readers``."""
    many: dict[str, Any] = {"type": Path, "nargs": "+", "required": True, "metavar": "DIR"}
    parser.add_argument("--first", help="results folders of the first reader, one a case or an exam", **many)
    parser.add_argument("--second", help="those of the second reader, in the same order", **many)
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    parser.set_defaults(command=_readers)


def _readers(options: argparse.Namespace) -> int:
    if len(options.first) != len(options.second):
        raise MarrowQuantError(
            "There are {first} results folders of the first reader and {second} of the second; give one of each for every case.",
            first=len(options.first), second=len(options.second),
        )
    pairs = [
        pair
        for first, second in zip(options.first, options.second)
        for pair in compare_loads(read_reading(first), read_reading(second)).values()
    ]
    found = agreement(pairs)
    print(json.dumps(_plain(found), indent=1) if options.json else _text(found))
    return 0


def _number(value: Optional[float], digits: int = 3) -> Optional[float]:
    return None if value is None or not math.isfinite(value) else round(value, digits)


def _plain(found: ReaderAgreement) -> dict[str, Any]:
    exams = [
        {
            "dice": _number(pair.dice), "kappa": _number(pair.kappa), "components": len(pair.decisions),
            "tdv_ml": [_number(ml, 2) for ml in pair.tdv_ml], "gadc_um2_per_s": [_number(adc, 1) for adc in pair.adc],
        }
        for pair in found.pairs
    ]  # fmt: skip
    return {"exams": exams, "kappa": _number(found.kappa), "icc_2_1_tdv": _number(found.icc), "bias_ml": _number(found.bias_ml, 2)}


def _text(found: ReaderAgreement) -> str:
    lines = [f"{'exam':>4} {'Dice':>6} {'kappa':>6} {'pieces':>6}  {'tDV, mL':>17}  {'ADC, um2/s':>13}"]
    for number, pair in enumerate(found.pairs, start=1):
        both = ((pair.tdv_ml, 1), (pair.adc, 0))
        volumes, adc = (" / ".join("-" if not math.isfinite(x) else f"{x:.{n}f}" for x in values) for values, n in both)
        kappa = f"{pair.kappa:.2f}" if math.isfinite(pair.kappa) else "-"
        lines.append(f"{number:>4} {pair.dice:6.2f} {kappa:>6} {len(pair.decisions):>6}  {volumes:>17}  {adc:>13}")
    kappa = f"{found.kappa:.2f}" if math.isfinite(found.kappa) else "not defined"
    icc = "needs three exams" if found.icc is None else f"{found.icc:.3f}"
    return "\n".join([*lines, f"All exams: kappa {kappa}, ICC(2,1) of the tDV {icc}, second minus first reader {found.bias_ml:+.1f} mL"])

"""When an exam was: any attribute that dates it, and what stands for no date."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from typing import Optional

from . import elements as el

# study, series, acquisition, acquisition with time, content, performed procedure step, instance creation
DATE_TAGS = (0x00080020, 0x00080021, 0x00080022, 0x0008002A, 0x00080023, 0x00189074, 0x00400244, 0x00080012)
# archives shift dates by decades into the past and by centuries into the future, so that no year by itself is absurd (our choice)
FIRST_YEAR, LAST_YEAR = 1902, 2999
PLACEHOLDERS = frozenset(("11111111", "12345678", "99999999", "19700101", "19800101"))  # the last two begin the clocks of Unix and MS-DOS


def date_of(source: el.Elements) -> tuple[Optional[datetime.date], bool]:
    """The first date that is one, and whether it is the study's own; placeholders such as 19000101 are none."""
    for tag in DATE_TAGS:
        date = _date(source.text(tag))
        if date is not None:
            return date, tag == DATE_TAGS[0]
    return None, False


@lru_cache(maxsize=256)
def _date(text: str) -> Optional[datetime.date]:
    digits = re.sub(r"\D", "", text)[:8]
    try:
        date = datetime.datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None
    return date if FIRST_YEAR <= date.year <= LAST_YEAR and digits not in PLACEHOLDERS and len(digits) == 8 else None

"""Repeated readings, and what other programs make of them."""

from __future__ import annotations

import numpy as np

READINGS = np.array([
    [1103.0, 1077.7], [1063.7, 1191.8], [1045.8, 1105.5], [676.6, 873.5], [644.5, 671.3], [964.3, 1002.0], [940.4, 1025.0], [944.3, 938.9],
    [1181.4, 1264.2], [972.5, 1006.3], [980.8, 992.7], [777.0, 727.0], [758.9, 628.0], [1096.8, 1180.7], [923.7, 857.4],
])  # fmt: skip
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
# pingouin 0.7.0, intraclass_corr: ICC(A,1) and ICC(C,1), which are ICC(2,1) and ICC(3,1) of Shrout and Fleiss.
REFERENCE = [(READINGS, 0.8838430627157742, 0.8914772150160238), (SHROUT_FLEISS, 0.28976377952755916, 0.7148407148407154)]

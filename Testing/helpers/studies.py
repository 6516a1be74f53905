"""What tests compare with: small references in ``Testing/Python/data``, and large public studies beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

REFERENCES = Path(__file__).resolve().parents[1] / "Python" / "data"
STUDIES = Path(__file__).resolve().parents[2].parent / "shared" / "data"
ABSENT = "large public studies (../shared/data beside the repository) are absent; CONTRIBUTING.md says more"

needs_studies = pytest.mark.skipif(not STUDIES.is_dir(), reason=ABSENT)

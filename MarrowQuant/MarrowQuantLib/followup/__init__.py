"""What changed between two exams, and whether the change is larger than measurement error."""

from ..followup.change import compare, value_of
from ..followup.indices import INDICES, Index, Limit, index_of, label_of

__all__ = ["INDICES", "Index", "Limit", "compare", "index_of", "label_of", "value_of"]

"""What changed between two exams, and whether the change is larger than measurement error."""

from ..followup.change import compare, flag_kind, value_of
from ..followup.indices import INDICES, Index, Limit, index_of, label_of

__all__ = ["INDICES", "Index", "Limit", "compare", "flag_kind", "index_of", "label_of", "value_of"]

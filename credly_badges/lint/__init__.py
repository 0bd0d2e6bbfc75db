"""Whether what a badge asks for can be met, is not met by everybody, and says what whoever wrote it meant."""

from .checking import check, check_all, faults
from .fault import CAN_BE_MEANT, Fault, errors

__all__ = ["CAN_BE_MEANT", "Fault", "check", "check_all", "errors", "faults"]

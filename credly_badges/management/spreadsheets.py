"""What is written into the cells of a CSV file; the doors share it."""

from ..reports.spreadsheets import cell

__all__ = ["cell"]

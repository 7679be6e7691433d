"""The quality check: what in the knowledge repeats, contradicts itself, or should not be there."""

from knowledge.services.checking.report import Issue, Report, check, check_named

__all__ = ["Issue", "Report", "check", "check_named"]

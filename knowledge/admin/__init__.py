"""Knowledge on a merchant's admin site."""

from knowledge.admin.documents import DocumentAdmin
from knowledge.admin.evaluation import DatasetAdmin, ReportAdmin
from knowledge.admin.pairs import QAPairAdmin
from knowledge.admin.records import FeedbackAdmin, QuestionRecordAdmin
from knowledge.admin.solutions import SolutionAdmin, TicketAdmin

__all__ = [
    "DatasetAdmin",
    "DocumentAdmin",
    "FeedbackAdmin",
    "QAPairAdmin",
    "QuestionRecordAdmin",
    "ReportAdmin",
    "SolutionAdmin",
    "TicketAdmin",
]

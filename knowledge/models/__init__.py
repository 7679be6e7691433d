"""Tables of `knowledge`; they lie in every tenant's schema."""

from knowledge.models.attachments import Attachment
from knowledge.models.documents import Chunk, Document, Version
from knowledge.models.evaluation import CaseResult, Dataset, EvaluationReport, Sample, SampleItem
from knowledge.models.index import Posting, Segment, Unit
from knowledge.models.pairs import QAPair, SimilarQuestion
from knowledge.models.records import CitedGrant, Feedback, QuestionRecord
from knowledge.models.solutions import Solution
from knowledge.models.state import Fit, KnowledgeState, Revision, TunerParams
from knowledge.models.tickets import Ticket

__all__ = [
    "Attachment",
    "CaseResult",
    "Chunk",
    "CitedGrant",
    "Dataset",
    "Document",
    "EvaluationReport",
    "Feedback",
    "Fit",
    "KnowledgeState",
    "Posting",
    "QAPair",
    "QuestionRecord",
    "Revision",
    "Sample",
    "SampleItem",
    "Segment",
    "SimilarQuestion",
    "Solution",
    "Ticket",
    "TunerParams",
    "Unit",
    "Version",
]

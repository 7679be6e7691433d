"""The parameters of search (api.md 9)."""

from typing import Any, Literal

from ninja import Field, Schema


class ParamsIn(Schema):
    """TU-02, and the parameters of one run (EV-05); what is not sent stays as it is."""

    vector_top_k: int | None = Field(default=None, ge=1, le=100)
    bm25_top_k: int | None = Field(default=None, ge=1, le=100)
    rerank_top_k: int | None = Field(default=None, ge=1, le=20)
    threshold_mode: Literal["auto", "fixed"] | None = None
    target_accuracy: float | None = Field(default=None, ge=0.5, le=1)
    max_refusal: float | None = Field(default=None, ge=0, le=1)
    similarity_threshold: float | None = Field(default=None, ge=0, le=1)
    fusion: Literal["score", "rank"] | None = None
    rrf_k: int | None = Field(default=None, ge=1, le=200)
    rrf_vector_weight: float | None = Field(default=None, ge=0, le=1)
    rrf_keyword_weight: float | None = Field(default=None, ge=0, le=1)

    def given(self) -> dict[str, Any]:
        """Return what was sent."""
        return self.dict(exclude_none=True)


class ThresholdOut(Schema):
    """The threshold in force, with what is expected of it."""

    value: float
    expected_accuracy: float
    ci95: list[float]
    refused_share: float
    limited_by: Literal["accuracy", "refusal", "data"]


class ParamsOut(Schema):
    """TU-01…03: the parameters in force, and which of them the merchant has set (`overrides`)."""

    vector_top_k: int
    bm25_top_k: int
    rerank_top_k: int
    threshold_mode: Literal["auto", "fixed"]
    target_accuracy: float
    max_refusal: float
    similarity_threshold: float
    threshold: ThresholdOut
    fusion: Literal["score", "rank"]
    rrf_k: int
    rrf_vector_weight: float
    rrf_keyword_weight: float
    overrides: list[str]
    updated_at: str | None

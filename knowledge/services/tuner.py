"""The parameters of search as they are shown (api.md 9, Params)."""

from typing import Any

from knowledge.services import encoders
from knowledge.services.ranking import weights_for
from knowledge.services.tuning import Params


def shown(params: Params) -> dict[str, Any]:
    """Return the parameters in force with the threshold and the weights that they lead to."""
    weights = weights_for(
        encoders.in_force(), vector=params.rrf_vector_weight, keyword=params.rrf_keyword_weight
    )
    threshold = params.threshold
    return {
        "vector_top_k": params.vector_top_k,
        "bm25_top_k": params.bm25_top_k,
        "rerank_top_k": params.rerank_top_k,
        "threshold_mode": params.threshold_mode,
        "target_accuracy": params.target_accuracy,
        "max_refusal": params.max_refusal,
        "similarity_threshold": params.similarity_threshold,
        "threshold": {
            "value": round(threshold.value, 4),
            "expected_accuracy": round(threshold.expected_accuracy, 4),
            "ci95": [round(edge, 4) for edge in threshold.ci95],
            "refused_share": round(threshold.refused_share, 4),
            "limited_by": threshold.limited_by,
        },
        "fusion": params.fusion,
        "rrf_k": params.rrf_k,
        "rrf_vector_weight": weights.vector,
        "rrf_keyword_weight": weights.keyword,
        "overrides": list(params.overrides),
        "updated_at": params.updated_at.isoformat().replace("+00:00", "Z") if params.updated_at else None,
    }

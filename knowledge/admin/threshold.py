"""What an answer needs, told on a merchant's admin site: the threshold in force, what it promises and what it costs."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from kimono import providers
from knowledge.services import tuning

_SET_BY = {
    "accuracy": _("It is the lowest score at which so many answers are right as are wanted."),
    "refusal": _(
        "More right answers would leave too many questions without one, so the share refused decides."
    ),
    "data": _(
        "There are too few questions to choose it by: similar questions and test sets are what it is chosen by."
    ),
    "fixed": _("It was set by hand."),
}


def shown() -> dict[str, Any]:
    """Return the threshold in force in the words of the page."""
    params = tuning.effective()
    threshold = params.threshold
    known = providers.current()
    low, high = threshold.ci95
    fixed = params.threshold_mode == "fixed"
    measured = threshold.expected_accuracy > 0
    return {
        "value": f"{threshold.value:.2f}",
        "set_by": _SET_BY["fixed" if fixed else threshold.limited_by],
        "expected": f"{threshold.expected_accuracy:.0%}" if measured else "",
        "low": f"{low:.0%}",
        "high": f"{high:.0%}",
        "refused": f"{threshold.refused_share:.0%}",
        "target": f"{params.target_accuracy:.0%}",
        "short_of_target": threshold.expected_accuracy < params.target_accuracy,
        "has_model": not known.encoder.in_process or known.reranker is not None,
    }

"""How the tables of words become one pattern."""

import re


def any_of(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern that any of the given ones satisfies."""
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))

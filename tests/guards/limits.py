"""The limits that the environment may set, as the code has them."""


def limits_in_force() -> dict[str, tuple[int, ...]]:
    """Return the variable of every limit with its default, and for windows the seconds."""
    from conversations.services import open_streams
    from knowledge.services.documents import quotas
    from tenants.services import limits

    windows = {name.upper(): (limit.amount, limit.seconds) for name, limit in limits.DEFAULTS.items()}
    counts = {
        name.upper(): (most,) for name, most in [*open_streams._DEFAULTS.items(), *quotas.DEFAULTS.items()]
    }
    return {f"KIMONO_LIMIT_{name}": numbers for name, numbers in {**windows, **counts}.items()}

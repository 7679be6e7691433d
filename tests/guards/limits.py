"""The limits that the environment may set, as the code has them."""


def limits_in_force() -> dict[str, tuple[int, ...]]:
    """Return the variable of every limit with its default, and for windows the seconds."""
    from conversations.services import open_sockets, open_streams
    from knowledge.services.documents import quotas
    from tenants.services import limits

    windows = {name.upper(): (limit.amount, limit.seconds) for name, limit in limits.DEFAULTS.items()}
    counted = {**open_streams._DEFAULTS, **open_sockets._DEFAULTS, **quotas.DEFAULTS}
    counts = {name.upper(): (most,) for name, most in counted.items()}
    return {f"KIMONO_LIMIT_{name}": numbers for name, numbers in {**windows, **counts}.items()}

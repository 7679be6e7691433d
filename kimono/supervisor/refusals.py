"""Why the supervisor does not start, or gives up."""


class Refused(Exception):
    """Carries one sentence for the person at the terminal; the process ends with status 1."""


class StopAsked(Exception):
    """Ctrl-C or TERM arrived while something was being waited for."""

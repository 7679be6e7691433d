"""The ways in which the stand-in can behave, good and bad."""

from enum import StrEnum


class Mode(StrEnum):
    """One way to behave; chosen for the server, for the next requests, or for one by `model:mode`."""

    OK = "ok"
    # Transport and protocol
    SLOW = "slow"
    STALL = "stall"
    STALL_MID = "stall_mid"
    TRUNCATED = "truncated"
    HTML = "html"
    BROKEN_JSON = "broken_json"
    ERROR_IN_STREAM = "error_in_stream"
    RESET = "reset"
    RESET_MID = "reset_mid"
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    OVERLOADED = "503"
    EMPTY_CHOICES = "empty_choices"
    EMPTY_TEXT = "empty_text"
    NEVER = "never"
    WRONG_MODEL = "wrong_model"
    OVERLONG = "overlong"
    NO_USAGE = "no_usage"
    NO_ENDING = "no_ending"
    WRONG_DIMENSIONS = "wrong_dimensions"
    # What the text says
    INVENTS = "invents"
    # The sources' own sentences, each with one thing wrong.
    DISTORTS = "distorts"
    WRONG_CITATIONS = "wrong_citations"
    NO_CITATIONS = "no_citations"
    OBEYS = "obeys"
    # Word for word what it was told to, as a model that somebody has taken over.
    SAYS = "says"
    INVALID_DATA = "invalid_data"

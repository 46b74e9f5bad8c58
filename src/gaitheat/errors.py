"""The one kind of error that is the user's to mend: shown as a single line, never as a traceback."""


class GaitheatError(ValueError):
    """A mistake in what was asked or given: the message says what, expected, got and how to mend it."""


class DivergedError(GaitheatError):
    """A training whose loss or gradient is no finite number any more: its learning rate was too high."""

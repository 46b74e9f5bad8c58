"""What people and cameras may be called."""

import unicodedata

from gaitheat.errors import GaitheatError


def one_line(name: str, what: str) -> str:
    """The name without space around it, composed (NFC) so that it is found however its accents were typed.

    Args:
        name: as it was given.
        what: is called so, such as ``a camera``: for the error.

    Raises:
        GaitheatError: it is empty, or not one line of text.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in cleaned):
        raise GaitheatError(f"{what}'s name must be some text in one line, but got {name!r}")
    return cleaned

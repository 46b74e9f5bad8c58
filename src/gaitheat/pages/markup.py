"""Pieces of a page that stands alone: text is escaped, pictures and style are inside, nothing is loaded."""

import base64
import io
from collections.abc import Sequence
from html import escape
from importlib import resources

from PIL import Image

from gaitheat.painting import Picture


def document(title: str, body: str, *styles: str) -> str:
    """A whole page, light or dark as the reader's system is; ``styles`` name more style sheets of its own."""
    data = resources.files("gaitheat") / "data"
    style = "".join((data / name).read_text("utf-8") for name in ("page.css", *styles))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], total: bool = False) -> str:
    """A table that scrolls sideways where it is too wide; the first cell of a row is its name.

    Args:
        caption: what it shows, for those who hear it as well.
        head: names of the columns, plain text.
        rows: cells as HTML.
        total: whether the last row sums up the others.
    """
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = []
    for number, (name, *cells) in enumerate(rows):
        values = "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
        last = ' class="total"' if total and number == len(rows) - 1 else ""
        lines.append(f'<tr{last}><th scope="row">{name}</th>{values}</tr>')
    content = f"<thead><tr>{names}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return captioned(caption, f'<table aria-label="{escape(caption)}">{content}</table>')


def captioned(caption: str, content: str) -> str:
    """What may be wider than a phone, and is scrolled there under a caption that is not."""
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'<div class="scroll" tabindex="0">{content}</div></figure>'
    )


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and what they stand for; both plain text."""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f"<dl>{lines}</dl>"


def picture(pixels: Picture, words: str) -> str:
    """A picture inside the page; ``words`` say what it shows, to those who cannot see it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="WEBP", quality=85, method=4)
    height, width = pixels.shape[:2]
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return (
        f'<img alt="{escape(words)}" width="{width}" height="{height}" src="data:image/webp;base64,{data}">'
    )


def section(title: str, content: str) -> str:
    """A part of the page under a title; nothing if there is no content."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""

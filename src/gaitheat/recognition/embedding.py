"""Which embedding a gallery is made of, or shall be made of."""

from pathlib import Path

from gaitheat.embeddings import EMBEDDERS, Embedder
from gaitheat.errors import GaitheatError
from gaitheat.gallery.gallery import Gallery
from gaitheat.gallery.table import is_vacant
from gaitheat.pretrained import PRETRAINED, embedder_called

DEFAULT_EMBEDDING = PRETRAINED[0]


def embedding_of(path: Path, embedding: str | None, embedder: Embedder | None) -> tuple[str, Embedder]:
    """The name and the embedder that were asked for, or the gallery's own, or the default ones.

    Args:
        path: the gallery's folder, which need not be there yet.
        embedding: what was asked for by name, if anything was.
        embedder: what was asked for by itself.

    Raises:
        GaitheatError: there is no such embedding, both were given, or the gallery is made of another one.
    """
    if embedder is not None and embedding is not None:
        raise GaitheatError(f"expected an embedder or the name of one, but got both ({embedding})")
    vacant = is_vacant(path)
    if embedder is None and embedding is None and not vacant:
        return _own(Gallery.open(path))
    name = embedding or (embedder.identity if embedder else DEFAULT_EMBEDDING)
    chosen = embedder or embedder_called(name)
    if not vacant and not (gallery := Gallery.open(path)).embedder.startswith(f"{chosen.identity}/"):
        raise GaitheatError(
            f"the gallery {path} is made of {gallery.embedder}, not of {name}: use another folder"
        )
    return name, chosen


def _own(gallery: Gallery) -> tuple[str, Embedder]:
    """The embedding that an existing gallery is made of, and its name."""
    for name in (*EMBEDDERS, *PRETRAINED):
        embedder = embedder_called(name)
        if gallery.embedder.startswith(f"{embedder.identity}/"):
            return name, embedder
    raise GaitheatError(
        f"the gallery {gallery.path} is made of {gallery.embedder!r}, which is none of the embeddings that "
        f"this version brings along ({', '.join((*EMBEDDERS, *PRETRAINED))}): name the file of its network"
    )

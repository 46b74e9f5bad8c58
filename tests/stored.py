"""What a store holds, for tests that fill one in several ways and expect the same each time."""

from pathlib import Path

import numpy as np

from gaitheat.store import ClipStore


def contents(store: Path) -> dict[str, np.ndarray]:
    """The maps of every clip by its key: reading checks every frame."""
    opened = ClipStore(store)
    infos = opened.infos()
    assert len({info.key for info in infos}) == len(infos)
    clips = opened.read([(info.key, None) for info in infos])
    return {str(clip.key): clip.heatmaps for clip in clips}


def assert_same_contents(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for key, maps in expected.items():
        np.testing.assert_array_equal(found[key], maps)

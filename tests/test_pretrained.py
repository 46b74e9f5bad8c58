"""Networks that come with the package: they recognise real people, PyTorch or not."""

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from factories import make_clip
from gaitheat.demo import stranger_clips
from gaitheat.embeddings import EMBEDDERS, Embedder
from gaitheat.errors import GaitheatError
from gaitheat.network_embeddings import NetworkEmbedder
from gaitheat.pretrained import PRETRAINED, embedder_called, from_pretrained, strangers_of

LARGEST = 10_000_000
PROGRAM = """
import json, sys
sys.modules["torch"] = sys.modules["onnx"] = sys.modules["onnxruntime"] = sys.modules["safetensors"] = None
import numpy as np
from gaitheat.demo import stranger_clips
from gaitheat.recognizer import Recognizer
recognizer = Recognizer.from_pretrained(sys.argv[1])
clips = list(stranger_clips())
for number, clip in enumerate(clips[:3]):
    recognizer.enroll_clip(clip.take(np.arange(0, 46, 2)), f"person {number}")
answers = [recognizer.identify_clip(clip) for clip in clips[:3]]
print(json.dumps([answer.matches[0].name for answer in answers]))
"""


@pytest.fixture(scope="module")
def embedder() -> NetworkEmbedder:
    return from_pretrained()


@pytest.mark.parametrize("name", PRETRAINED)
def test_its_files_are_small_and_tell_how_it_was_made(name: str) -> None:
    with resources.as_file(resources.files("gaitheat") / "data" / name) as folder:
        sizes = {file.name: file.stat().st_size for file in Path(folder).iterdir()}
        assert {"network.onnx", "network.safetensors", "results.json", "card.md", "strangers.npz"} <= set(
            sizes
        )
        assert max(sizes.values()) <= LARGEST
        results = json.loads((Path(folder) / "results.json").read_text())
    assert results["network"] == from_pretrained(name).identity


@pytest.mark.parametrize("name", PRETRAINED)
def test_its_strangers_are_as_it_embeds_people(name: str) -> None:
    strangers = strangers_of(name)
    assert strangers is not None
    assert strangers.dimension == from_pretrained(name).dimension
    assert len(np.unique(strangers.people)) < len(strangers.people)
    assert set(strangers.cameras) == {""}


def test_it_tells_real_people_apart(embedder: NetworkEmbedder) -> None:
    """By every other frame of a walk: how well other walks are recognised is for the results to say."""
    clips = list(stranger_clips())[:4]
    first, second = (
        embedder.embed_all([clip.take(np.arange(start, len(clip), 2)) for clip in clips]) for start in (0, 1)
    )
    distances = np.linalg.norm(first[:, None] - second[None], axis=2)
    assert (distances.argmin(axis=0) == np.arange(len(clips))).all()


def test_a_fresh_program_without_pytorch_recognises_real_people(tmp_path: Path) -> None:
    environment = os.environ | {"GAITHEAT_CACHE": str(tmp_path / "cache")}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "gallery"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == ["person 0", "person 1", "person 2"]


def test_what_runs_and_what_is_trained_on_are_the_same(embedder: NetworkEmbedder) -> None:
    from gaitheat.training.checkpoints import load
    from gaitheat.training.embedder import embedder_of

    with resources.as_file(
        resources.files("gaitheat") / "data" / PRETRAINED[0] / "network.safetensors"
    ) as path:
        checkpoint = load(path)
    ours = embedder_of(checkpoint.network(), checkpoint.recipe)
    assert ours.identity == embedder.identity
    assert checkpoint.recipe.data.dataset.startswith("walkers-train")
    clip = make_clip(40, 1)
    assert embedder.embed(clip) == pytest.approx(ours.embed(clip), abs=2e-5)


def test_an_embedder_by_its_name(embedder: NetworkEmbedder) -> None:
    for name in EMBEDDERS:
        assert embedder_called(name) is EMBEDDERS[name]
        assert strangers_of(name) is None
    with resources.as_file(resources.files("gaitheat") / "data" / PRETRAINED[0] / "network.onnx") as path:
        named = [embedder_called(PRETRAINED[0]), embedder_called(str(path))]
    for each in named:
        assert isinstance(each, Embedder)
        assert each.identity == embedder.identity


def test_mistakes_are_said(tmp_path: Path) -> None:
    ours = ", ".join(PRETRAINED)
    with pytest.raises(GaitheatError, match=rf"called 'gaitheat-x': expected one of {ours}$"):
        from_pretrained("gaitheat-x")
    with pytest.raises(GaitheatError, match=rf"expected one of {ours}, mean-heatmap, .*, or a file"):
        embedder_called("nothing")
    with pytest.raises(GaitheatError, match="no network at"):
        embedder_called(str(tmp_path / "nothing.onnx"))

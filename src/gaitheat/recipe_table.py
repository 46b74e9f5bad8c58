"""The recipes that have a name: RECIPES, and what each is for, PURPOSES.

Every method that GaitHeat is compared with has one, called like its network: the method's own loss, and its
own frames (a set or a motion), all the rest as in walkers-small. What is equal for all is the budget, the
clips, the augmentation, the optimiser (AdamW, whatever a paper has), how the learning rate is found, that
people are turned to face right, and that an embedding is the mean over a clip's windows. Networks on
keypoints get them as the picture's crop has them: the alignment belongs to heatmaps.
"""

from dataclasses import replace

from gaitheat.heatmaps.align import Alignment
from gaitheat.heatmaps.augment import MILD, NONE
from gaitheat.recipes import Data, Loss, Network, Optimisation, Recipe, Sampling

AS_CROPPED = Alignment(rotation="none", scale="none", centre="none")
"""Coordinates as the picture's crop has them: the nearest there is to what papers on keypoints begin with."""

_TINY = Recipe(
    data=Data(validation_subjects=2),
    sampling=Sampling(subjects=4, clips=2, frames=8),
    optimisation=Optimisation(steps=30, warm_up=5),
)
_SMALL = Recipe(
    sampling=Sampling(stride_jitter=0.15), augmentation=MILD, optimisation=Optimisation(precision="bf16")
)
_STANDARD = Recipe(
    data=Data(validation_subjects=10),
    network=Network("gaitheat-b"),
    sampling=Sampling(subjects=16, clips=4, frames=30, stride_jitter=0.1),
    optimisation=Optimisation(steps=8000, warm_up=400, precision="bf16", ema_decay=0.999),
)
_RELEASE = Recipe(
    data=Data(alignment=Alignment(rotation="frame", scale="none"), mirror="none"),
    network=Network("gaitheat_release"),
    sampling=Sampling(subjects=8, clips=8, frames=30, mode="unordered"),
    augmentation=NONE,
    optimisation=Optimisation(
        steps=60_000,
        warm_up=0,
        learning_rate=0.1,
        optimiser="sgd",
        weight_decay=5e-4,
        schedule="steps",
        milestones=(1 / 3, 2 / 3, 5 / 6),
        precision="bf16",
        ema_decay=0.0,
    ),
)

_ALL_TRIPLETS = Loss(mining="all", cross_entropy_weight=0.0)
_ALL_TRIPLETS_AND_CLASSES = Loss(mining="all")


def _on_silhouettes(network: Network, loss: Loss, *, is_set: bool) -> Recipe:
    sampling = replace(_SMALL.sampling, mode="unordered", stride_jitter=0.0) if is_set else _SMALL.sampling
    return replace(_SMALL, network=network, loss=loss, sampling=sampling)


def _on_keypoints(network: Network, loss: Loss) -> Recipe:
    """In single precision: half of it would round a joint's place to a quarter of a cell."""
    return replace(
        _SMALL,
        data=replace(_SMALL.data, alignment=AS_CROPPED),
        network=network,
        loss=loss,
        optimisation=replace(_SMALL.optimisation, precision="32"),
    )


def _benchmark(dataset: str, validation: int, subjects: int, clips: int, steps: int) -> Recipe:
    """On the subjects that the benchmark gives to train on: a data set of its own in a store."""
    return replace(
        _STANDARD,
        data=Data(f"{dataset}-train", validation_subjects=validation),
        sampling=replace(_STANDARD.sampling, subjects=subjects, clips=clips),
        optimisation=replace(_STANDARD.optimisation, steps=steps, warm_up=steps // 20),
    )


RECIPES: dict[str, Recipe] = {
    "walkers-tiny": _TINY,
    "walkers-small": _SMALL,
    "walkers-standard": _STANDARD,
    "gaitheat_fusion": replace(_SMALL, network=Network("gaitheat_fusion")),
    "gaitset": _on_silhouettes(Network("gaitset", width=16), _ALL_TRIPLETS, is_set=True),
    "gaitpart": _on_silhouettes(Network("gaitpart", width=16), _ALL_TRIPLETS, is_set=False),
    "gaitbase": _on_silhouettes(Network("gaitbase", width=16), _ALL_TRIPLETS_AND_CLASSES, is_set=True),
    "gaitgraph2": _on_keypoints(
        Network("gaitgraph2"),
        Loss(triplet_weight=0.0, cross_entropy_weight=0.0, contrastive_weight=1.0, temperature=0.01),
    ),
    "gaittr": _on_keypoints(Network("gaittr"), replace(_ALL_TRIPLETS, margin=0.3)),
    "gpgait": _on_keypoints(Network("gpgait"), Loss(margin=0.3, smoothing=0.0)),
    "skeletongait": replace(
        _on_keypoints(Network("skeletongait", width=16), _ALL_TRIPLETS_AND_CLASSES),
        optimisation=_SMALL.optimisation,
    ),
    "casia-b": _benchmark("casia-b", validation=8, subjects=8, clips=8, steps=20_000),
    "oumvlp": _benchmark("oumvlp", validation=50, subjects=32, clips=8, steps=80_000),
    "grew": _benchmark("grew", validation=100, subjects=32, clips=4, steps=100_000),
    "gait3d": _benchmark("gait3d", validation=50, subjects=32, clips=4, steps=40_000),
    "sustech1k": _benchmark("sustech1k", validation=20, subjects=8, clips=8, steps=30_000),
    "ccpg": _benchmark("ccpg", validation=10, subjects=8, clips=16, steps=30_000),
    "release": _RELEASE,
}
PURPOSES = {
    "walkers-tiny": "proves the path, in seconds",
    "walkers-small": "for two CPU cores",
    "walkers-standard": "for a GPU",
    "gaitheat_fusion": "heatmaps, silhouettes and keypoints together, at the budget of walkers-small",
    "gaitset": "GaitSet by its loss (all triplets), at half its width and the budget of walkers-small",
    "gaitpart": "GaitPart by its loss (all triplets), at half its width and the budget of walkers-small",
    "gaitbase": "GaitBase by its losses (triplets, classes), at a quarter of its width, that budget",
    "gaitgraph2": "GaitGraph2 by its loss (supervised contrasts) at the budget of walkers-small",
    "gaittr": "GaitTR by triplets (all of them: the hardest made it collapse) at the budget of walkers-small",
    "gpgait": "GPGait by its losses (hardest triplets, classes) at the budget of walkers-small",
    "skeletongait": "SkeletonGait by its losses (triplets, classes), at a quarter of its width, that budget",
    "casia-b": "for a GPU, on the training subjects of CASIA-B",
    "oumvlp": "for a GPU, on the training subjects of OUMVLP",
    "grew": "for a GPU, on the training subjects of GREW",
    "gait3d": "for a GPU, on the training subjects of Gait3D",
    "sustech1k": "for a GPU, on the training subjects of SUSTech1K",
    "ccpg": "for a GPU, on the training subjects of CCPG",
    "release": "the public release's network, alignment and schedule, on a GPU",
}
"""What each recipe is for."""

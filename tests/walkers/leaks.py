"""A probe for leaks: can a linear classifier tell who walks from what must not say so?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn import config_context
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

PERMUTATIONS = 200
BAND = (0.5, 99.5)
"""Percentiles of the scores with permuted labels between which a blind probe stays 99 times of 100."""
PICTURE = 64
"""Arrays with more values are pictures: what counts is their mean colour and its spread."""


class Verdict(NamedTuple):
    """Mean log probability that a probe gives the right subject in takes that it has not seen.

    It tells more than how often the right one is on top: a leak may be small.
    """

    score: float
    low: float
    """Of the band in which it is with labels that mean nothing."""
    high: float

    @property
    def blind(self) -> bool:
        """Whether it does no better, and no worse, than with labels that mean nothing."""
        return self.low <= self.score <= self.high


def identity_probe(
    features: np.ndarray, subjects: np.ndarray, takes: np.ndarray, held_out: Sequence[str], seed: int = 0
) -> Verdict:
    """Learn to name subjects by a logistic regression on some takes, and try it on others.

    Args:
        features: [recordings, columns].
        subjects: [recordings] who walks.
        takes: [recordings] which take it is; each subject has each take equally often.
        held_out: takes to try it on.
        seed: of the permutations.

    Labels are permuted within each take by itself: if nothing says who walks, it makes no difference who of
    those who walked a take was who, and all else about the takes (a bag, a coat) stays as it is.
    """
    random, tried = np.random.default_rng(seed), np.isin(takes, held_out)
    scaled = StandardScaler().fit(features[~tried]).transform(features)
    numbers = np.unique(subjects, return_inverse=True)[1]

    def score(labels: np.ndarray) -> float:
        probe = LogisticRegression(C=0.1, tol=0.01).fit(scaled[~tried], labels[~tried])
        told = probe.predict_log_proba(scaled[tried])
        return float(told[np.arange(len(told)), labels[tried]].mean())

    def permuted() -> np.ndarray:
        labels = numbers.copy()
        for take in np.unique(takes):
            labels[takes == take] = random.permutation(labels[takes == take])
        return labels

    with config_context(assume_finite=True, skip_parameter_validation=True):
        low, high = np.percentile([score(permuted()) for _ in range(PERMUTATIONS)], BAND)
        return Verdict(score(numbers), float(low), float(high))


def without(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What is left of features when all that a straight line on ``known`` [recordings] explains is gone."""
    column = known[:, None]
    return features - LinearRegression().fit(column, features).predict(column)


def table(descriptions: Sequence[Any]) -> np.ndarray:
    """Trees of plain values as numbers [descriptions, columns]: words one-hot, what is absent 0."""
    return DictVectorizer(sparse=False).fit_transform([dict(leaves(tree)) for tree in descriptions])


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, float | str]]:
    """Every value of a tree of dataclasses, tuples, mappings and arrays, with its path."""
    if isinstance(tree, np.ndarray) and tree.size > PICTURE:
        colours = tree.reshape(-1, tree.shape[-1]) if tree.shape[-1] <= 4 else tree.reshape(-1, 1)
        branches: Any = {"mean": colours.mean(0), "spread": colours.std(0)}.items()
    elif is_dataclass(tree):
        branches = ((field.name, getattr(tree, field.name)) for field in fields(tree))
    elif isinstance(tree, tuple) and hasattr(tree, "_asdict"):
        branches = tree._asdict().items()
    elif isinstance(tree, Mapping):
        branches = tree.items()
    elif isinstance(tree, np.ndarray | tuple | list):
        branches = enumerate(tree)
    else:
        yield name, tree if isinstance(tree, str) else float(tree)
        return
    for branch, value in branches:
        if value is not None:
            yield from leaves(value, f"{name}/{branch}")

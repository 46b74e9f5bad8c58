"""What a network is worth elsewhere than where it was trained: a matrix of networks by protocols."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import Protocol
from gaitheat.errors import GaitheatError
from gaitheat.evaluation.embedding import Embed, Entrants, entrants
from gaitheat.evaluation.evaluate import evaluate
from gaitheat.metrics import Distance, Interval
from gaitheat.sources import ClipSource


class Candidate(NamedTuple):
    """An embedding to measure, and what is known of how it came about."""

    name: str
    identity: str
    embed_all: Embed
    strips: int = 1
    trained_on: str = ""
    """The data set; empty if it was not trained, or does not say on what."""
    estimator: str = ""
    """What made the clips that it was trained on; empty likewise."""
    knows: Callable[[ClipKey], bool] = lambda _: False
    """Whether it was trained on the person of a clip, as far as it says."""

    def remarks(self, tested: Entrants) -> list[str]:
        """What everybody must know who reads its figures on these clips."""
        known = len({key.subject for key in tested.keys if self.knows(key)})
        remarks = []
        if known:
            remarks.append(
                f"{known} of the people tested were trained on: these figures do not hold for strangers"
            )
        if self.estimator and self.estimator != tested.estimator:
            remarks.append(f"trained on clips of {self.estimator}, tested on clips of {tested.estimator}")
        elif self.trained_on and not self.estimator:
            remarks.append(
                f"tested on clips of {tested.estimator}; what made those trained on is not recorded"
            )
        return remarks


class Crossing(NamedTuple):
    """A network under a protocol."""

    network: str
    trained_on: str
    trained_estimator: str
    protocol: str
    tested_estimator: str
    measures: dict[str, Interval]
    """Means over the headline cells; empty if they could not be measured."""
    remarks: tuple[str, ...]
    """What else must be known of the figure, such as other estimators."""
    note: str
    """The protocol's own."""

    def to_row(self) -> dict[str, Any]:
        """For scripts: the measures as they are called, each with its interval."""
        row = self._asdict()
        return row | {"measures": {name: share._asdict() for name, share in self.measures.items()}}


def crossed(
    candidates: Sequence[Candidate],
    tests: Sequence[tuple[Protocol, ClipSource]],
    distance: Distance = "euc",
) -> Iterator[Crossing]:
    """Every network under every protocol, one after the other.

    Args:
        candidates: the networks.
        tests: the protocols, each with where its clips are.
        distance: what "near" is.

    Where a network cannot embed the clips, a remark says why. GaitheatError if a source has no clips for its
    protocol, or clips of several pose estimators.
    """
    entered = [entrants(source, protocol) for protocol, source in tests]
    for candidate in candidates:
        for (protocol, source), tested in zip(tests, entered, strict=True):
            measures, remarks = dict[str, Interval](), candidate.remarks(tested)
            try:
                report = evaluate(
                    source,
                    protocol,
                    candidate.embed_all,
                    candidate.name,
                    distance=distance,
                    strips=candidate.strips,
                )
                measures = report.measures
            except GaitheatError as error:  # such as clips without silhouettes: the others go on
                remarks.append(f"not measured: {error}")
            trained = (candidate.name, candidate.trained_on, candidate.estimator)
            yield Crossing(*trained, protocol.name, tested.estimator, measures, tuple(remarks), protocol.note)


def matrix(crossings: Sequence[Crossing]) -> str:
    """Rank-1 in percent, a row a network and a column a protocol, with remarks below; Markdown."""
    protocols = list(dict.fromkeys(each.protocol for each in crossings))
    rows: dict[tuple[str, str], dict[str, str]] = {}
    remarks: list[str] = []
    for each in crossings:
        remarks += [remark for remark in each.remarks if remark not in remarks]
        marks = "".join(f" [{remarks.index(remark) + 1}]" for remark in each.remarks)
        rows.setdefault((each.network, each.trained_on), {})[each.protocol] = _figure(each.measures) + marks
    lines = [_row("network", "trained on", *protocols), _row(*["---"] * (2 + len(protocols)))]
    for (network, trained_on), figures in rows.items():
        lines.append(_row(network, trained_on or "-", *(figures[name] for name in protocols)))
    lines += ["", "Rank-1 in percent, mean of each protocol's headline, 95 % interval over subjects."]
    lines += [f"[{number}] {remark}" for number, remark in enumerate(remarks, start=1)]
    return "\n".join([*lines, *dict.fromkeys(each.note for each in crossings if each.note)])


def _figure(measures: dict[str, Interval]) -> str:
    if not measures:
        return "-"
    value, low, high = (100 * bound for bound in measures["rank-1"])
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _row(*values: str) -> str:
    return f"| {' | '.join(values)} |"

"""Rank-1 on people held out against seconds of training, for the documentation.

python tools/plot_training.py docs/training.png RUN [RUN ...]

Each RUN is a training's folder; runs are told apart by their names.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

from gaitheat.training.journal import rows_of


def main(out: str, *runs: str) -> None:
    """Draw one line a run."""
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for run in runs:
        looks = [row for row in rows_of(Path(run)) if "rank1" in row]
        minutes, rank1 = ([row[name] for row in looks] for name in ("seconds", "rank1"))
        axes.plot(
            [second / 60 for second in minutes],
            [100 * share for share in rank1],
            marker="o",
            label=Path(run).name,
        )
    axes.set(xlabel="minutes of training", ylabel="rank-1 on people held out, %", ylim=(0, 100))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(out, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])

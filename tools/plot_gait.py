"""Make docs/walkers-gait.png and print the table of docs/walkers-gait.md: walkers over the published norms.

python tools/plot_gait.py docs/walkers-gait.png
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes

from gaitheat.walkers.gait.norms import NORMS
from gaitheat.walkers.gait.style import JOINTS, angles, draw_style

PEOPLE = 1000
STEPS = np.arange(101) / 100
PUBLISHED, OURS = "#d95f0e", "#2b6cb0"
COLUMNS = 4


def population(joints: tuple[str, ...] = JOINTS) -> dict[str, Float64[np.ndarray, "people_and_sides 101"]]:
    """The curves of every drawn walker, both sides."""
    styles = [draw_style(np.random.default_rng([1, person])) for person in range(PEOPLE)]
    return {
        joint: np.concatenate([angles(style.curves[joint], STEPS[None]) for style in styles])
        for joint in joints
    }


def draw(axes: Axes, joint: str, ours: Float64[np.ndarray, "people_and_sides 101"]) -> None:
    """One panel: the published mean and spread, ours over it."""
    norm = NORMS[joint]
    at = np.append(np.arange(0, 100, 5), 100)
    mean, deviation = (np.append(curve, curve[0]) for curve in (norm.mean, norm.deviation))
    if joint == "pelvis_tilt":
        mean = mean - np.mean(norm.mean)
    axes.fill_between(at, mean - deviation, mean + deviation, color=PUBLISHED, alpha=0.25, lw=0)
    axes.plot(at, mean, color=PUBLISHED, lw=2.2, label="published, mean ± SD")
    centre, spread = ours.mean(0), ours.std(0)
    for edge in (-spread, spread):
        axes.plot(100 * STEPS, centre + edge, color=OURS, lw=0.9)
    axes.plot(100 * STEPS, centre, color=OURS, lw=1.3, ls="--", label="walkers, mean ± SD")
    axes.set_title(f"{joint.replace('_', ' ')}  ({norm.source.split(',')[0]})", fontsize=8.5)
    axes.set_xlim(0, 100)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)


def table(curves: dict[str, Float64[np.ndarray, "people_and_sides 101"]]) -> str:
    """A Markdown row for every joint."""
    rows = []
    for joint, ours in curves.items():
        norm = NORMS[joint]
        mean, deviation = np.array(norm.mean), np.array(norm.deviation)
        if joint == "pelvis_tilt":
            mean -= mean.mean()
        ranges = np.ptp(ours, axis=1)
        rows.append(
            f"| {joint.replace('_', ' ')} | {norm.source.split(',')[0]} | {np.ptp(mean):.1f} | "
            f"{np.ptp(ours.mean(0)):.1f} | {ranges.mean():.1f} ± {ranges.std():.1f} | "
            f"{np.abs(ours.mean(0)[:100:5] - mean).max():.1f} | {deviation.mean():.1f} | "
            f"{ours.std(0).mean():.1f} | {(ours.std(0)[:100:5] / deviation).mean():.2f} |"
        )
    return "\n".join(rows)


def main(path: Path) -> None:
    """Draw all panels into one picture."""
    curves = population()
    rows = -(-len(curves) // COLUMNS)
    figure, panels = plt.subplots(rows, COLUMNS, figsize=(3.3 * COLUMNS, 2.3 * rows), layout="constrained")
    for axes, (joint, ours) in zip(panels.flat, curves.items(), strict=False):
        draw(axes, joint, ours)
    for axes in panels.flat[len(curves) :]:
        axes.axis("off")
    panels.flat[-1].legend(*panels.flat[0].get_legend_handles_labels(), loc="center")
    figure.supxlabel(
        "% of the gait cycle from the own heel strike (pelvis and trunk: the left one)", fontsize=9
    )
    figure.supylabel("degrees", fontsize=9)
    figure.savefig(path, dpi=85)
    sys.stdout.write(table(curves) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

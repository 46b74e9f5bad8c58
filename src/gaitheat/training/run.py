"""Where a recipe is trained, and how often one looks: none of it changes what comes out, but for rounding."""

from dataclasses import dataclass
from typing import Literal

from gaitheat.knobs import expect


@dataclass(frozen=True, slots=True)
class Run:
    """Machines and habits of one training."""

    devices: int = 1
    """Processes on each host, one a GPU, or a share of the CPU; they share a batch."""
    nodes: int = 1
    """Hosts; start the same command on each, with MASTER_ADDR, MASTER_PORT and NODE_RANK set."""
    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """What computes; auto takes a GPU if there is one."""
    workers: int = 1
    """Processes that read clips ahead for each device; 0 reads them in between."""
    save_every: int = 100
    """Steps after which the state is written, which a stopped training goes on from."""
    look_every: int = 100
    """Steps after which recognition of the subjects held out is measured."""
    tensorboard: bool = False
    """Write events for TensorBoard as well."""

    def __post_init__(self) -> None:
        for knob in ("devices", "nodes", "save_every", "look_every"):
            expect(getattr(self, knob) >= 1, knob, "at least 1", getattr(self, knob))
        expect(self.workers >= 0, "workers", "at least 0", self.workers)

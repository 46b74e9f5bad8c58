"""Which detector, which estimator and which preprocessing: made in the process that uses them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gaitheat.clips import Estimator
from gaitheat.errors import GaitheatError
from gaitheat.video.detector import SsdLite
from gaitheat.video.estimator import BlazePose
from gaitheat.video.extract import identified
from gaitheat.video.look import Preprocessing
from gaitheat.video.protocols import Detector, PoseEstimator

if TYPE_CHECKING:
    from gaitheat.video.hub import RtDetr


@dataclass(frozen=True, slots=True)
class Extractor:
    """How clips are made of video: the embedded parts, unless others are named."""

    preprocessing: Preprocessing = "rgb"
    """Crop in the picture (rgb), or in the heatmaps as others do (heatmap, for comparison)."""
    onnx: Path | None = None
    """An ONNX top-down estimator, such as an export of HRNet or ViTPose."""
    vitpose: str | None = None
    """A ViTPose checkpoint: a folder, or a name on the hub (needs the extra `hub`)."""
    rtdetr: str | None = None
    """An RT-DETR checkpoint for detection: a folder, or a name on the hub (needs the extra `hub`)."""

    def __post_init__(self) -> None:
        if self.onnx is not None and self.vitpose is not None:
            raise GaitheatError(
                "expected one estimator, got an ONNX file and a ViTPose: leave one of them out"
            )

    def parts(self, cores: int) -> tuple[Detector, PoseEstimator]:
        """The detector and the estimator, for so many cores."""
        return self._detector(cores), self._estimator(cores)

    def identity(self) -> Estimator:
        """What the clips will name as their estimator."""
        embedded = self.onnx is None and self.vitpose is None
        return identified(BlazePose.identity if embedded else self._estimator(1).identity, self.preprocessing)

    def detector_sha256(self) -> str:
        """The weights of what finds the people; empty for the embedded one.

        Clips of several detectors are comparable, but who is found, and as which track, depends on it.
        """
        return "" if self.rtdetr is None else _rtdetr(self.rtdetr).sha256

    def _detector(self, cores: int) -> Detector:
        return SsdLite(threads=cores) if self.rtdetr is None else _rtdetr(self.rtdetr)

    def _estimator(self, cores: int) -> PoseEstimator:
        if self.vitpose is not None:
            from gaitheat.video.hub import VitPose

            return VitPose(self.vitpose)
        if self.onnx is not None:
            from gaitheat.video.topdown import OnnxTopDown

            return OnnxTopDown(self.onnx, streams=cores)
        return BlazePose(streams=cores)


def _rtdetr(checkpoint: str) -> "RtDetr":
    from gaitheat.video.hub import RtDetr

    return RtDetr(checkpoint)

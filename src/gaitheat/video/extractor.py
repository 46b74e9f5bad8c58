"""Which detector, which estimator and which preprocessing: made in the process that uses them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gaitheat.assets import ASSETS
from gaitheat.clips import Estimator
from gaitheat.errors import GaitheatError
from gaitheat.runtime import installed_runtime
from gaitheat.video.detector import BlazePoseDetector, SsdLite
from gaitheat.video.estimator import BlazePose, BlazePoseSize, blazepose_identity
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
    estimator: BlazePoseSize = "blazepose-full"
    """Which of the embedded estimators."""
    onnx: Path | None = None
    """An ONNX top-down estimator, such as an export of HRNet or ViTPose."""
    vitpose: str | None = None
    """A ViTPose checkpoint: a folder, or a name on the hub (needs the extra `hub`)."""
    rtdetr: str | None = None
    """An RT-DETR checkpoint for detection: a folder, or a name on the hub (needs the extra `hub`)."""

    def __post_init__(self) -> None:
        named = (self.estimator != "blazepose-full", self.onnx is not None, self.vitpose is not None)
        if sum(named) > 1:
            raise GaitheatError(
                "expected one estimator, got several of another BlazePose, an ONNX file and a ViTPose: "
                "leave all but one of them out"
            )

    def parts(self, cores: int) -> tuple[Detector, PoseEstimator]:
        """The detector and the estimator, for so many cores."""
        return self._detector(cores), self._estimator(cores)

    def identity(self) -> Estimator:
        """What the clips will name as their estimator."""
        embedded = self.onnx is None and self.vitpose is None
        own = blazepose_identity(self.estimator) if embedded else self._estimator(1).identity
        return identified(own, self.preprocessing)

    def detector_sha256(self) -> str:
        """The weights of what finds the people; empty for SSDLite.

        Clips of several detectors are comparable, but who is found, and as which track, depends on it.
        """
        if self.rtdetr is not None:
            return _rtdetr(self.rtdetr).sha256
        return "" if installed_runtime() == "openvino" else ASSETS["blazepose-detector"].sha256

    def _detector(self, cores: int) -> Detector:
        if self.rtdetr is not None:
            return _rtdetr(self.rtdetr)
        return SsdLite(cores) if installed_runtime() == "openvino" else BlazePoseDetector(cores)

    def _estimator(self, cores: int) -> PoseEstimator:
        if self.vitpose is not None:
            from gaitheat.video.hub import VitPose

            return VitPose(self.vitpose)
        if self.onnx is not None:
            from gaitheat.video.topdown import OnnxTopDown

            return OnnxTopDown(self.onnx, streams=cores)
        return BlazePose(self.estimator, streams=cores)


def _rtdetr(checkpoint: str) -> "RtDetr":
    from gaitheat.video.hub import RtDetr

    return RtDetr(checkpoint)

"""Estimator and detector from model hubs, by PyTorch and transformers (extra ``hub``), for users with a GPU.

Only a checkpoint that the user names is fetched; a folder is read without any network. Weights must be
safetensors: other formats can run code when they are read.
"""

import importlib
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from gaitheat.clips import Estimator
from gaitheat.errors import GaitheatError
from gaitheat.video.pictures import joint_digest
from gaitheat.video.protocols import Detections, Poses
from gaitheat.video.topdown import CROP_HEIGHT, CROP_WIDTH, MAPS_SHAPE, network_input, poses_from_maps

DETECTOR_INPUT = 640
"""Height and width of what RT-DETR sees, in pixels; the picture is stretched to it."""
MIN_SCORE = 0.3
"""Weaker detections are no people: most of the detector's 300 guesses in every picture."""


class VitPose:
    """ViTPose (Y. Xu et al., NeurIPS 2022) as a :class:`~gaitheat.video.protocols.PoseEstimator`.

    Args:
        checkpoint: a folder with ``config.json`` and safetensors, or a name on the hub, to be fetched.
        device: such as ``cuda``; None: a GPU if there is one.

    Raises:
        GaitheatError: the extra is missing, or the checkpoint is, or it is no ViTPose for COCO joints.
    """

    crop_size = (CROP_HEIGHT, CROP_WIDTH)

    def __init__(self, checkpoint: str, device: str | None = None) -> None:
        self._network = _Checkpoint(checkpoint, "vitpose", "VitPoseForPoseEstimation", device)
        config = self._network.model.config.backbone_config
        # A mixture of experts has one for each data set that it was trained on; the first is COCO.
        self._experts = config.num_experts > 1
        size = tuple(config.image_size)
        joints = self._network.model.config.num_labels
        if size != self.crop_size or joints != MAPS_SHAPE[0]:
            raise GaitheatError(
                f"{checkpoint}: expected a ViTPose of 256 x 192 pixels and 17 joints, "
                f"got {size[0]} x {size[1]} and {joints}"
            )
        self.identity = Estimator(Path(checkpoint).name, self._network.sha256, "rgb-1")

    def __call__(self, crops: UInt8[np.ndarray, "crops 256 192 3"]) -> Poses:
        """Poses of RGB crops [N, 256, 192, 3], any N from 1 on."""
        experts = {"dataset_index": np.zeros(len(crops), np.int64)} if self._experts else {}
        outputs = self._network(pixel_values=network_input(crops, "corners"), **experts)
        return poses_from_maps(outputs.heatmaps.cpu().numpy())


class RtDetr:
    """RT-DETR (Y. Zhao et al., CVPR 2024) as a :class:`~gaitheat.video.protocols.Detector`.

    Args:
        checkpoint: a folder with ``config.json`` and safetensors, or a name on the hub, to be fetched.
        device: such as ``cuda``; None: a GPU if there is one.

    Raises:
        GaitheatError: the extra is missing, or the checkpoint is, or it is no RT-DETR that knows a person.
    """

    def __init__(self, checkpoint: str, device: str | None = None) -> None:
        self._network = _Checkpoint(checkpoint, "rt_detr", "RTDetrForObjectDetection", device)
        labels = self._network.model.config.id2label
        people = [index for index, label in labels.items() if label.lower() == "person"]
        if not people:
            raise GaitheatError(
                f"{checkpoint}: expected a detector with the label 'person', got {len(labels)} others"
            )
        self._person = people[0]
        self.sha256 = self._network.sha256

    def __call__(self, rgb: UInt8[np.ndarray, "height width 3"]) -> Detections:
        """People in one RGB picture of any size, best first; boxes lie inside the picture."""
        height, width = rgb.shape[:2]
        shrinks = max(height, width) > DETECTOR_INPUT
        small = cv2.resize(
            rgb,
            (DETECTOR_INPUT, DETECTOR_INPUT),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        pixels = small.transpose(2, 0, 1)[None].astype(np.float32) / 255
        outputs = self._network(pixel_values=pixels)
        scores = outputs.logits[0, :, self._person].sigmoid().cpu().numpy()
        middle, size = np.split(outputs.pred_boxes[0].cpu().numpy(), 2, axis=1)
        corners = np.clip(np.concatenate([middle - size / 2, middle + size / 2], axis=1), 0, 1)
        boxes = corners * np.array([width, height, width, height], np.float32)
        order = np.argsort(-scores, kind="stable")
        best = order[scores[order] >= MIN_SCORE]
        return Detections(boxes[best], scores[best])


class _Checkpoint:
    """A network of the transformers library with its weights, in float32 on one device."""

    def __init__(self, checkpoint: str, kind: str, class_name: str, device: str | None) -> None:
        self._torch = _library("torch")
        network = getattr(_library("transformers"), class_name)
        folder = Path(checkpoint) if Path(checkpoint).is_dir() else _fetch(checkpoint)
        self.sha256 = _check_folder(folder, kind)
        try:
            self.model, report = network.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=self._torch.float32,
                output_loading_info=True,
            )
        except (OSError, RuntimeError, _library("safetensors").SafetensorError) as error:
            raise GaitheatError(f"cannot read {checkpoint}: {str(error).splitlines()[0]}") from error
        if report["missing_keys"]:  # they would be random numbers
            raise GaitheatError(f"{checkpoint}: weights are missing, such as {min(report['missing_keys'])}")
        self._device = device or ("cuda" if self._torch.cuda.is_available() else "cpu")
        self.model.eval().to(self._device)

    def __call__(self, **arrays: NDArray[Any]) -> Any:
        """The network's outputs for arrays by the names of its inputs."""
        tensors = {name: self._torch.from_numpy(a).to(self._device) for name, a in arrays.items()}
        with self._torch.inference_mode():
            return self.model(**tensors)


def _library(name: str) -> Any:
    """A library of the extra, imported only here and only when asked for; it must not call home."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise GaitheatError(f"this needs {name}, which is missing: pip install 'gaitheat[hub]'") from error


def _fetch(checkpoint: str) -> Path:
    """The folder of a checkpoint from the hub, or from its cache: configuration and safetensors only."""
    try:
        return Path(
            _library("huggingface_hub").snapshot_download(
                checkpoint, allow_patterns=["config.json", "*.safetensors"]
            )
        )
    except (OSError, ValueError) as error:
        raise GaitheatError(
            f"{checkpoint}: no such folder, and no such checkpoint from the hub ({type(error).__name__}); "
            "check the spelling, or copy the checkpoint to a folder and name that"
        ) from error


def _check_folder(folder: Path, kind: str) -> str:
    """The digest of the weights in a folder (of several files: of their digests), if it is of this kind."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError) as error:
        raise GaitheatError(f"{folder}: expected a checkpoint with a readable config.json") from error
    weights = sorted(folder.glob("*.safetensors"))
    if found != kind or not weights:
        raise GaitheatError(
            f"{folder}: expected a model of type {kind} with safetensors, "
            f"got type {found} with {len(weights)} safetensors files"
        )
    return joint_digest(weights).hex()

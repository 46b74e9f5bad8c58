"""Hub checkpoints: the real classes of transformers, small and random, from a folder, without a network."""

import hashlib
import json
import math
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from gaitheat.clips import quantise
from gaitheat.errors import GaitheatError
from gaitheat.video.hub import MIN_SCORE, RtDetr, VitPose
from gaitheat.video.protocols import Detector, PoseEstimator
from gaitheat.video.topdown import network_input


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*where):
        raise AssertionError(f"tried to reach {where}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="the extra `hub` is not installed")


@pytest.fixture(scope="module")
def transformers(torch):
    return pytest.importorskip("transformers", reason="the extra `hub` is not installed")


def save_vitpose(
    transformers, torch, folder: Path, joints: int = 17, image_size=(256, 192), experts: int = 1
):
    torch.manual_seed(0)
    backbone = transformers.VitPoseBackboneConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        out_indices=[2],
        image_size=list(image_size),
        num_experts=experts,
        part_features=4,
    )
    config = transformers.VitPoseConfig(backbone_config=backbone, num_labels=joints)
    model = transformers.VitPoseForPoseEstimation(config).eval()
    model.head.conv.weight.data *= 20  # maps of 0..1 rather than of nearly nothing
    model.save_pretrained(folder)
    return model


def save_rtdetr(transformers, torch, folder: Path, labels=("person", "bicycle")):
    torch.manual_seed(0)
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = transformers.RTDetrConfig(
        backbone_config=backbone,
        encoder_in_channels=[8, 16, 16],
        decoder_in_channels=[16, 16, 16],
        encoder_hidden_dim=16,
        d_model=16,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        decoder_layers=1,
        num_queries=20,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    model = transformers.RTDetrForObjectDetection(config).eval()
    for parameter in model.parameters():  # as they are made, all guesses are alike
        parameter.data += 0.3 * torch.randn_like(parameter)
    bias = model.model.decoder.class_embed[-1].bias.data
    bias[1] = -60
    with torch.no_grad():
        people = model(torch.rand(1, 3, 640, 640)).logits[0, :, 0]
    bias[0] += math.log(MIN_SCORE / (1 - MIN_SCORE)) - people.median()  # half of the guesses are good enough
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("experts", [1, 3])
def test_vitpose_gives_the_maps_of_its_network(transformers, torch, tmp_path, experts):
    model = save_vitpose(transformers, torch, tmp_path / "pose", experts=experts)
    estimator = VitPose(str(tmp_path / "pose"), device="cpu")
    assert isinstance(estimator, PoseEstimator)
    weights = (tmp_path / "pose" / "model.safetensors").read_bytes()
    assert estimator.identity.weights == hashlib.sha256(weights).hexdigest()
    assert estimator.identity.name == "pose"
    crops = np.random.default_rng(0).integers(0, 256, (3, 256, 192, 3), np.uint8)
    poses = estimator(crops)
    dataset = {"dataset_index": torch.zeros(3, dtype=torch.long)} if experts > 1 else {}
    with torch.no_grad():
        maps = model(torch.from_numpy(network_input(crops, "corners")), **dataset).heatmaps.numpy()
    expected = quantise(maps)
    assert len(np.unique(expected)) > 20
    assert np.abs(poses.heatmaps.astype(int) - expected.astype(int)).max() <= 1
    np.testing.assert_allclose(poses.keypoints[..., 2], np.clip(maps.max((2, 3)), 0, 1), atol=1e-5)
    assert poses.present.shape == (3,)
    alone = estimator(crops[1:2])
    assert np.abs(alone.heatmaps[0].astype(int) - poses.heatmaps[1].astype(int)).max() <= 1


def test_rtdetr_finds_what_the_library_itself_finds(transformers, torch, tmp_path):
    pytest.importorskip("PIL", reason="the library's own processor needs Pillow")
    model = save_rtdetr(transformers, torch, tmp_path / "people")
    detector = RtDetr(str(tmp_path / "people"), device="cpu")
    assert isinstance(detector, Detector)
    weights = (tmp_path / "people" / "model.safetensors").read_bytes()
    assert detector.sha256 == hashlib.sha256(weights).hexdigest()
    rgb = np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)
    found = detector(rgb)
    processor = transformers.models.rt_detr.image_processing_pil_rt_detr.RTDetrImageProcessorPil()
    with torch.no_grad():
        outputs = model(**processor(images=rgb, return_tensors="pt"))
    (reference,) = processor.post_process_object_detection(outputs, MIN_SCORE, target_sizes=[(640, 640)])
    assert 0 < len(found.scores) < 20
    np.testing.assert_allclose(found.scores, reference["scores"].numpy(), atol=1e-4)
    np.testing.assert_allclose(found.boxes, reference["boxes"].numpy().clip(0, 640), atol=0.05)


def test_rtdetr_takes_pictures_of_any_size(transformers, torch, tmp_path):
    model = save_rtdetr(transformers, torch, tmp_path / "people")
    detector = RtDetr(str(tmp_path / "people"), device="cpu")
    for height, width in ((1080, 1920), (120, 160), (33, 1001)):
        rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
        boxes, scores = detector(rgb)
        assert (boxes >= 0).all()
        assert (boxes[:, [0, 2]] <= width).all()
        assert (boxes[:, [1, 3]] <= height).all()
        assert (np.diff(scores) <= 0).all()
        assert (scores >= MIN_SCORE).all()
    model.model.decoder.class_embed[-1].bias.data[:] = -60
    model.save_pretrained(tmp_path / "nobody")
    boxes, scores = RtDetr(str(tmp_path / "nobody"), device="cpu")(rgb)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_checkpoints_that_will_not_do_are_told_in_one_line(transformers, torch, tmp_path, monkeypatch):
    save_vitpose(transformers, torch, tmp_path / "whole-body", joints=133)
    save_vitpose(transformers, torch, tmp_path / "large", image_size=(384, 288))
    save_rtdetr(transformers, torch, tmp_path / "cars", labels=("car", "bicycle"))
    save_vitpose(transformers, torch, tmp_path / "bare")
    (tmp_path / "bare" / "model.safetensors").unlink()
    save_vitpose(transformers, torch, tmp_path / "cut")
    (tmp_path / "cut" / "model.safetensors").write_bytes(b"cut")
    save_vitpose(transformers, torch, tmp_path / "thin")
    config = json.loads((tmp_path / "thin" / "config.json").read_text())
    config["backbone_config"]["num_hidden_layers"] = 3
    (tmp_path / "thin" / "config.json").write_text(json.dumps(config))
    (tmp_path / "empty").mkdir()
    cases = [
        (VitPose, "whole-body", "17 joints, got 256 x 192 and 133"),
        (VitPose, "large", "got 384 x 288 and 17"),
        (VitPose, "cars", "of type vitpose .*, got type rt_detr"),
        (VitPose, "bare", "with 0 safetensors files"),
        (VitPose, "cut", "cannot read"),
        (VitPose, "thin", "weights are missing"),
        (VitPose, "empty", "config.json"),
        (RtDetr, "cars", "'person'"),
    ]
    for kind, name, words in cases:
        with pytest.raises(GaitheatError, match=words) as raised:
            kind(str(tmp_path / name))
        assert "\n" not in str(raised.value), name


def test_a_name_that_is_no_folder_is_looked_up_on_the_hub_alone(transformers, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    for name in ("nobody/nothing", "a name with spaces", "no/such/folder"):
        with pytest.raises(GaitheatError, match="no such folder, and no such checkpoint") as raised:
            VitPose(name)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_the_extra_the_mending_is_named(monkeypatch, missing):
    if missing != "torch":
        pytest.importorskip("torch", reason="the extra `hub` is not installed")
    monkeypatch.setitem(sys.modules, missing, None)
    for kind in (VitPose, RtDetr):
        with pytest.raises(GaitheatError, match=rf"needs {missing}.*pip install 'gaitheat\[hub\]'"):
            kind("anything")

"""Looking at a training while it runs: real pairs, a grid of pictures, a curve.

Validation on real pairs tells the truth long before the loss does.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import lightning as L  # noqa: N812 - its own documentation's name
import numpy as np
import torch
from lightning.pytorch.loggers import CSVLogger

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.inference.light import to_coded, to_linear
from dashcam_pipeline.inference.worksize import work_size
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.stages.glare.glass import GlassMeter
from dashcam_pipeline.stages.glare.stage import GlareStage, head_layer
from dashcam_pipeline.stages.glare.subtract import CLIPPED, KEPT
from dashcam_pipeline.training.common.curves import PAIRS, draw_curves
from dashcam_pipeline.training.data.pictures import PictureSource, load_picture
from dashcam_pipeline.training.evaluation.glare.metrics import PairScore, Regions

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Picture = npt.NDArray[np.floating[Any]]

    from dashcam_pipeline.inference.manifest import Head
    from dashcam_pipeline.stages.glare.layer import GlareLayer
    from dashcam_pipeline.training.glare.module import GlareModule
    from dashcam_pipeline.training.glare.nets import GlareNet

_OPTIONS = GlareStage.Options()

STRENGTHS = {
    "nothing": (0.0, 0.0),
    "structured": (1.0, 0.0),
    "default": (_OPTIONS.streaks, _OPTIONS.veil),
    "all": (1.0, 1.0),
}
"""Rows of the table: strengths of the structured layer and of the veil."""

COLUMNS: dict[Head, tuple[str, ...]] = {
    "layers": ("input", "target", "output", "structured layer", "veil"),
    "image": ("input", "target", "output", "network's picture", "layer"),
}
"""Of the grid, by the network's head; the layers as code values."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A real pair at half size, (H, W, 3) float32 in [0, 1]."""

    name: str
    flare: Picture
    clear: Picture


def load_pairs(folder: Path, names: Path | None, *, scale: float = 0.5) -> list[Pair]:
    """Read pairs ``flare/NAME`` and ``clear/NAME``.

    Raises:
        InputError: a picture is missing, or a pair differs in size.
    """
    wanted = (
        [line.split()[0] for line in names.read_text().splitlines() if line.strip()]
        if names
        else sorted(p.name for p in (folder / "flare").iterdir())
    )
    pairs = []
    for name in wanted:
        found = [cv2.imread(str(folder / side / name)) for side in ("flare", "clear")]
        both = [picture for picture in found if picture is not None]
        if len(both) != len(found) or both[0].shape != both[1].shape:
            raise InputError(f"{folder} has no whole pair {name!r}")
        flare, clear = (
            cv2.resize(b, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[..., ::-1].astype(
                np.float32
            )
            / 255
            for b in both
        )
        pairs.append(Pair(name, flare, clear))
    return pairs


def load_looks(folder: Path, count: int = 4) -> list[Picture]:
    """A few pictures of a folder, evenly spread, (H, W, 3) float32 in [0, 1]."""
    files = PictureSource("night", folder).files()
    chosen = files[len(files) // (2 * count) :: max(len(files) // count, 1)][:count]
    return [load_picture(f, "night", 1024).pixels.astype(np.float32) / 255 for f in chosen]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network saw and answered, at the work size: (3, H, W) and (maps, H, W)."""

    small: Picture
    maps: Picture
    head: Head

    def layer(self, streaks: float, veil: float) -> GlareLayer:
        """What the stage would take."""
        meter = GlassMeter("auto")
        if self.head == "layers":
            meter.look(self.small, self.maps)
        return head_layer(
            self.head, self.small, self.maps, dirt=meter.glass.dirt, streaks=streaks, veil=veil
        )


def predict(net: GlareNet, picture: Picture) -> Prediction:
    """The network's answer to a picture (H, W, 3), through the work size."""
    h, w = net.size or work_size(*picture.shape[:2])
    shrunk = np.asarray(cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA))
    small = np.ascontiguousarray(shrunk.transpose(2, 0, 1), np.float32)
    device = next(net.parameters()).device
    with torch.inference_mode():
        maps = net(torch.from_numpy(small)[None].to(device))[0].float().cpu()
    return Prediction(small, maps.numpy(), net.head)


def clean(picture: Picture, prediction: Prediction, streaks: float, veil: float) -> Picture:
    """Take the layer away as the stage does, in floating point; (H, W, 3) in [0, 1]."""
    light = to_linear(picture)
    layer = prediction.layer(streaks, veil).enlarged(*picture.shape[:2])
    taken = layer.of(light.transpose(2, 0, 1)).transpose(1, 2, 0)
    luma = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    keep = np.clip((CLIPPED[1] - luma) / (CLIPPED[1] - CLIPPED[0]), 0, 1)[..., None]
    left = np.maximum(light - taken, KEPT * light)
    return np.asarray(picture + keep * (to_coded(left) - picture), np.float32)


class Watch(L.Callback):
    """After each epoch: scores on real pairs (CSV), a grid of pictures, a curve.

    Args:
        folder: the run's folder.
        pairs: real pairs never trained on; may be empty.
        look: real nights without truth, shown in the grid.
    """

    def __init__(self, folder: Path, pairs: list[Pair], look: list[Picture]) -> None:
        self.folder = folder
        self.pairs = pairs
        self.look = look

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look, but not after Ctrl-C: who presses it wants an end."""
        module: GlareModule = pl_module  # type: ignore[assignment] # this callback is only for it
        if not trainer.is_global_zero or module.interrupted:
            return
        net: GlareNet = module.average.module  # type: ignore[assignment] # the average of one
        net.eval()
        self._grid(module, net, trainer.global_step)
        if self.pairs:
            self._score(module, net, trainer)
        for logger in trainer.loggers:
            if isinstance(logger, CSVLogger):
                logger.save()  # what a kill would lose, and what the curves are drawn from
        current = {key: float(value) for key, value in trainer.callback_metrics.items()}
        draw_curves(self.folder, trainer.global_step - 1, current)
        module.train()

    def _score(self, module: GlareModule, net: GlareNet, trainer: L.Trainer) -> None:
        rows: dict[str, list[PairScore]] = {name: [] for name in STRENGTHS}
        for pair in self.pairs:
            prediction = predict(net, pair.flare)
            regions = Regions.of(pair.flare, pair.clear)
            for name, strengths in STRENGTHS.items():
                rows[name].append(
                    PairScore.of(clean(pair.flare, prediction, *strengths), pair.clear, regions)
                )
        path = self.folder / PAIRS
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(("step", "hours", "row", "glare", "rest", "whole", "worse"))
            for name, scores in rows.items():
                gain = [s.whole - n.whole for s, n in zip(scores, rows["nothing"], strict=True)]
                means = [
                    np.nanmean([getattr(s, k) for s in scores]) for k in ("glare", "rest", "whole")
                ]
                worse = float(np.mean(np.array(gain) < -0.1))  # noqa: PLR2004 - dB that can be seen
                writer.writerow(
                    (trainer.global_step, round(module.spent / 3600, 3), name,
                     *(round(float(m), 3) for m in means), round(worse, 3))
                )  # fmt: skip
                for key, value in zip(("glare", "rest", "whole"), means, strict=True):
                    module.log(f"pairs/{name}/{key}", float(value), rank_zero_only=True)

    def _grid(self, module: GlareModule, net: GlareNet, step: int) -> None:
        rows = []
        if module.synthesizer is not None:
            for i in range(4):
                sample = module.synthesizer.sample((2**31, i), (288, 512))
                picture = sample.picture.permute(1, 2, 0).cpu().numpy()
                light = sample.glare.square() - sample.structured - sample.veil
                target = to_coded(light.permute(1, 2, 0).cpu().numpy()).astype(np.float32)
                rows.append(self._row(picture, target, predict(net, picture)))
        for pair in self.pairs[::3]:
            flare, clear = (self._fit(p) for p in (pair.flare, pair.clear))
            rows.append(self._row(flare, clear, predict(net, flare)))
        for night in self.look:
            picture = self._fit(night)
            rows.append(self._row(picture, picture, predict(net, picture)))
        if not rows:
            return
        grid = np.round(np.concatenate(rows)[..., ::-1] * 255).astype(np.uint8)
        for place, name in enumerate(COLUMNS[net.head]):
            at = (place * 512 + 8, 24)
            for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
                cv2.putText(grid, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, color, width)
        _, data = cv2.imencode(".jpg", grid)
        write_whole(self.folder / f"grid-{step:06d}.jpg", data.tobytes(), overwrite=True)

    @staticmethod
    def _fit(picture: Picture) -> Picture:
        """Centre of a picture at the grid's shape."""
        h, w = picture.shape[:2]
        scale = max(288 / h, 512 / w)
        big = cv2.resize(
            picture, (round(w * scale), round(h * scale)), interpolation=cv2.INTER_AREA
        )
        y, x = (big.shape[0] - 288) // 4, (big.shape[1] - 512) // 2
        return np.asarray(big[y : y + 288, x : x + 512])

    @staticmethod
    def _row(picture: Picture, target: Picture, prediction: Prediction) -> Picture:
        """One row of the grid, ``COLUMNS``; every cell at the shape of the picture."""
        maps = prediction.maps.transpose(1, 2, 0)
        if prediction.head == "image":
            taken = prediction.layer(1.0, 1.0).of(to_linear(prediction.small))
            seen = [maps, to_coded(taken.transpose(1, 2, 0))]
        else:
            seen = [maps[..., 0:3], maps[..., 3:6]]
        h, w = picture.shape[:2]
        fit = [cv2.resize(np.ascontiguousarray(part, np.float32), (w, h)) for part in seen]
        output = clean(picture, prediction, *STRENGTHS["default"])
        return np.concatenate([picture, target, output, *fit], axis=1)

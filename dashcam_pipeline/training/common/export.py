"""From a training run to weights the package can use: ONNX and the manifest's entry.

The exported network is the *average* of the training (exponential moving average), in float32,
with dynamic batch and size. timm's "same" padding is computed from the size at run time; at sides
that are multiples of 32 it is always the same, so it is written into the graph as a constant.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from dashcam_pipeline.errors import InputMissingError, ModelError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.inference.manifest import FILE_NAME, ModelEntry, read_manifest
from dashcam_pipeline.inference.worksize import AREA
from dashcam_pipeline.media.atomic import atomic, write_whole
from dashcam_pipeline.training.common.half_precision import halve_weights
from dashcam_pipeline.training.glare.config import GlareTrainingConfig
from dashcam_pipeline.training.glare.nets import GlareNet, make_net

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPSET = 18
PARITY = 1 / 255
"""Largest difference from torch that an export may show."""
HALF_PARITY = 4 / 255
"""The same for weights in half precision, on noise, which meets every weight at its largest."""


class StaticSamePad(nn.Module):
    """A convolution with its "same" padding for even inputs as a constant."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        kernel, stride = convolution.kernel_size[0], convolution.stride[0]
        total = max(kernel - stride, 0)
        self.pad = nn.ZeroPad2d((total // 2, total - total // 2) * 2)
        self.convolution = nn.Conv2d(
            convolution.in_channels,
            convolution.out_channels,
            kernel,
            stride,
            groups=convolution.groups,
            bias=convolution.bias is not None,
        )
        self.convolution.load_state_dict(convolution.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        """Pad, convolve."""
        return self.convolution(self.pad(x))


def fix_padding(module: nn.Module) -> None:
    """Replace timm's size-dependent padding throughout, in place."""
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and type(child).__name__ == "Conv2dSame":
            setattr(module, name, StaticSamePad(child))
        else:
            fix_padding(child)


def load_average(checkpoint: Path) -> tuple[GlareNet, GlareTrainingConfig, dict[str, Any]]:
    """The averaged network of a run's checkpoint, ready for inference.

    Args:
        checkpoint: ``last.ckpt`` of a run.

    Returns:
        the network, the run's config, and facts: steps, hours.

    Raises:
        InputMissingError: no such file.
        ModelError: it is not a glare run's checkpoint.
    """
    if not checkpoint.is_file():
        raise InputMissingError(f"{checkpoint} is not a file")
    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "glare_config" not in stored:
        raise ModelError(f"{checkpoint} is not the checkpoint of a glare training")
    config = GlareTrainingConfig.model_validate(stored["glare_config"])
    net = make_net(config, pretrained=False)
    prefix = "average.module."
    net.load_state_dict(
        {k.removeprefix(prefix): v for k, v in stored["state_dict"].items() if k.startswith(prefix)}
    )
    facts = {"steps": stored["global_step"], "hours": round(stored["spent"] / 3600, 2)}
    return net.eval(), config, facts


def export_onnx(
    net: nn.Module,
    path: Path,
    *,
    size: tuple[int, int] | None = None,
    output: str = "maps",
    half: bool = False,
) -> float:
    """Write float32 ONNX with dynamic batch and, where the network has no size of its own, size.

    Args:
        net: (N, 3, H, W) in, one tensor out; its padding is fixed in place.
        path: of the new file; one of that name stays until the new one has passed.
        size: the one height and width it takes; None for any multiples of 32.
        output: name of the answer in the file.
        half: store the weights in half precision; the arithmetic stays float32.

    Returns:
        the largest difference from torch on a picture of noise.

    Raises:
        ModelError: the difference exceeds ``PARITY`` (``HALF_PARITY``).
    """
    import onnxruntime as ort  # noqa: PLC0415 - slow to import
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass  # noqa: PLC0415 - extra train

    example = torch.rand(2, 3, *(size or (64, 96)))
    other = torch.rand(1, 3, *(size or (96, 160)))
    with torch.inference_mode():
        wanted = net(other).numpy()
    fix_padding(net)
    shape: dict[int, Any] = {0: torch.export.Dim("batch")}
    if size is None:
        shape |= {2: 32 * torch.export.Dim("h"), 3: 32 * torch.export.Dim("w")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its own internals
        program: Any = torch.onnx.export(
            net,
            (example,),
            input_names=["picture"],
            output_names=[output],
            dynamic_shapes=(shape,),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        # Every node says in which file on this machine it was written.
        ClearMetadataAndDocStringPass()(program.model)
    with atomic(path, overwrite=True) as part:
        program.save(part.path, external_data=False)
        if half:
            halve_weights(part.path)
        session = ort.InferenceSession(part.path, providers=["CPUExecutionProvider"])
        difference = float(np.abs(session.run(None, {"picture": other.numpy()})[0] - wanted).max())
        if difference > (HALF_PARITY if half else PARITY):
            raise ModelError(f"the exported network differs from torch by {difference:.4f}")
    return difference


def export_run(
    checkpoint: Path,
    folder: Path,
    name: str,
    *,
    licence: str,
    trained_on: Sequence[str],
    prune: bool = False,
) -> tuple[Path, float]:
    """Export a run's averaged network into a folder of weights.

    Args:
        checkpoint: ``last.ckpt`` of a run.
        folder: gets ``NAME.onnx``; its manifest's entry of that name is replaced or added.
        name: what options will call it.
        licence: of the weights.
        trained_on: every set of pictures with its terms.
        prune: leave out the heads of deep supervision; the answer is that of X0,4 alone.

    Returns:
        path of the ONNX file, and its largest difference from torch.

    Raises:
        ModelError: the export differs from torch, or the folder's manifest is broken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net, _, _ = load_average(checkpoint)
    if prune:
        net.prune()
    path = folder / f"{name}.onnx"
    difference = export_onnx(net, path, size=net.size)
    entry = ModelEntry(
        name=name,
        stage="glare",
        file=path.name,
        sha256=sha256_of(path),
        licence=licence,
        parameters=sum(p.numel() for p in net.parameters()),
        work_area=net.size[0] * net.size[1] if net.size else AREA,
        multiple=32,
        maps=net.maps,
        head=net.head,
        size=net.size,
        trained_on=tuple(trained_on),
        card=f"{name}.md",
        folder=folder,
    )
    write_entry(folder, entry)
    return path, difference


def _toml(value: object) -> str:
    """A value of an entry; of strings, numbers and lists TOML and JSON agree."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def write_entry(folder: Path, entry: ModelEntry) -> None:
    """Put an entry into a folder's manifest, in place of the one of its name."""
    manifest = folder / FILE_NAME
    others = read_manifest(folder).models if manifest.is_file() else ()
    entries = [e for e in others if e.name != entry.name] + [entry]
    tables = [
        "\n".join(
            ["[[model]]"]
            + [
                f"{key} = {_toml(value)}"
                for key, value in e.model_dump(
                    mode="json", exclude={"folder"}, exclude_none=True
                ).items()
            ]
        )
        for e in sorted(entries, key=lambda e: e.name)
    ]
    write_whole(manifest, "\n\n".join(tables) + "\n", overwrite=True)
    read_manifest.cache_clear()

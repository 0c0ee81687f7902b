"""From a configuration to a chain: its stages, their device, and what none of them may change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.stages.base import StageContext
from dashcam_pipeline.stages.registry import create_stage

if TYPE_CHECKING:
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.overlay import Overlay
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.stages.base import Stage


def find_protection(config: CleanConfig, info: SourceInfo) -> Overlay:
    """What no stage may change: the boxes that were named, else burned-in text that is found.

    Args:
        config: stages and boxes are used.
        info: of the recording; a dozen of its pictures are looked at.
    """
    from dashcam_pipeline.dashcam.overlay import Overlay, find_overlay  # noqa: PLC0415 - OpenCV

    if config.protect is not None or not config.stages:
        return Overlay(config.protect or ())
    return find_overlay(info)


def build_chain(config: CleanConfig, overlay: Overlay | None = None) -> tuple[Chain, str]:
    """Make the stages of a configuration.

    Args:
        config: stages, strength, quality, device, threads and boxes are used.
        overlay: as ``find_protection`` gave it; the configuration's boxes alone if None.

    OpenCV is told to keep to one thread, in the whole process, where there is any stage.

    Returns:
        the chain, not yet opened, and the device that ``auto`` came to.

    Raises:
        UsageError: an unknown stage, or a wrong option of one.
        StageError: a plug-in can't be loaded.
        ModelError: weights are missing or changed.
        DeviceError: the device asked for isn't usable.
    """
    stages, device = _make_stages(config)
    if overlay is None:
        return Chain(stages, protect=config.protect or ()), device
    return Chain(stages, protect=overlay.boxes, feather=overlay.feather), device


def prepare_chain(config: CleanConfig, info: SourceInfo) -> tuple[Chain, str, Overlay]:
    """``build_chain`` with what ``find_protection`` finds, both at once.

    Looking for text decodes pictures, and loading networks reads files: a run begins sooner.

    Returns:
        the chain, the device, and what is protected.

    Raises:
        DashcamError: as ``build_chain``.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="dashcam-overlay") as pool:
        finding = pool.submit(find_protection, config, info)
        stages, device = _make_stages(config)
        try:
            overlay = finding.result()
        except BaseException:
            Chain(stages).close()
            raise
    chain = Chain(stages, protect=overlay.boxes, feather=overlay.feather)
    return chain, device, overlay


def _make_stages(config: CleanConfig) -> tuple[list[Stage], str]:
    """The stages, and the device that they are on."""
    if not config.stages:
        return [], "cpu"
    # Imported here: an empty chain needs no networks.
    import cv2  # noqa: PLC0415

    from dashcam_pipeline.inference.devices import decide_device  # noqa: PLC0415

    # OpenCV's own threads would spin beside the codec's and the network's; for the small pictures
    # that stages give it they gain nothing.
    cv2.setNumThreads(1)
    device = decide_device(config.device)
    context = StageContext(
        device=device,
        quality=config.quality,
        threads=config.thread_count,
        strength=config.strength,
        deterministic=config.deterministic,
    )
    stages: list[Stage] = []
    try:
        for spec in config.stages:
            stages.append(create_stage(spec.name, spec.options, context))  # noqa: PERF401 - those made must close
    except BaseException:
        Chain(stages).close()
        raise
    return stages, device

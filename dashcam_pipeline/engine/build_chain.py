"""From a configuration to a chain: its stages, their device, and what none of them may change."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.config import LOOKS
from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.engine.protection import boxes_of
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.media.sampling import sample_frames
from dashcam_pipeline.stages.base import StageContext
from dashcam_pipeline.stages.registry import create_stage, stage_class
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.overlay import Overlay
    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.inference.manifest import ModelEntry
    from dashcam_pipeline.inference.session import Network
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.stages.base import Stage


logger = logging.getLogger(__name__)

READERS: Final = 2
"""Threads that look at a recording before its run, where it may use so many."""


def find_protection(config: CleanConfig, info: SourceInfo, frames: Sequence[Frame]) -> Overlay:
    """What no stage may change: the boxes that were named, else burned-in text that is found.

    Args:
        config: stages and boxes are used.
        info: the recording.
        frames: all over the recording, to look at.
    """
    from dashcam_pipeline.dashcam.overlay import Overlay, find_overlay  # noqa: PLC0415 - OpenCV

    if config.protect is not None or not config.stages:
        return Overlay(boxes_of(config.protect or (), info.video.width, info.video.height))
    return find_overlay(frames)


def check_allowed(config: CleanConfig) -> None:
    """Refuse stages that show what the camera never saw, where the configuration rules them out.

    Args:
        config: of the run.

    Raises:
        UsageError: there is such a stage, or an unknown one.
        StageError: a plug-in can't be loaded.
    """
    made_up = (
        [] if config.synthetic else [s for s in config.stages if stage_class(s.name).synthetic]
    )
    if not made_up:
        return
    by_preset = config.preset is not None and "synthetic" not in config.model_fields_set
    fields = {"stage": made_up[0].name, "preset": config.preset}
    raise UsageError(
        _(
            "The stage {stage} shows what the camera never saw, and the preset {preset} allows no "
            "such stage.",
            **fields,
        )
        if by_preset
        else _(
            "The stage {stage} shows what the camera never saw, and `synthetic=False` allows no "
            "such stage.",
            **fields,
        ),
        advice=_("Leave the stage out, or pass `synthetic=True` to have it all the same."),
    )


def warn_of_order(config: CleanConfig) -> None:
    """Ask, as a warning, about a chain that was hardly meant so.

    Args:
        config: its stages, in order.

    Raises:
        UsageError: an unknown stage.
        StageError: a plug-in can't be loaded.
    """
    names = [spec.name for spec in config.stages]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            logger.warning(
                _(
                    "The stage %s is in the chain more than once, and takes effect each time. "
                    "Is that meant?"
                ),
                name,
            )
    made_up = ""
    for name in names:
        if stage_class(name).synthetic:
            made_up = made_up or name
        elif made_up:
            logger.warning(
                _(
                    "The stage %s comes before %s, which then works on a synthetic picture. "
                    "Is that meant? Otherwise put %s first."
                ),
                made_up,
                name,
                name,
            )
            return


def build_chain(config: CleanConfig) -> tuple[Chain, str]:
    """Make the stages of a configuration; what is protected are its own boxes alone.

    Args:
        config: stages, strength, quality, device, threads and boxes are used.

    OpenCV is told to keep to one thread, in the whole process, where there is any stage.

    Returns:
        the chain, not yet opened, and the device that ``auto`` came to.

    Raises:
        UsageError: an unknown stage, a wrong option of one, or one that isn't allowed.
        StageError: a plug-in can't be loaded.
        ModelError: weights are missing or changed.
        DeviceError: the device asked for isn't usable.
    """
    stages, device = _make_stages(config)
    return Chain(stages, protect=config.protect or ()), device


def prepare_chain(config: CleanConfig, info: SourceInfo) -> tuple[Chain, str, Overlay]:
    """``build_chain`` for a recording that can be looked at before its first frame comes.

    A dozen of its pictures are searched for text, and shown to the stages that want to see how the
    recording is. Decoding them, and loading networks, is done at once: a run begins sooner.

    Returns:
        the chain, the device, and what is protected.

    Raises:
        DashcamError: as ``build_chain``.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="dashcam-samples") as pool:
        looking = pool.submit(_look, config, info)
        stages, device = _make_stages(config)
        try:
            frames, overlay = looking.result()
        except BaseException:
            Chain(stages).close()
            raise
    chain = Chain(stages, protect=overlay.boxes, feather=overlay.feather)
    chain.survey = tuple(frames)
    return chain, device, overlay


def chain_for(
    config: CleanConfig,
    frames: Sequence[Frame],
    overlay: Overlay,
    *,
    networks: Callable[[ModelEntry, str, int], Network] | None = None,
) -> Chain:
    """``prepare_chain`` for a recording that was looked at before.

    Args:
        config: stages, strength, quality, device and threads are used.
        frames: all over the recording, as of ``sample_frames``.
        overlay: what is protected, as of ``find_protection``.
        networks: as of ``StageContext``.

    Raises:
        DashcamError: as ``build_chain``.
    """
    stages, _device = _make_stages(config, networks)
    chain = Chain(stages, protect=overlay.boxes, feather=overlay.feather)
    chain.survey = tuple(frames)
    return chain


def _look(config: CleanConfig, info: SourceInfo) -> tuple[list[Frame], Overlay]:
    """Frames all over the recording, and what is protected."""
    threads = min(config.thread_count, READERS)
    frames = sample_frames(info, threads=threads) if config.stages else []
    return frames, find_protection(config, info, frames)


def _make_stages(
    config: CleanConfig, networks: Callable[[ModelEntry, str, int], Network] | None = None
) -> tuple[list[Stage], str]:
    """The stages, and the device that they are on."""
    check_allowed(config)
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
        strength=LOOKS[config.look] * config.strength,
        deterministic=config.deterministic,
        networks=networks,
    )
    stages: list[Stage] = []
    try:
        for spec in config.stages:
            stages.append(create_stage(spec.name, spec.options, context))  # noqa: PERF401 - those made must close
    except BaseException:
        Chain(stages).close()
        raise
    return stages, device

"""What a step trains on: seeds of samples, on one device and on several."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from dashcam_pipeline.training.glare.config import GlareTrainingConfig
from dashcam_pipeline.training.glare.module import WHOLE, GlareModule, cooled
from dashcam_pipeline.training.synthesis.glare import Sample


class Recorder:
    """Stands in for a synthesizer: notes the seeds, and numbers every pixel."""

    def __init__(self):
        self.seeds = []
        self.shapes = []

    def sample(self, seed, shape=None):
        self.seeds.append(seed)
        self.shapes.append(shape)
        h, w = shape or (288, 512)
        numbers = torch.arange(h * w, dtype=torch.float32).view(1, h, w) / (h * w)
        return Sample(*(numbers.expand(3, h, w) for _ in range(4)), numbers)


def make_module(rank=None, **settings):
    """A module of the quickest network, as one of two devices where a rank is given."""
    values = {"data": ("night:x",), "model": "unet", "encoder": "tu-mobilenetv3_small_050"}
    config = GlareTrainingConfig(**values | {"batch": 4, "crop": (32, 64), "seed": 7} | settings)
    module = GlareModule(config, Recorder())
    if rank is not None:
        module._trainer = SimpleNamespace(world_size=2, global_rank=rank)
    return module


def seeds(module, step):
    module.synthesizer.seeds.clear()
    module._samples(step)
    return list(module.synthesizer.seeds)


def test_a_seed_is_run_step_and_place():
    module = make_module(whole_frames=0.0)
    assert seeds(module, 5) == [(7, 5, 0), (7, 5, 1)], "two crops of each"
    assert module.synthesizer.shapes == [None, None]
    assert seeds(make_module(whole_frames=1.0, batch=8), 5) == [(7, 5, 0), (7, 5, 1), (7, 5, 2)]


def test_several_devices_draw_different_samples_of_the_same_shape():
    modules = [make_module(rank, whole_frames=0.5) for rank in (0, 1)]
    for step in range(8):
        drawn = [seeds(module, step) for module in modules]
        for rank in (0, 1):
            assert drawn[rank] == [(7, step, rank, place) for place in range(len(drawn[rank]))]
        assert len(drawn[0]) == len(drawn[1])
        assert modules[0].synthesizer.shapes == modules[1].synthesizer.shapes
    alone, *ranks = [make_module(rank, whole_frames=0.0) for rank in (None, 0, 1)]
    crops = [module.batch(3).picture for module in (alone, *ranks)]
    assert not torch.equal(crops[1], crops[2])


def test_fixed_samples_come_again_and_again():
    module = make_module(fixed=3, whole_frames=0.0, augment=False)
    drawn = {seed for step in range(30) for seed in seeds(module, step)}
    assert drawn == {(7, 0), (7, 1), (7, 2)}
    assert set(module.synthesizer.shapes) == {WHOLE}


@pytest.mark.parametrize(("augment", "crops"), [(False, 2), (True, 40)])
def test_augmentation_cuts_other_crops_of_a_fixed_sample(augment, crops):
    module = make_module(fixed=1, whole_frames=0.0, augment=augment)
    seen = {crop.numpy().tobytes() for step in range(10) for crop in module.batch(step).picture}
    assert len(seen) == crops


def test_the_crop_with_most_glare_is_picked():
    """Of the recorder's frames the lower right has most, as its numbers rise."""
    plain, picked = (make_module(whole_frames=0.0, picked=n) for n in (1, 8))
    first = [
        [float(m.batch(step).structured[::2].mean()) for step in range(12)] for m in (plain, picked)
    ]
    second = [
        [float(m.batch(step).structured[1::2].mean()) for step in range(12)]
        for m in (plain, picked)
    ]
    assert sum(first[1]) > sum(first[0]) + 1
    assert abs(sum(second[1]) - sum(second[0])) < 1.5, "the other one lies anywhere"


def test_the_rate_is_constant_and_then_falls_to_nothing():
    assert [cooled(p, 0.2) for p in (0.0, 0.5, 0.8)] == [1, 1, 1]
    assert cooled(0.85, 0.2) == pytest.approx(0.5)
    assert cooled(1.0, 0.2) == pytest.approx(0)
    assert [cooled(p, 0.0) for p in (0.0, 1.0)] == [1, 1]


def test_a_run_that_is_cool_goes_on_at_the_full_rate():
    module = make_module(hours=1.0, rate=0.1)
    scale = [{"scale": 1.0}, {"scale": 0.5}]
    module._trainer = SimpleNamespace(
        optimizers=[SimpleNamespace(param_groups=scale)], global_step=1000, world_size=1
    )
    for spent, rate in ((0.5, 0.1), (0.95, 0.1 * cooled(0.95, 0.2)), (1.0, 0.0)):
        module.spent = spent * 3600
        module._set_rate()
        assert [group["lr"] for group in scale] == pytest.approx([rate, rate / 2])
    module.config = module.config.model_copy(update={"hours": 2.0})
    module._set_rate()
    assert scale[0]["lr"] == pytest.approx(0.1)


def test_the_autoencoder_sees_whole_frames_at_its_own_size():
    module = make_module(model="autoencoder", whole_frames=0.0)
    batch = module.batch(0)
    assert batch.picture.shape == (1, 3, 128, 224)
    assert batch.lamps.shape == (1, 1, 128, 224)
    assert module.synthesizer.shapes == [WHOLE]


def test_without_a_synthesizer_there_is_nothing_to_draw():
    module = make_module()
    module.synthesizer = None
    with pytest.raises(RuntimeError, match="without a synthesizer"):
        module.batch(0)

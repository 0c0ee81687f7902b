import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.errors import InputError, InputMissingError, OutputError
from dashcam_pipeline.simulation.__main__ import main
from dashcam_pipeline.simulation.pack import (
    TOP,
    PackScene,
    from_code,
    load_pack,
    load_raw,
    save_raw,
    to_code,
    write_pack,
)


def scene(seed: int, size: tuple[int, int] = (36, 64)) -> PackScene:
    """A smooth dusk with one lamp of 900 times white."""
    rng = np.random.default_rng(seed)
    height, width = size
    slope = np.linspace(0.01, 0.3, width, dtype=np.float32)
    night = np.ones((height, width, 3), np.float32) * slope[None, :, None]
    night *= rng.uniform(0.5, 1.0, 3).astype(np.float32)
    mask = np.zeros((height, width, 3), np.float32)
    y, x = int(rng.integers(8, 20)), int(rng.integers(8, 40))
    night[y : y + 8, x : x + 8] = (900.0, 500.0, 200.0)
    mask[y : y + 8, x : x + 8, 0] = 1.0
    mask[y - 1, x : x + 8, 0] = 0.4
    return PackScene(night, mask, night.clip(0, 0.4) * 2, {"kind": "city", "seed": seed})


@given(st.floats(0, TOP))
def test_a_code_gives_its_radiance_back(radiance):
    assert from_code(to_code(radiance)) == pytest.approx(radiance, rel=1e-5, abs=1e-8)


@given(st.lists(st.floats(0, TOP), min_size=2, max_size=9))
def test_brighter_never_gets_a_lower_code(values):
    codes = to_code(sorted(values))
    assert np.all(np.diff(codes) >= 0)
    assert codes.min() >= 0
    assert codes.max() <= 1


def test_a_pack_keeps_lamps_shadows_masks_and_order(tmp_path):
    scenes = [scene(i) for i in range(3)]
    assert write_pack(scenes, tmp_path) == 3
    again = list(load_pack(tmp_path))
    assert [s.info["seed"] for s in again] == [0, 1, 2]
    for before, after in zip(scenes, again, strict=True):
        assert after.night.dtype == np.float32
        assert np.array_equal(np.round(after.mask * 255), np.round(before.mask * 255))
        inside = before.mask[..., 0] == 1
        np.testing.assert_allclose(after.night[inside], before.night[inside], rtol=0.25)
        lamp = after.night[inside].mean(0)
        np.testing.assert_allclose(lamp, (900, 500, 200), rtol=0.05)
        for name in ("night", "day"):
            a, b = (np.clip(getattr(s, name), 0, 1) ** (1 / 2.2) for s in (before, after))
            assert np.abs(a - b).mean() < 1 / 255


def test_raw_scenes_are_a_pack_too(tmp_path):
    save_raw(tmp_path / "0000-city-5.npz", scene(5))
    (got,) = load_pack(tmp_path)
    np.testing.assert_allclose(got.night, scene(5).night, rtol=0.002)
    assert got.info == {"kind": "city", "seed": 5}


def test_a_raw_scene_appears_only_whole(tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OutputError, match="disk full"):
        save_raw(tmp_path / "a.npz", scene(1))
    assert not list(tmp_path.iterdir())


def test_no_pack_says_how_to_make_one(tmp_path):
    with pytest.raises(InputMissingError, match=r"no pack.*\n.*simulation pack"):
        list(load_pack(tmp_path))


def test_a_pack_whose_films_are_short_is_refused(tmp_path):
    write_pack([scene(0)], tmp_path)
    index = json.loads((tmp_path / "scenes.json").read_text())
    index["scenes"] *= 2
    (tmp_path / "scenes.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="lists 2 scenes but its films end at 1"):
        list(load_pack(tmp_path))


def test_the_command_squeezes_raw_scenes(tmp_path, capsys):
    for i in range(2):
        save_raw(tmp_path / f"{i:04d}-city-{i}.npz", scene(i))
    assert main(["squeeze", "--raw", str(tmp_path), "--out", str(tmp_path / "pack")]) == 0
    assert "2 scenes" in capsys.readouterr().out
    assert len(list(load_pack(tmp_path / "pack"))) == 2
    assert load_raw(tmp_path / "0001-city-1.npz").info["seed"] == 1

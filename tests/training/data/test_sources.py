"""``--data KIND:PATH`` of every kind."""

from __future__ import annotations

import pytest

from dashcam_pipeline.errors import InputError, InputMissingError, UsageError
from dashcam_pipeline.training.data import sources
from dashcam_pipeline.training.data.pictures import PictureSource, load_pictures
from dashcam_pipeline.training.data.sources import load_data


def test_all_kinds_together(folders, pairs_folder, dacon_folder, flare7k_folder, monkeypatch):
    monkeypatch.setattr(sources, "MAX_SIDE", 64)
    data = load_data(
        [
            f"night:{folders / 'night'}",
            f"pairs:{pairs_folder}",
            f"dacon:{dacon_folder}",
            f"flare7k:{flare7k_folder}",
        ]
    )
    assert [p.kind for p in data.pictures] == ["night"] * 2
    assert [p.name for p in data.pairs] == ["0", "1", "2", "train_input_10001", "train_input_10000"]
    assert max(max(p.input.shape) for p in data.pairs) <= 64
    assert len(data.flares) == 1


def test_lists_name_pairs(pairs_folder, tmp_path):
    names = tmp_path / "some.txt"
    names.write_text("1\n")
    assert [p.name for p in load_data([f"pairs:{pairs_folder}@{names}"]).pairs] == ["1"]


def test_flares_need_backgrounds_and_take_no_list(flare7k_folder, tmp_path):
    with pytest.raises(UsageError, match=r"no picture to add it to\nGive backgrounds .* day:"):
        load_data([f"flare7k:{flare7k_folder}"])
    names = tmp_path / "some.txt"
    names.write_text("000000\n")
    with pytest.raises(UsageError, match="takes no list"):
        load_data([f"flare7k:{flare7k_folder}@{names}"])


@pytest.mark.parametrize("kind", ["pairs", "dacon", "flare7k"])
def test_what_is_no_background_is_not_taken_for_one(pairs_folder, kind):
    with pytest.raises(UsageError, match=f"{kind}: is no background"):
        load_pictures([PictureSource.parse(f"{kind}:{pairs_folder}")])


def test_a_broken_file_of_many_is_named(pairs_folder):
    (pairs_folder / "target" / "2.webp").write_bytes(b"")
    with pytest.raises(InputError, match=r"target/2\.webp can't be read"):
        load_data([f"pairs:{pairs_folder}"])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputMissingError, match="is not a folder"):
        load_data([f"pairs:{tmp_path / 'nowhere'}"])

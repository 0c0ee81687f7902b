from __future__ import annotations

import os

import pytest

from dashcam_pipeline.batch.discovery import discover
from dashcam_pipeline.batch.sidecars import copy_sidecars


@pytest.fixture
def card(tmp_path):
    root = tmp_path / "card"
    (root / "Movie").mkdir(parents=True)
    (root / "Movie/a.gps").write_text("$GPRMC")
    os.utime(root / "Movie/a.gps", ns=(10**18, 10**18))
    return root


def copy(card, **settings):
    return copy_sidecars(discover(card).sidecars, card, card.parent / "out", **settings)


def test_a_sidecar_is_copied_once_with_its_time(card):
    assert copy(card) == (1, [])
    made = card.parent / "out/Movie/a.gps"
    assert (made.read_text(), made.stat().st_mtime_ns) == ("$GPRMC", 10**18)
    assert copy(card) == (0, [])


def test_another_file_of_the_same_size_and_time_is_another(card):
    copy(card)
    made = card.parent / "out/Movie/a.gps"
    made.write_text("$GPRMX")
    os.utime(made, ns=(10**18, 10**18))
    copied, (warning,) = copy(card)
    assert copied == 0
    assert "another file" in warning
    assert made.read_text() == "$GPRMX"
    assert copy(card, overwrite=True) == (1, [])
    assert made.read_text() == "$GPRMC"


@pytest.mark.parametrize("there", [True, False])
def test_no_link_in_its_place_is_followed(card, tmp_path, there):
    victim = tmp_path / "victim"
    made = card.parent / "out/Movie/a.gps"
    made.parent.mkdir(parents=True)
    if there:
        victim.write_text("$GPRMC")
    made.symlink_to(victim)
    copied, warnings = copy(card)
    assert (copied, len(warnings)) == (0, 1)
    assert made.is_symlink()
    assert victim.exists() is there
    assert copy(card, overwrite=True) == (1, [])
    assert not made.is_symlink()
    assert victim.exists() is there


def test_no_folder_that_is_a_link_is_followed(card, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/Movie").symlink_to(elsewhere)
    copied, (warning,) = copy(card, overwrite=True)
    assert copied == 0
    assert "behind a link" in warning
    assert not list(elsewhere.iterdir())


def test_a_sidecar_that_became_a_link_is_not_followed(card, tmp_path):
    found = discover(card).sidecars
    (tmp_path / "secret").write_text("secret")
    (card / "Movie/a.gps").unlink()
    (card / "Movie/a.gps").symlink_to(tmp_path / "secret")
    copied, (warning,) = copy_sidecars(found, card, tmp_path / "out")
    assert copied == 0
    assert "not copied" in warning
    assert not list((tmp_path / "out").rglob("a.gps*"))


def test_a_date_that_can_not_be_kept_stops_no_copy(card, tmp_path, monkeypatch):
    def no_such_date(*_, **__):
        raise OverflowError("timestamp out of range")

    monkeypatch.setattr(os, "utime", no_such_date)
    assert copy(card) == (1, [])
    assert copy(card) == (0, [])
    assert (tmp_path / "out/Movie/a.gps").read_text() == "$GPRMC"

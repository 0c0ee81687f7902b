"""A user's own copy of BDD100K (Yu et al. 2020) as the two domains.

Two layouts are known; below ROOT, or one folder further down:

- the official one: ``images/100k/{train,val,test}/*.jpg`` and, of 2018,
  ``labels/bdd100k_labels_images_{train,val}.json`` or, of 2020,
  ``labels/det_20/det_{train,val}.json``,
- that of the Kaggle copy ``solesensei_bdd100k``, where archives were unpacked into folders of
  their own names: ``bdd100k/bdd100k/images/100k/...`` and
  ``bdd100k_labels_release/bdd100k/labels/bdd100k_labels_images_{train,val}.json``.

A label file is one list of ``{"name": "x.jpg", "attributes": {"timeofday": "night", "weather":
"rainy", "scene": ...}, ...}``; of each entry only the name and the attributes are used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dashcam_pipeline.errors import InputError, InputMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TimeOfDay = Literal["night", "daytime", "dawn/dusk"]
Rain = Literal["without", "with", "only"]
Split = Literal["train", "val"]

RAINY = "rainy"
UNUSABLE = "foggy"
"""Fog by day is too near to a night's haze to teach the difference."""

LABELS = ("bdd100k_labels_images_{}.json", "det_{}.json")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture and what its label says of it."""

    path: Path
    timeofday: str
    weather: str


@dataclass(frozen=True, slots=True)
class Bdd100k:
    """A copy that was found.

    Args:
        root: what the user gave.
        images: the folder that holds ``train`` and ``val``.
        labels: label file of each split that has one.
    """

    root: Path
    images: Path
    labels: dict[str, Path]

    @classmethod
    def open(cls, root: Path) -> Bdd100k:
        """Find pictures and labels below a folder.

        Raises:
            InputMissingError: no such folder, or no pictures or labels in it.
        """
        if not root.is_dir():
            raise InputMissingError(f"{root} is not a folder")
        images = next((p for p in _folders(root) if _holds_splits(p)), None)
        if images is None:
            raise InputMissingError(
                f"{root} holds no images/100k/train or images/100k/val",
                advice="Give the folder that BDD100K's archives were unpacked in.",
            )
        found = sorted(root.rglob("*.json"))
        labels: dict[str, Path] = {}
        for split in ("train", "val"):
            names = {name.format(split) for name in LABELS}
            path = next((p for p in found if p.name in names), None)
            if path is not None and (images / split).is_dir():
                labels[split] = path
        if not labels:
            raise InputMissingError(
                f"{root} holds pictures but no labels for them",
                advice="Unpack bdd100k_labels_release or det_20 there: they tell night from day.",
            )
        return cls(root, images, labels)

    def read(self, split: Split = "train") -> list[Labelled]:
        """All pictures of a split that lie on the disk, with their labels.

        Raises:
            InputMissingError: the split has no labels here.
            InputError: the label file is no list of named entries.
        """
        if split not in self.labels:
            raise InputMissingError(
                f"{self.root} has no labels for {split!r}",
                advice=f"It has {', '.join(self.labels)}.",
            )
        path = self.labels[split]
        try:
            entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
            named = [(str(e["name"]), e.get("attributes") or {}) for e in entries]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{path} is no BDD100K label file: {error!r}") from error
        present = {p.name: p for p in (self.images / split).rglob("*.jpg")}
        return [
            Labelled(
                present[name],
                str(attributes.get("timeofday", "undefined")),
                str(attributes.get("weather", "undefined")),
            )
            for name, attributes in named
            if name in present
        ]

    def pictures(self, timeofday: TimeOfDay, *, rain: Rain = "without") -> list[Path]:
        """The pictures of a time of day to train on, without fog.

        Args:
            timeofday: as the labels have it.
            rain: leave rain out, take it as well, or take nothing else.

        Raises:
            InputError: none is left.
        """
        wanted = [
            item for item in self.read() if item.timeofday == timeofday and item.weather != UNUSABLE
        ]
        if rain != "with":
            wanted = [item for item in wanted if (item.weather == RAINY) == (rain == "only")]
        if not wanted:
            raise InputError(
                f"{self.root} has no pictures of {timeofday!r} {rain} rain",
                advice="Check that labels and pictures are of the same split.",
            )
        return [item.path for item in wanted]


def _folders(root: Path) -> Iterator[Path]:
    """Every ``images/100k`` below a folder; pictures' own folders aren't searched."""
    for depth in ("", "*/", "*/*/", "*/*/*/"):
        yield from sorted(root.glob(f"{depth}images/100k"))


def _holds_splits(folder: Path) -> bool:
    return any((folder / split).is_dir() for split in ("train", "val"))

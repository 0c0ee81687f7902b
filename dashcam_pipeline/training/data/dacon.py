"""The pictures of DACON competition 235746 (LG AI Research, camera image quality, 2021).

As it is handed out, every archive unpacked beside the lists::

    DIR/train.csv         img_id,input_img,label_img    10000,train_input_10000.png,train_label_...
    DIR/test.csv          img_id,input_img,submission_name
    DIR/train_input_img/  622 pictures with glare: 272 of 2448x3264, 350 of 1224x1632
    DIR/train_label_img/  the same views without
    DIR/test_input_img/   20 pictures with glare; their labels were never given out

Pictures without labels can be looked at: ``dashcam evaluate glare --folder DIR/test_input_img``.
"""

from __future__ import annotations

import csv
from pathlib import Path

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data import pairs

INPUT, LABEL, LIST = "train_input_img", "train_label_img", "train.csv"
COLUMNS = ("input_img", "label_img")

ADVICE = f"The set's folder holds {INPUT}/, {LABEL}/ and {LIST}."


def find_dacon(folder: Path, names: Path | None = None) -> list[pairs.PairFiles]:
    """The training pairs, in the order of ``train.csv``; without it, paired by their numbers.

    Args:
        folder: the set's folder.
        names: text file with an input picture's name a line; all if None.

    Raises:
        InputError: the folder isn't that of the set, a listed picture is missing, or (without a
            list) a picture has no partner.
    """
    sides = (folder / INPUT, folder / LABEL)
    missing = [side for side in sides if not side.is_dir()]
    if missing:
        raise _explain(folder, missing)
    found = _listed(folder) if (folder / LIST).is_file() else _numbered(folder)
    return found if names is None else pairs.select(found, names)


def _explain(folder: Path, missing: list[Path]) -> InputError:
    """What is wrong with a folder that lacks a side."""
    if folder.name in {INPUT, LABEL, "test_input_img"}:
        return InputError(
            f"{folder} is one folder of the set", advice=f"Give {folder.parent} instead."
        )
    inner = sorted(path.parent for path in folder.rglob(INPUT) if path.parent != folder)
    if inner:
        return InputError(f"{folder} isn't the set's folder", advice=f"Did you mean {inner[0]}?")
    return InputMissingError(f"{folder} has no {missing[0].name}/", advice=ADVICE)


def _listed(folder: Path) -> list[pairs.PairFiles]:
    """The pairs that ``train.csv`` names."""
    path = folder / LIST
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if absent:
            raise InputError(
                f"{path} has no column {absent[0]!r}",
                advice="Its columns are img_id, input_img and label_img.",
            )
        files = [(row["input_img"] or "", row["label_img"] or "") for row in rows]
    found = [
        pairs.PairFiles(Path(first).stem, folder / INPUT / first, folder / LABEL / second)
        for first, second in files
    ]
    lost = [p for pair in found for p in (pair.input, pair.target) if not p.is_file()]
    if lost:
        raise InputError(
            f"{len(lost)} of {2 * len(found)} pictures of {path} are missing: {lost[0]}",
            advice="Unpack the archives again.",
        )
    if not found:
        raise InputError(f"{path} lists no pictures")
    return found


def _numbered(folder: Path) -> list[pairs.PairFiles]:
    """Pairs by the numbers in their names."""
    sides = {
        INPUT: pairs.pictures(folder / INPUT, "train_input"),
        LABEL: pairs.pictures(folder / LABEL, "train_label"),
    }
    pairs.check_partners(folder, sides)
    return [
        pairs.PairFiles(sides[INPUT][name].stem, sides[INPUT][name], sides[LABEL][name])
        for name in sorted(sides[INPUT])
    ]

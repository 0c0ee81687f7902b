"""What the run's own report says about a clip, for the page.

The report lies beside the clip and may come from anyone: nothing of it is used before these models
have accepted it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dashcam_pipeline.compare.page.told import (
    device_words,
    encoder_words,
    stage_facts,
    stage_name,
)
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.provenance.record import SCHEMA
from dashcam_pipeline.provenance.untrusted import (  # noqa: TC001 - pydantic needs them
    Count,
    Number,
    Seconds,
    Text,
)
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from dashcam_pipeline.compare.page.model import Clip
    from dashcam_pipeline.compare.page.words import Teller

_LONGEST: Final = 500
"""Characters of one fact that are shown; a stage may have a table of them."""

_MANY: Final = 100_000
"""Entries of a list; a batch of so many clips makes a page that no browser opens."""


def _fact(value: object) -> str:
    """Any value as text, or the words for it; it isn't deep, for the file isn't."""
    if isinstance(value, dict) and isinstance(value.get("words"), str):
        value = value["words"]
    return str(value)[:_LONGEST]


Fact = Annotated[str, BeforeValidator(_fact)]


class _Part(BaseModel):
    """A part of a report: of its own types, and whatever it holds beside."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class FileRecord(_Part):
    """A recording: where it was; its size and hash where a provenance record tells them."""

    path: Text = ""
    codec: Text = ""
    bytes: Count | None = None
    sha256: Text = ""


class FramesRecord(_Part):
    """Frames by fate."""

    read: Count | None = None
    written: Count | None = None
    missing: Count = 0
    concealed: Count = 0
    damaged_packets: Count = 0
    damaged_sound: Count = 0
    converted: Count = 0
    times_repaired: Count = 0
    truncated: bool = False


class TimingsRecord(_Part):
    """Wall seconds of a run."""

    total: Seconds | None = None


class SettingsRecord(_Part):
    """What was asked for."""

    start: Seconds | None = None
    end: Annotated[Seconds, Field(gt=0)] | None = None
    track: Count | None = None

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        if self.end is not None and self.end <= (self.start or 0.0):
            raise ValueError("end must come after start")
        return self


class StageRecord(_Part):
    """What one stage did."""

    name: Text = "?"
    options: dict[Text, Fact] = {}
    facts: dict[Text, Fact] = {}
    synthetic: bool = False


class TrackRecord(_Part):
    """A track that isn't in the output."""

    track: Text = ""
    reason: Text = ""


class RunRecord(_Part):
    """A run's report (``RunReport.to_dict``), or an output's provenance record in its words.

    Whatever it lacks stays empty.
    """

    input: FileRecord = FileRecord()
    output: FileRecord = FileRecord()
    frames: FramesRecord = FramesRecord()
    timings: TimingsRecord = TimingsRecord()
    settings: SettingsRecord = SettingsRecord()
    stages: list[StageRecord] = Field([], max_length=_MANY)
    warnings: list[Text] = Field([], max_length=_MANY)
    device: Text = ""
    encoder_options: dict[Text, Fact] = {}
    versions: dict[Text, Fact] = {}
    pace: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] = Field(
        [], max_length=_MANY
    )
    holes: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] = Field(
        [], max_length=_MANY
    )
    not_carried: list[TrackRecord] = Field([], max_length=_MANY)

    @property
    def known(self) -> bool:
        """True if there is one at all."""
        return bool(self.model_fields_set)

    def with_more(self, other: RunRecord) -> RunRecord:
        """This one, and where the other tells something, that."""
        return self.model_copy(
            update={name: getattr(other, name) for name in other.model_fields_set}
        )


class BatchClipRecord(_Part):
    """One recording of a batch."""

    path: Text
    status: Text = ""
    output: Text | None = None
    reason: Text | None = None
    advice: Text | None = None
    seconds: Seconds | None = None


class BatchRecord(_Part):
    """What `dashcam batch` leaves in its output folder."""

    input: Text = ""
    clips: list[BatchClipRecord] = Field(max_length=_MANY)


def as_run(data: Mapping[str, Any]) -> RunRecord | None:
    """A report or a provenance record; None for any other JSON.

    Raises:
        ValidationError: it is one of ours, but of wrong types.
    """
    if not (isinstance(data.get("input"), dict) and isinstance(data.get("output"), dict)):
        return None
    if data.get("schema") != SCHEMA:
        return RunRecord.model_validate(data) if "path" in data["output"] else None
    named = {key: {**data[key], "path": data[key].get("name")} for key in ("input", "output")}
    streams = data.get("streams")
    lost = streams.get("not_carried", []) if isinstance(streams, dict) else []
    return RunRecord.model_validate(
        {**data, **named, "not_carried": lost, "holes": data.get("holes_s", [])}
    )


def described(clip: Clip, record: RunRecord, tell: Teller) -> None:
    """Fill in what a run's report tells; whatever it lacks stays empty.

    Args:
        clip: changed in place.
        record: of the run; an empty one where there is none.
        tell: says its sentences.
    """
    clip.warnings += [tell(warning) for warning in record.warnings]
    for stage in record.stages:
        facts = stage_facts(stage.name, stage.options, stage.facts)
        clip.chain.append((stage_name(stage.name), joined(", ", facts)))
        clip.synthetic = clip.synthetic or stage.synthetic
    seconds, written = record.timings.total, record.frames.written
    if seconds and written is not None:
        clip.fps = written / seconds
        speed = _("{fps:.1f} frames a second", fps=clip.fps)
        clip.made.append(("made.took", joined(", ", (duration(seconds), speed))))
    if written is not None:
        clip.frames = written
    if record.device and clip.chain:
        clip.made.append(("made.device", device_words(record.device)))
    if record.output.codec:
        words = encoder_words(record.output.codec, record.encoder_options)
        clip.made.append(("made.encoder", words))
    if record.versions:
        text = ", ".join(f"{name} {version}" for name, version in record.versions.items())
        clip.made.append(("made.versions", text))
    clip.pace += [(when, pace) for when, pace in record.pace]

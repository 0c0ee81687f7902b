"""Every exception the package raises on purpose, in one tree.

::

    DashcamError                  exit code 1
    ├── UsageError                2   an option or a combination that can't be
    │   ├── ConfigError           2   a wrong key or value in pipeline.toml
    │   └── ArgumentError         2   of a function: another type or shape than it takes
    ├── InputError                3   the source can't be opened or holds no video
    │   ├── InputMissingError     3   no such file, or no permission
    │   ├── NotVideoError         3   another kind of file, or no video track
    │   │   └── PictureError      3   a still picture
    │   └── IndexMissingError     3   an MP4 without its index (moov)
    ├── OutputError               4   the result can't be written
    │   ├── OutputExistsError     4   it is there already, or it is the source itself
    │   ├── FileTooLargeError     4   no file may be as large there
    │   ├── SizeLimitError        4   it can't be as small as it may be
    │   └── DiskFullError         4   no space left
    ├── DamagedError              5   with --strict: parts of the source were lost
    ├── ModelError                6   weights missing, changed or unusable
    ├── StageError                7   a stage failed or broke its contract
    ├── EncoderError              8   the encoder can't be opened or failed
    ├── DeviceError               9   the device asked for isn't usable
    ├── VerificationError        10   a file isn't what its provenance record says
    ├── BatchError               11   some recordings of a batch failed
    └── CancelledError          130   the caller ended the run by its ``Control``

``130`` is Ctrl-C (128 + SIGINT), as shells have it.

A message says what is wrong with which value; ``advice`` says what to do next. Both name settings
as Python has them, in backticks (`` `overwrite=True` ``); the command line makes flags of them.
"""

from __future__ import annotations

from typing import ClassVar


class DashcamError(Exception):
    """Base of all errors of this package.

    Args:
        message: what is wrong, naming the offending value.
        advice: what the user can do next; empty where there is nothing to add.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    def __str__(self) -> str:
        """The message and the advice on one line each."""
        message = super().__str__()
        return f"{message}\n{self.advice}" if self.advice else message


class UsageError(DashcamError):
    """An option, or a combination of options, that can't be."""

    exit_code = 2


class ConfigError(UsageError):
    """A wrong key or value in a configuration file."""


class ArgumentError(UsageError, TypeError, ValueError):
    """An argument of a function has another type or shape than it takes.

    Also a TypeError and a ValueError, as Python's own functions raise them.
    """


class InputError(DashcamError):
    """The source can't be opened or holds nothing to work on."""

    exit_code = 3


class InputMissingError(InputError):
    """No such file, or no permission to read it."""


class NotVideoError(InputError):
    """The source is another kind of file, or has no video track."""


class PictureError(NotVideoError):
    """The source is a still picture."""


class IndexMissingError(InputError):
    """An MP4 or MOV whose index (``moov``) was never written."""


class OutputError(DashcamError):
    """The result can't be written."""

    exit_code = 4


class OutputExistsError(OutputError):
    """The output exists already, or is the source itself."""


class FileTooLargeError(OutputError):
    """A file may not be as large where the output goes, though there is space left."""


class SizeLimitError(OutputError):
    """The output can't be as small as ``max_size`` says."""


class DiskFullError(OutputError):
    """No space left where the output goes."""


class DamagedError(DashcamError):
    """Parts of the source were lost, and ``strict`` was asked for."""

    exit_code = 5


class ModelError(DashcamError):
    """Weights are missing, changed (wrong sha256) or unusable."""

    exit_code = 6


class StageError(DashcamError):
    """A stage failed, or lost, added or reordered frames."""

    exit_code = 7


class EncoderError(DashcamError):
    """The encoder can't be opened with these options, or failed."""

    exit_code = 8


class DeviceError(DashcamError):
    """The device asked for isn't usable."""

    exit_code = 9


class VerificationError(DashcamError):
    """A file isn't what its provenance record says."""

    exit_code = 10


class BatchError(DashcamError):
    """Some recordings of a batch, or clips of a drive, failed; the others are done."""

    exit_code = 11


class CancelledError(DashcamError):
    """The caller ended the run by its ``Control``, as Ctrl-C does."""

    exit_code = 130

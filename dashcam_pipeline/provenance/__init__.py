"""The record of what was done to a recording, and how anyone can check it.

::

    source -> telemetry ------------------.
    every frame -> changes --------------- keeper -> the output, sealed with its telemetry
    the run's report ---------------------'   v
                                           record: <output>.provenance.json, GPX, raw bytes
                                              v
    files -> sha256 ----------------------> verify: are they still what was written?

Beside every output lies ``<output>.provenance.json``: the sha256 of input, output and weights, the
settings, every frame accounted for, what was carried and how much each second changed.
``docs/provenance.md`` describes it. ``verify`` hashes again and compares.

The record is no signature: who can change the output can write another record. It tells damage and
mix-ups from the real thing, and, given the input, lets anyone repeat the run.
"""

from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.provenance.changes import ChangeLog, SecondOfChange
from dashcam_pipeline.provenance.keeper import Keeper
from dashcam_pipeline.provenance.record import SCHEMA, SCHEMA_VERSION, record_path
from dashcam_pipeline.provenance.verify import Check, Verification, verify

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "ChangeLog",
    "Check",
    "Keeper",
    "SecondOfChange",
    "Verification",
    "record_path",
    "sha256_of",
    "verify",
]

from __future__ import annotations

import hashlib

from dashcam_pipeline.inference.digest import sha256_of_pieces, short_name
from dashcam_pipeline.provenance import sha256_of

DATA = bytes(range(256)) * 9000


def test_sha256_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(DATA)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(DATA).hexdigest()


def test_pieces_are_taken_as_one():
    pieces = (DATA[i : i + 1000] for i in range(0, len(DATA), 1000))
    assert sha256_of_pieces(pieces) == hashlib.sha256(DATA).hexdigest()


def test_a_short_name_is_the_digest_s_beginning():
    """Journals, segments and proxies of earlier versions are found by it."""
    assert short_name(b"abc") == "ba7816bf8f01cfea"

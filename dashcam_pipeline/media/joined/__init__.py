"""Several clips as one recording: their pictures, sound and other tracks on one clock.

::

    files -> look_at -> Clip -> place (overlaps cut, gaps kept or closed) -> Joined
    Joined -> JoinedReader -> frames, or packets as they are -> the engine, as of one file

Each clip is placed by its picture. Sound follows packet by packet (``sound``), everything else by
its clip's offset.
"""

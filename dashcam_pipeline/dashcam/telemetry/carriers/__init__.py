"""Places that carry telemetry: each finds its pieces, and puts them back into an output.

::

    recording -> its pieces -> families; pieces -> output

    mp4_boxes         boxes of an MP4 or MOV        read; put back
    block_index       blocks that moov/gps lists    read; put back with the boxes
    transport_stream  unannounced packets of a TS   read; put back
    tracks            data and subtitle tracks      read; the writer copies them
    picture_messages  messages of pictures (SEI)    read; the writer carries them
    sidecar_files     files beside the recording    read; they stay files

``collect(path, findings)`` shows every piece to the families; ``put_back(raws, path)`` changes a
written file, byte for byte as the pieces were. Neither knows any family.
"""

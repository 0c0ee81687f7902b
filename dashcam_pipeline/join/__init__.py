"""The clips of a drive as one recording.

::

    paths -> selection (drives: which clips, in which order) -> seams (gaps, overlaps)
          -> media.joined: one recording -> copied, or through the chain -> output
                        telemetry of all clips -> provenance

    from dashcam_pipeline.join.joining import join
    report = join(["SDCARD"], "drive.mp4")
"""

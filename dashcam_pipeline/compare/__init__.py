"""Seeing the difference: before/after videos, stills, change maps and the report page.

::

    from dashcam_pipeline.compare.preview import preview

    preview("night.mp4", "night_clean.mp4", output="before-after.mp4")
    preview("night.mp4", output="ten-seconds.mp4", config=CleanConfig(start=60, end=70))
"""

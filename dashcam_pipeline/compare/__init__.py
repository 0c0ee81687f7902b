"""Seeing the difference between a recording and what was made of it.

::

    sources -> pairs of frames -> composer (layouts, labels, change maps) -> canvas
                                                  v                            v
                                  preview: engine.run, a video        stills: pictures, sheets

    a cleaned clip or folder -> page -> one HTML file that needs no network

    from dashcam_pipeline.compare.preview import preview

    preview("night.mp4", "night_clean.mp4", output="before-after.mp4")
    preview("night.mp4", output="ten-seconds.mp4", config=CleanConfig(start=60, end=70))
"""

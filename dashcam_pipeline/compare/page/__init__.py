"""The page to look at: one clip or a whole folder, offline, in any browser.

::

    from dashcam_pipeline.compare.page.build import write_page

    write_page("out/night_clean.mp4", "out/report.html")
    write_page("CLEAN/", "CLEAN/report.html", original="SDCARD/")

::

    folder or clip -> finding -> audit, curves, route, record: facts -> model -> render -> HTML
                        '------> browser: a video that it can play

``clip_writer`` does so for each clip, and ``build`` puts them together. The page is one HTML file;
pictures, and videos that a browser can play where it couldn't play the recordings, lie beside it in
``NAME_files`` (``folder``). It asks nothing of any network, and its own policy forbids that.

The curves are drawn by some lines of our own: they are three small charts that must follow the
page's colours, be read by screen readers and move with the video, and a plotting library would be
many times the size of the whole page.
"""

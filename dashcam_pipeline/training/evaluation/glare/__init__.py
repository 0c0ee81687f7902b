"""How good a glare model is, through the very stage that users run.

::

    pictures, pairs, clips -> stage: with each model -> measures -> tables; bars: is it enough?

Every measure takes named pipelines, shows doing nothing first where that says something, and goes
once over its material, a picture or a frame at a time::

    pairs = PairFolder.open(Path("pairs-validation"))
    with cleaner("glare", {}) as pipeline:
        print(measure_pairs(pairs, {"glare": pipeline}).markdown())

=============== =====================================================================
``pair_folder``  pictures with and without glare, in the layouts people have
``pairs``        PSNR, SSIM and a perceptual distance by region (``metrics``, ``perceptual``)
``truth``        simulated clips, whose truth is exact; what ``lines`` of the scene keep
``nights``       real nights without truth: haze, blacks, lamps, signals
``signals``      lit traffic signals and tail lamps, found and compared
``flicker``      clips: warping error on the optical flow of the input
``glare_free``   pictures without glare: they must come out as they went in
``held_out``     synthetic pairs of kinds of glare that training did not see
=============== =====================================================================
"""

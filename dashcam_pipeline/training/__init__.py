"""Making weights (extra ``train``).

::

    data: pictures and pairs ------.
    synthesis: glare by rule -------+-> glare, night_day: trainings -> common: export -> models/
                                                                                 |
    evaluation (common, glare, night_day): how good they are <-------------------'
"""

"""Events cut out: a short recording each, with its track and a still.

::

    drives -> plan: events -> excerpts (which clips, from when to when, under which name)
                                   v
             export -> cut: packets copied, or encoded -> engine.run -> output
                       still, telemetry                -> provenance -> beside the output
"""

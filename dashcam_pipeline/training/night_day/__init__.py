"""Night to day and back: an unpaired translation, trained.

::

    data (bdd100k): two domains --.
    pairs: aligned examples -------+-> batches -> generators -> objectives (losses, discriminators)
                                                     ^                |
    config -> train -> trainer: a step after another '----------------'
                 v     watch looks at it after each epoch
               export -> weights of the stages
"""

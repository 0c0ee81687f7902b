"""Night to day and back: an unpaired translation, trained.

``data`` reads the two domains, ``pairs`` makes aligned examples, ``generators`` translate,
``discriminators`` judge, ``losses`` say what is wanted, ``trainer`` takes steps, ``train`` runs
them and ``export`` turns a run into weights for the stages.
"""

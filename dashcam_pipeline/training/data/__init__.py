"""Pictures to train on: where they lie, and of what kind they are.

::

    KIND:PATH -> sources -> pictures: backgrounds
                            pairs (dacon, align): with glare and without
                            flare7k: layers of flares
"""

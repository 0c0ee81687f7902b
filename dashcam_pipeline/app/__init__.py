"""The page of ``dashcam app``: choose, see before deciding, run, look; on this machine alone.

::

    browser <-> security (host, origin, token) -> server -> routes
                                                              v
       library: what lies below the roots <-------------------+-> looking: pictures, in children
       dropped: where a dropped file is     jobs: the queue <-+-> events: what happens, as it does
                                              v
                                   running: a batch in a child; its journal is the truth

Nothing leaves the machine: the server listens on 127.0.0.1, answers only who knows its token, and
reads only below the roots that were named on the command line. ``assets/`` is served as it lies
there; there is nothing to build.
"""

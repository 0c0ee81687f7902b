"""Many recordings: nothing is done twice, and nothing that was done is lost.

::

    driver: folder -> discovery -> plan (recipe, journal) -> session
                                                               v
                                 pool or cluster: runner of jobs, each in a process (worker)
                                                               v
               job: one recording -> resumable: engine.run, in segments -> joined -> output
                                                               v
                                               journal -> result: table, JSON, CSV

``watch`` does that again and again, with what has settled (``settling``) since it last looked.
What happens on the way is told as ``events``, to whoever shows it; an ``engine.control`` pauses,
resumes and cancels all of it, workers included. A lock keeps two runs apart, resources shares the
machine out, estimate and night look ahead.
"""

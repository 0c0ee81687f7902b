"""What runs a recording: one run, three threads, frames in one direction.

::

    pipeline, batch, compare
       |
      run -> build_chain                  the configuration's stages, and what they may not change
       |
    workers   reader thread   media.reader -> Frame
       |                                        v  queues, bounded by bytes
       |      chain thread    chain -> cuts -> a stage -> ... -> protection
       |                                        v  queues
       |      writer thread   output -> media.writer -> a file that is whole
       v
     report                               one object; summary, JSON and exit code are views of it

``control`` pauses or cancels a run from outside; each thread heeds it before its next item.
``rgb`` makes frames of arrays in memory, for notebooks; recordings never take that way.
"""

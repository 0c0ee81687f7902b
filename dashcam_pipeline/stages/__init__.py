"""Steps of the chain: what a stage is, which there are, and the project's own.

::

    registry -> base.Stage    made with its options (explain says which are wrong), then:

      open -> process -> process -> ... -> flush -> close
                 |                           reset at a cut, state and restore where a run pauses
      FrameBatch -> shrink -> inference -> smoothing -> FrameBatch, at full size
                    small picture          over time

A family of stages is one folder: ``glare``, ``daylight``.
"""

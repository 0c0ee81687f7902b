"""The stage ``glare``: from a network's layers of light to frames without them.

::

    Frame -> small picture -> carry: must the network see it? -> network -> maps
                                 '-- no: the neighbours' maps, carried along the motion
    maps -> glass: how dirty it is -> rule -> layer, small                 image_head: of a picture
             (haze, connected, spokes, lamps: what counts)
    layer -> exposure -> subtract: out of the frame's own samples -> Frame     device: on a GPU

``stage`` puts these together.
"""

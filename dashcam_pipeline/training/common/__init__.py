"""What trainings of all kinds share.

::

    training -> runs: its folder -> curves
                  v
                export (onnx_graph, onnx_weights) -> precision, half_precision -> manifest, card
"""

"""Training the weights of the stage ``glare``.

::

    config -> train -> module: samples -> nets (supervision, autoencoder) -> losses, image_loss
                 |
                 v     watch looks at it after each epoch
               export -> weights, their twins in fewer bits; render_graph: the rendering for a GPU
"""

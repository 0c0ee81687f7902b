"""Glare made by rule: point-spread functions, lamps, and a camera that films the result.

::

    lamps, photographs, motorway -> glare: a scene and its lamps -> lens, dirt: scattered -> camera
                                                                                           v
    mixture: samples of all that there is <------------------------------------------- a sample

``kind`` says what a kind of glare is, ``kinds`` lists them, ``lens`` mixes those that scatter a
point of light, ``dirt`` lets it differ by place, ``lamps`` says where light comes from, ``camera``
what a dashcam does to the picture afterwards, and ``glare`` puts them together into training
samples. Everything is seeded and runs on the device of the tensors it is given.
"""

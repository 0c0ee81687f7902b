"""Glare made by rule: point-spread functions, lamps, and a camera that films the result.

``psf`` says how one point of light is scattered, ``lamps`` where light comes from, ``camera``
what a dashcam does to the picture afterwards, and ``glare`` puts them together into training
samples. Everything is seeded and runs on the device of the tensors it is given.
"""

"""A night drive that we make ourselves, with exact truth (needs bpy).

Geometry, street plans, the camera model and the pack are plain NumPy; only ``blender`` imports the
renderer (bpy: Blender as a module, GPL-3.0-or-later, never a part of this package). The runtime
imports nothing from here.

::

    recipe -> build -> road, houses, vehicles, ...      what stands where (NumPy)
              blender                                   rendered in HDR, by night and by day
              pack                                      many scenes, small, for training
              optics -> clip                            filmed through a dashcam, with truth
"""

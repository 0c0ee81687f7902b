"""From a recipe to a scene: the one place that knows which builder serves which kind."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.simulation.city import add_city
from dashcam_pipeline.simulation.recipe import KINDS, Recipe
from dashcam_pipeline.simulation.road import Road
from dashcam_pipeline.simulation.rural import add_country, add_highway, add_tunnel
from dashcam_pipeline.simulation.scene import Scene
from dashcam_pipeline.simulation.traffic import add_bonnet, add_traffic

BUILDERS = {
    "city": add_city,
    "rainy-city": add_city,
    "highway": add_highway,
    "country-moon": add_country,
    "tunnel": add_tunnel,
}


def build_scene(recipe: Recipe) -> Scene:
    """Build all geometry of a recipe; the same for the same recipe.

    Args:
        recipe: kind, seed and all that was drawn from them.

    Returns:
        a scene, without anything of a renderer in it.
    """
    rng = np.random.default_rng([100 + KINDS.index(recipe.kind), recipe.seed])
    scene = Scene(recipe, Road(rng, bend=recipe.bend, slope=recipe.slope, length=520.0))
    BUILDERS[recipe.kind](scene, rng)
    add_traffic(scene, rng)
    if recipe.bonnet:
        add_bonnet(scene, rng)
    return scene

"""The sky by night and by day, as worlds of the renderer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import bpy
import numpy as np

if TYPE_CHECKING:
    from dashcam_pipeline.simulation.recipe import Recipe

Bpy: TypeAlias = Any  # the renderer's objects carry no types


DAY = 5000.0
"""From the sky model's units to about cd/m2, so that lamps keep their place by day."""


def make_night(recipe: Recipe) -> Bpy:
    """A dark sky that glows over the town's lamps, with clouds that catch the glow."""
    world = bpy.data.worlds.new("night")
    world.use_nodes = True
    tree = world.node_tree
    up = _up(tree)
    glow = _map(tree, up, (0.0, 0.45), (1.0, 0.0))
    squared = _math(tree, "POWER", glow, 2.0)
    clouds = _clouds(tree, recipe.clouds)
    lift = _math(tree, "MULTIPLY_ADD", clouds, 0.9, 0.35)
    level = _math(tree, "MULTIPLY", _math(tree, "MULTIPLY_ADD", squared, 0.85, 0.15), lift)
    color = tree.nodes.new("ShaderNodeMix")
    color.data_type = "RGBA"
    tree.links.new(glow, color.inputs[0])
    color.inputs[6].default_value = (0.55, 0.75, 1.5, 1)
    color.inputs[7].default_value = (1.5, 0.95, 0.55, 1)
    strength = _math(tree, "MULTIPLY", level, recipe.sky_glow)
    _sample_coarsely(world)
    background = tree.nodes["Background"]
    tree.links.new(color.outputs[2], background.inputs[0])
    tree.links.new(strength, background.inputs[1])
    return world


def make_day(recipe: Recipe) -> tuple[Bpy, Bpy]:
    """A daylight sky with clouds, and the sun as a light object (softened by the clouds)."""
    world = bpy.data.worlds.new("day")
    world.use_nodes = True
    tree = world.node_tree
    azimuth, elevation = np.radians(recipe.sun)
    sky = tree.nodes.new("ShaderNodeTexSky")
    sky.sky_type, sky.sun_disc = "MULTIPLE_SCATTERING", False
    sky.sun_elevation, sky.sun_rotation = elevation, azimuth
    clouds = _clouds(tree, recipe.clouds)
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    tree.links.new(clouds, mix.inputs[0])
    tree.links.new(sky.outputs[0], mix.inputs[6])
    grey = 7.0 * (0.4 + np.sin(elevation))
    mix.inputs[7].default_value = (0.95 * grey, grey, 1.04 * grey, 1)
    _sample_coarsely(world)
    background = tree.nodes["Background"]
    tree.links.new(mix.outputs[2], background.inputs[0])
    background.inputs[1].default_value = 0.1 * DAY
    light = bpy.data.lights.new("sun", "SUN")
    veil = max(0.0, 1.0 - 1.25 * max(0.0, recipe.clouds - 0.2))
    light.energy = 3.2 * DAY * veil
    light.angle = np.radians(0.6 + 12 * recipe.clouds)
    light.color = (1.0, 0.93, 0.82)
    sun = bpy.data.objects.new("sun", light)
    sun.rotation_euler = (np.pi / 2 - elevation, 0.0, -azimuth + np.pi)
    bpy.context.scene.collection.objects.link(sun)
    return world, sun


def _sample_coarsely(world: Bpy) -> None:
    """A small importance map: the sky is smooth, and a large one costs seconds a scene."""
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 64


def _up(tree: Bpy) -> Bpy:
    """Sine of the elevation of the view."""
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"], split.inputs[0])
    return split.outputs[2]


def _clouds(tree: Bpy, amount: float) -> Bpy:
    """Cover 0 to 1: noise on a plane above, flattened towards the horizon."""
    axes = tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    high = _math(tree, "ADD", _math(tree, "MAXIMUM", _up(tree), 0.0), 0.12)
    flat = tree.nodes.new("ShaderNodeVectorMath")
    flat.operation = "DIVIDE"
    tree.links.new(axes, flat.inputs[0])
    joined = tree.nodes.new("ShaderNodeCombineXYZ")
    for i in range(3):
        tree.links.new(high, joined.inputs[i])
    tree.links.new(joined.outputs[0], flat.inputs[1])
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 0.8, 6.0
    tree.links.new(flat.outputs[0], noise.inputs["Vector"])
    edge = 0.72 - 0.5 * amount
    return _map(tree, noise.outputs[0], (edge, edge + 0.22), (0.0, 1.0))


def _map(tree: Bpy, value: Bpy, source: tuple[float, float], target: tuple[float, float]) -> Bpy:
    node = tree.nodes.new("ShaderNodeMapRange")
    node.clamp = True
    tree.links.new(value, node.inputs[0])
    for i, number in enumerate((*source, *target), 1):
        node.inputs[i].default_value = number
    return node.outputs[0]


def _math(tree: Bpy, operation: str, *values: Any) -> Bpy:  # noqa: ANN401 (sockets or numbers)
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for i, value in enumerate(values):
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, node.inputs[i])
        else:
            node.inputs[i].default_value = value
    return node.outputs[0]

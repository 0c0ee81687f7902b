import numpy as np
import pytest

from dashcam_pipeline.simulation.build import build_scene
from dashcam_pipeline.simulation.mesh import Mesh, box, place
from dashcam_pipeline.simulation.prints import SIZE, Prints, board
from dashcam_pipeline.simulation.recipe import KINDS, make_recipe
from dashcam_pipeline.simulation.road import Road
from dashcam_pipeline.simulation.scene import Drive


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_builds_the_same_street_each_time(kind):
    one, two = (build_scene(make_recipe(kind, 3)) for _ in range(2))
    a, b = one.static.arrays(), two.static.arrays()
    assert np.array_equal(a.verts, b.verts)
    assert np.array_equal(a.tint, b.tint)
    assert np.array_equal(one.prints.pixels, two.prints.pixels)
    assert [p.name for p in one.parts] == [p.name for p in two.parts]
    assert all(
        np.array_equal(p.matrix, q.matrix) for p, q in zip(one.parts, two.parts, strict=True)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_mesh_is_sound(kind):
    scene = build_scene(make_recipe(kind, 5))
    for mesh in [scene.static, *(p.mesh for p in scene.parts)]:
        a = mesh.arrays()
        assert np.isfinite(a.verts).all()
        assert a.loops.min() >= 0
        assert a.loops.max() < len(a.verts)
        assert a.sizes.sum() == len(a.loops) == len(a.uv)
        assert (a.tint >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_differ(kind):
    a, b = (build_scene(make_recipe(kind, seed)).static.arrays() for seed in (1, 2))
    assert a.verts.shape != b.verts.shape or not np.allclose(a.verts, b.verts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_street_at_night_has_lamps_in_front_of_the_camera(kind):
    for seed in range(2):
        scene = build_scene(make_recipe(kind, seed))
        position, (_, _, forward) = scene.camera_pose(0.0)
        ahead = 0
        for part in scene.parts:
            a = part.mesh.arrays()
            if not set(a.materials) & {"lamp", "signal"}:
                continue
            m = scene.drive_matrix(part.drive, 0.0) if part.drive else part.matrix
            ahead += float((m[:3, 3] - position) @ forward) > 3
        assert ahead > 0, (kind, seed)


def test_oncoming_traffic_faces_the_camera_and_comes_nearer():
    scene = build_scene(make_recipe("city", 2))
    drive = Drive(50.0, -2.0, -10.0)
    now, later = (scene.drive_matrix(drive, t) for t in (0.0, 1.0))
    own = scene.drive_matrix(Drive(0.0, 2.0, 10.0), 0.0)
    assert now[:3, 1] @ own[:3, 1] < -0.9
    assert np.linalg.norm(later[:3, 3] - own[:3, 3]) < np.linalg.norm(now[:3, 3] - own[:3, 3])


def test_the_cameras_axes_are_orthonormal_and_right_handed():
    scene = build_scene(make_recipe("country-moon", 4))
    for t in (0.0, 0.37, 2.0):
        _, axes = scene.camera_pose(t)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
        assert np.cross(axes[0], axes[1]) @ axes[2] == pytest.approx(-1)


def test_a_road_begins_at_the_origin_and_keeps_distances():
    road = Road(np.random.default_rng(0), bend=0.004, slope=0.02)
    np.testing.assert_allclose(road.at(0.0), 0, atol=1e-9)
    assert road.yaw(0.0) == pytest.approx(0)
    right = road.at(60.0, 3.0) - road.at(60.0)
    assert np.linalg.norm(right) == pytest.approx(3)
    steps = np.diff(road.at(np.arange(0, 100, 2.0)), axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps[:, :2], axis=1), 2, rtol=0.01)


def test_a_box_is_closed_and_faces_outwards():
    mesh = Mesh()
    box(mesh, (-1, -2, -3), (1, 2, 3), "metal")
    a = mesh.arrays()
    corners = a.verts[a.loops.reshape(-1, 4)]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1])
    assert (np.einsum("ij,ij->i", normal, corners.mean(1)) > 0).all()
    volume = np.einsum("ij,ij->i", corners[:, 0], normal).sum() / 3
    assert volume == pytest.approx(2 * 4 * 6)


def test_a_merged_mesh_is_moved():
    part, whole = Mesh(), Mesh()
    box(part, (0, 0, 0), (1, 1, 1), "metal")
    box(whole, (0, 0, 0), (1, 1, 1), "glass")
    whole.merge(part, place((10, 0, 0), yaw=np.pi / 2, scale=2.0))
    a = whole.arrays()
    assert a.materials == ("glass", "metal")
    np.testing.assert_allclose(a.verts[8:].min(0), (8, 0, 0), atol=1e-6)
    np.testing.assert_allclose(a.verts[8:].max(0), (10, 2, 2), atol=1e-6)


def test_prints_never_overlap_and_a_full_texture_says_so():
    prints = Prints()
    a, b = (prints.add(board(text, (100, 40), (9, 9, 9), (250, 250, 250))) for text in ("A", "B"))
    assert a[:, 0].max() < b[:, 0].min()
    low, high = (b[0] * SIZE).astype(int), (b[2] * SIZE).astype(int)
    shown = prints.pixels[SIZE - high[1] : SIZE - low[1], low[0] : high[0]]
    assert shown.max() > 200
    picture = board("C", (1000, 500), (9, 9, 9), (250, 250, 250))
    prints.add(picture)
    with pytest.raises(ValueError, match="full"):
        prints.add(picture)

"""A mesh that grows face by face, and the shapes a street is made of.

Everything is NumPy: metres, z up, y along the road. Each face carries a material's name, a tint
(linear RGB and a fourth number, the material's own: radiance of a lamp, for example) and texture
coordinates, so that one mesh can be a whole street.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
UNIT_UV = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class MeshArrays:
    """A finished mesh, as a renderer takes it.

    Args:
        verts: (V, 3) float32, metres.
        loops: (L,) int32, vertex of each face corner.
        starts: (F,) int32, first corner of each face.
        sizes: (F,) int32, corners of each face (3 or 4).
        slots: (F,) int32, index into ``materials``.
        materials: names.
        tint: (F, 4) float32.
        uv: (L, 2) float32.
        smooth: (F,) bool.
    """

    verts: npt.NDArray[np.float32]
    loops: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int32]
    slots: npt.NDArray[np.int32]
    materials: tuple[str, ...]
    tint: npt.NDArray[np.float32]
    uv: npt.NDArray[np.float32]
    smooth: npt.NDArray[np.bool_]


class Mesh:
    """Faces collected until ``arrays`` is called."""

    def __init__(self) -> None:
        self._verts: list[Array] = []
        self._count = 0
        self._faces: list[tuple[npt.NDArray[np.int64], str, Array, Array, bool]] = []

    @property
    def empty(self) -> bool:
        """True while nothing was added."""
        return not self._faces

    def add(
        self,
        verts: npt.ArrayLike,
        faces: npt.ArrayLike,
        material: str,
        tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
        uv: npt.ArrayLike | None = None,
        *,
        smooth: bool = False,
    ) -> None:
        """Add faces.

        Args:
            verts: (n, 3) points.
            faces: (m, 3) or (m, 4) indices into ``verts``, counter-clockwise from outside.
            material: name.
            tint: (4,) or (m, 4).
            uv: (m, k, 2) per corner; the unit square where left out.
            smooth: shade across faces.
        """
        points = np.asarray(verts, np.float64).reshape(-1, 3)
        index = np.asarray(faces, np.int64)
        m, k = index.shape
        coords = UNIT_UV[:k] if uv is None else np.asarray(uv, np.float64)
        coords = np.broadcast_to(coords, (m, k, 2))
        tints = np.broadcast_to(np.asarray(tint, np.float64), (m, 4))
        self._faces.append((index + self._count, material, tints, coords, smooth))
        self._verts.append(points)
        self._count += len(points)

    def quads(
        self,
        corners: npt.ArrayLike,
        material: str,
        tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
        uv: npt.ArrayLike | None = None,
    ) -> None:
        """Add separate quads: corners (m, 4, 3), the rest as in ``add``."""
        points = np.asarray(corners, np.float64).reshape(-1, 4, 3)
        faces = np.arange(len(points) * 4).reshape(-1, 4)
        self.add(points.reshape(-1, 3), faces, material, tint, uv)

    def merge(self, other: Mesh, matrix: npt.ArrayLike) -> None:
        """Add another mesh's faces, moved by a 4x4 matrix."""
        m = np.asarray(matrix, np.float64)
        points = np.concatenate(other._verts) if other._verts else np.zeros((0, 3))
        self._verts.append(points @ m[:3, :3].T + m[:3, 3])
        for index, material, tint, uv, smooth in other._faces:
            self._faces.append((index + self._count, material, tint, uv, smooth))
        self._count += len(points)

    def arrays(self) -> MeshArrays:
        """All that was added, as arrays."""
        names: list[str] = []
        slots, sizes, loops, tints, uvs, smooth = [], [], [], [], [], []
        for index, material, tint, uv, is_smooth in self._faces:
            if material not in names:
                names.append(material)
            m, k = index.shape
            slots.append(np.full(m, names.index(material)))
            sizes.append(np.full(m, k))
            loops.append(index.reshape(-1))
            tints.append(tint)
            uvs.append(uv.reshape(-1, 2))
            smooth.append(np.full(m, is_smooth))
        size = np.concatenate(sizes).astype(np.int32)
        return MeshArrays(
            verts=np.concatenate(self._verts).astype(np.float32),
            loops=np.concatenate(loops).astype(np.int32),
            starts=(np.cumsum(size) - size).astype(np.int32),
            sizes=size,
            slots=np.concatenate(slots).astype(np.int32),
            materials=tuple(names),
            tint=np.concatenate(tints).astype(np.float32),
            uv=np.concatenate(uvs).astype(np.float32),
            smooth=np.concatenate(smooth).astype(np.bool_),
        )


BOX_FACES = np.array(
    [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
)


def place(position: npt.ArrayLike, yaw: float = 0.0, scale: float = 1.0) -> Array:
    """The 4x4 matrix that turns by ``yaw`` (radians, about z), scales, then moves."""
    c, s = np.cos(yaw) * scale, np.sin(yaw) * scale
    matrix = np.eye(4)
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[2, 2] = scale
    matrix[:3, 3] = position
    return matrix


def box(
    mesh: Mesh,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    material: str,
    tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
) -> None:
    """An axis-aligned box; its texture coordinates are metres along each face."""
    (x0, y0, z0), (x1, y1, z1) = np.asarray(low, float), np.asarray(high, float)
    verts = [(x, y, z) for z in (z0, z1) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
    spans = [(dy, dx), (dx, dy), (dx, dz), (dy, dz), (dx, dz), (dy, dz)]
    mesh.add(verts, BOX_FACES, material, tint, np.array([UNIT_UV * s for s in spans]))


def lathe(
    mesh: Mesh,
    points: npt.ArrayLike,
    radii: npt.ArrayLike,
    material: str,
    tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
    *,
    sides: int = 8,
    caps: bool = False,
) -> None:
    """A tube through ``points`` (n, 3) with ``radii`` (n,): poles, trunks, wheels, wires."""
    axis = np.asarray(points, np.float64)
    radius = np.broadcast_to(np.asarray(radii, np.float64), (len(axis),))
    along = np.gradient(axis, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    helper = np.where(np.abs(along[:, 2:]) > 0.9, [[1.0, 0, 0]], [[0, 0, 1.0]])  # near the z axis
    u = np.cross(helper, along)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(along, u)
    a = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = u[:, None] * np.cos(a)[None, :, None] + v[:, None] * np.sin(a)[None, :, None]
    verts = (axis[:, None] + ring * radius[:, None, None]).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(len(axis) - 1), np.arange(sides), indexing="ij")
    k = (j + 1) % sides
    faces = np.stack([i * sides + j, i * sides + k, (i + 1) * sides + k, (i + 1) * sides + j], -1)
    mesh.add(verts, faces.reshape(-1, 4), material, tint, smooth=True)
    if caps:
        for end, flip in ((0, True), (len(axis) - 1, False)):
            rim = verts.reshape(len(axis), sides, 3)[end]
            spokes = [(sides, n, (n + 1) % sides) for n in range(sides)]
            faces_ = np.array(spokes)[:, ::-1] if flip else np.array(spokes)
            mesh.add(np.vstack([rim, axis[end]]), faces_, material, tint)


def sheet(
    mesh: Mesh,
    grid: npt.ArrayLike,
    material: str,
    tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
    uv: npt.ArrayLike | None = None,
    *,
    smooth: bool = True,
) -> None:
    """A surface through a grid of points (n, m, 3); ``uv`` (n, m, 2) per point."""
    points = np.asarray(grid, np.float64)
    n, m = points.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(m - 1), indexing="ij")
    faces = np.stack([i * m + j, i * m + j + 1, (i + 1) * m + j + 1, (i + 1) * m + j], -1)
    faces = faces.reshape(-1, 4)
    coords = None if uv is None else np.asarray(uv, np.float64).reshape(-1, 2)[faces]
    mesh.add(points.reshape(-1, 3), faces, material, tint, coords, smooth=smooth)


def disc(
    mesh: Mesh,
    center: npt.ArrayLike,
    radius: float,
    normal: npt.ArrayLike,
    material: str,
    tint: npt.ArrayLike = (0.5, 0.5, 0.5, 0.0),
    *,
    sides: int = 10,
) -> None:
    """A flat disc facing ``normal``."""
    n = np.asarray(normal, np.float64) / np.linalg.norm(np.asarray(normal, np.float64))
    helper = (
        np.array([0.0, 0.0, 1.0]) if abs(n[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    )  # near the z axis
    u = np.cross(helper, n)
    u /= np.linalg.norm(u)
    v = np.cross(n, u)
    a = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rim = np.asarray(center, np.float64) + radius * (
        np.cos(a)[:, None] * u + np.sin(a)[:, None] * v
    )
    unit = np.stack([np.cos(a), np.sin(a)], -1) / 2 + 0.5
    faces = np.array([(0, i, i + 1) for i in range(1, sides - 1)])
    mesh.add(rim, faces, material, tint, unit[faces])

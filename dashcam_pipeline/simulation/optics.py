"""What a dashcam makes of light: exposure, glare by convolution, noise, vignetting, tone.

Glare is light that the lens and the windscreen scatter: the radiance of the whole frame convolved
with one kernel a clip, plus ghosts mirrored through the centre. The kernel sums what published
measurements of cameras and windscreens show: a heavy-tailed bloom (Moffat profile), a wide veil,
thin streaks across the wiper's direction, and the diffraction of a dirty aperture, whose pattern
is |FFT|^2 of the aperture and scales with the wavelength (Goodman, Introduction to Fourier Optics).
All lengths are parts of the picture's width, so that a kernel fits every size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]

GAMMA = 2.2
WAVELENGTHS = (0.610, 0.545, 0.465)
"""Of red, green and blue, micrometres."""
BAND = 0.08
"""How far a colour filter passes light on either side of its wavelength, as a share of it."""
HUE = 0.7
"""How much of its hue a light keeps that is too bright for the sensor."""
APERTURE = 384
"""Samples across the field that the aperture lies in."""


@dataclass(frozen=True, slots=True)
class Optics:
    """Lens and windscreen of one clip.

    Args:
        bloom: share of light in the heavy-tailed bloom.
        bloom_core: its core radius, width = 1.
        bloom_slope: Moffat exponent: the smaller, the wider.
        veil: share of light in the wide veil.
        veil_reach: its decay length, width = 1.
        streaks: share of light in the wiper streaks.
        streak_angle: degrees from the horizontal.
        streak_spread: degrees between its rays.
        star: share of light in the aperture's diffraction.
        ghosts: (scale through the centre, share of light, blur radius) of each ghost.
        seed: of scratches, dust and rays.
    """

    bloom: float
    bloom_core: float
    bloom_slope: float
    veil: float
    veil_reach: float
    streaks: float
    streak_angle: float
    streak_spread: float
    star: float
    ghosts: tuple[tuple[float, float, float], ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Sensor:
    """Exposure and electronics of one clip.

    Args:
        gain: radiance times gain has its white at 1.
        shot: variance of noise per unit of signal.
        read: standard deviation of noise in the dark.
        vignette: share of light lost in the corners.
        black: lifted black level.
        seed: of the noise.
    """

    gain: float
    shot: float
    read: float
    vignette: float
    black: float
    seed: int


def draw_optics(rng: np.random.Generator, *, heavy: bool = False) -> Optics:
    """Draw lens and windscreen; ``heavy`` is a dirty one."""
    more = 1.6 if heavy else 1.0
    count = int(rng.integers(0, 4))
    ghosts = tuple(
        (
            float(rng.uniform(-1.3, 0.7)),
            float(rng.lognormal(np.log(3e-4), 0.8)) * more,
            float(rng.uniform(0.004, 0.03)),
        )
        for _ in range(count)
    )
    return Optics(
        bloom=float(rng.uniform(0.03, 0.09)) * more,
        bloom_core=float(rng.uniform(0.0015, 0.004)),
        bloom_slope=float(rng.uniform(1.2, 1.6)),
        veil=float(rng.uniform(0.005, 0.03)) * more,
        veil_reach=float(rng.uniform(0.12, 0.3)),
        streaks=float(rng.uniform(0.005, 0.03)) * more,
        streak_angle=float(rng.choice([-1, 1]) * rng.uniform(35, 85)),
        streak_spread=float(rng.uniform(0.5, 3.0)),
        star=float(rng.uniform(0.0015, 0.008)),
        ghosts=ghosts,
        seed=int(rng.integers(1 << 30)),
    )


def make_kernel(optics: Optics, height: int, width: int) -> Image:
    """The point spread of scattered light.

    Args:
        optics: its parts.
        height, width: of the picture, pixels.

    Returns:
        (2 * height - 1, 2 * width - 1, 3) float32, not negative, the centre in the middle; each
        channel sums to ``bloom + veil + streaks + star``.
    """
    y, x = np.mgrid[1 - height : height, 1 - width : width].astype(np.float32) / np.float32(width)
    r2 = x * x + y * y
    total = np.zeros((*r2.shape, 3), np.float32)
    bloom = (1.0 + r2 / optics.bloom_core**2) ** -optics.bloom_slope
    veil = np.exp(-np.sqrt(r2) / optics.veil_reach)
    streaks = _streaks(optics, x, y)
    for i in range(3):
        for layer, share in (
            (bloom, optics.bloom),
            (veil, optics.veil),
            (streaks, optics.streaks),
        ):
            total[..., i] += layer * np.float32(share / layer.sum(dtype=np.float64))
    return total + _star(optics, height, width)


class Glare:
    """The light that one lens and windscreen add to pictures of one size.

    Args:
        optics: its parts.
        height, width: of the pictures, pixels.
    """

    def __init__(self, optics: Optics, height: int, width: int) -> None:
        self.optics = optics
        self._size = (height, width)
        # Twice the picture is enough: what wraps around falls outside the part that is kept.
        self._fast = tuple(cv2.getOptimalDFTSize(2 * n) for n in self._size)
        kernel = make_kernel(optics, height, width)
        self._spectra = [self._transform(kernel[..., i]) for i in range(3)]

    def __call__(self, radiance: Image) -> Image:
        """What to add to a picture.

        Args:
            radiance: (H, W, 3), linear, lamps at their true radiance.

        Returns:
            (H, W, 3) float32, not negative.
        """
        height, width = self._size
        if radiance.shape != (height, width, 3):
            raise ValueError(f"made for {(height, width, 3)}, not {radiance.shape = }")
        glare = _ghosts(radiance, self.optics)
        for i in range(3):
            spectrum = self._transform(radiance[..., i]) * self._spectra[i]
            full = np.fft.irfft2(spectrum, self._fast)
            part = full[height - 1 : 2 * height - 1, width - 1 : 2 * width - 1]
            glare[..., i] += np.maximum(part, 0.0)
        return glare

    def _transform(self, plane: npt.NDArray[np.float32]) -> npt.NDArray[np.complexfloating]:
        return np.asarray(np.fft.rfft2(plane, self._fast))


def expose(radiance: Image, brightness: float) -> float:
    """The gain that gives a picture's mean code a value, as an automatic exposure does.

    Args:
        radiance: (H, W, 3), linear, any scale.
        brightness: wanted mean of ``clip(gain * radiance, 0, 1) ** (1 / 2.2)``, 0 to 1.

    Returns:
        the gain; picture times gain has its white at 1.
    """
    low, high = 1e-8, 1e6
    for _ in range(60):
        gain = float(np.sqrt(low * high))
        mean = float(np.mean(np.clip(radiance * gain, 0.0, 1.0) ** (1.0 / GAMMA)))
        low, high = (low, gain) if mean > brightness else (gain, high)
    return float(np.sqrt(low * high))


def develop(radiance: Image, sensor: Sensor, index: int) -> npt.NDArray[np.uint8]:
    """Film a picture: vignette, exposure, noise, tone, sharpening, 8 bits.

    The noise of a frame is the same field for every picture with its index: two pictures of one
    frame, with and without glare, differ by the glare and what it does to the shot noise.

    Args:
        radiance: (H, W, 3) float32, linear.
        sensor: of the clip.
        index: of the frame.

    Returns:
        (H, W, 3) uint8, R'G'B'.
    """
    height, width = radiance.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    r2 = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4
    signal = radiance * (sensor.gain * (1 - sensor.vignette * r2))[..., None] + sensor.black
    signal = np.minimum(signal, 1e4).astype(np.float32)
    rng = np.random.default_rng([sensor.seed, index])
    grain = rng.standard_normal(radiance.shape, np.float32)
    # The camera's own denoising leaves soft grain, softer still in colour.
    soft = cv2.GaussianBlur(grain, (0, 0), 0.7) * 2.1
    luma = soft.mean(-1, keepdims=True) * np.float32(1.5)
    grain = 0.35 * soft + 0.65 * luma
    noisy = signal + grain * np.sqrt(sensor.shot * np.minimum(signal, 1.0) + sensor.read**2)
    code = tone(noisy)
    sharp = code + 0.35 * (code - cv2.GaussianBlur(code, (0, 0), 1.1))
    return np.asarray(np.round(np.clip(sharp, 0, 1) * 255), np.uint8)


def tone(signal: Image) -> Image:
    """Linear light to code: straight up to 0.6, then a shoulder, then 1 / 2.2.

    Clipping each channel for itself would turn every signal and tail lamp white; as in a camera's
    own rendering, what is too bright keeps most of its hue.

    Args:
        signal: (..., 3), 1 is white.

    Returns:
        (..., 3) float32, 0 to 1.
    """
    x = np.maximum(signal, 0.0)
    peak = np.maximum(x.max(-1, keepdims=True), 1e-6)
    kept = x * (_shoulder(peak) / peak)
    return np.asarray((HUE * kept + (1 - HUE) * _shoulder(x)) ** (1.0 / GAMMA), np.float32)


def _shoulder(x: Image) -> Image:
    """Linear light, softly limited to 1."""
    return np.asarray(np.where(x < 0.6, x, 1.0 - 0.4 * np.exp(-(np.maximum(x, 0.6) - 0.6) / 0.4)))


def _streaks(optics: Optics, x: Image, y: Image) -> Image:
    """A few thin rays, about parallel: films of grease that the wiper combed."""
    rng = np.random.default_rng([1, optics.seed])
    total = np.zeros_like(x)
    pixel = 1.0 / ((x.shape[1] + 1) / 2)
    for _ in range(7):
        angle = np.radians(optics.streak_angle + rng.normal(0, optics.streak_spread))
        along = x * np.cos(angle) + y * np.sin(angle)
        across = -x * np.sin(angle) + y * np.cos(angle)
        thick = max(rng.uniform(0.0006, 0.002), 0.6 * pixel)
        # A ray widens a little on its way out.
        wide = thick + 0.012 * np.abs(along)
        sides = np.where(along > 0, rng.uniform(0.4, 1.0), rng.uniform(0.4, 1.0))
        fade = 1.0 / (np.abs(along) + 0.006) ** 1.2 * np.exp(-np.abs(along) / rng.uniform(0.1, 0.5))
        total += rng.uniform(0.3, 1.0) * sides * fade * np.exp(-((across / wide) ** 2) / 2) / wide
    return np.asarray(total, np.float32)


def _star(optics: Optics, height: int, width: int) -> Image:
    """Diffraction by dust and scratches on a round aperture, summed over each colour's band."""
    rng = np.random.default_rng([2, optics.seed])
    n = APERTURE
    aperture = np.zeros((n, n), np.float32)
    cv2.circle(aperture, (n // 2, n // 2), n // 6, 1.0, -1, cv2.LINE_AA)
    # A hard rim would draw its rings at this coarse scale; a real lens keeps them below a pixel.
    cv2.GaussianBlur(aperture, (0, 0), n / 24, aperture)
    for _ in range(40):
        spot = tuple(int(v) for v in rng.integers(n // 3, 2 * n // 3, 2))
        cv2.circle(aperture, spot, int(rng.integers(1, 4)), float(rng.uniform(0, 0.7)), -1)
    for _ in range(14):
        a, b = (tuple(int(v) for v in rng.integers(n // 3, 2 * n // 3, 2)) for _ in range(2))
        cv2.line(aperture, a, b, float(rng.uniform(0.2, 0.8)), 1, cv2.LINE_AA)
    power = np.abs(np.fft.fftshift(np.fft.fft2(aperture))) ** 2
    power = np.asarray(power / power.max(), np.float32)
    yy, xx = np.mgrid[:n, :n] - n // 2
    r2 = xx * xx + yy * yy
    # The core is the image itself; only what lies around it is glare, out to the field's rim.
    power *= 1.0 - np.exp(-((r2 / 9**2) ** 4))
    power *= np.maximum(1.0 - r2 / (n / 2) ** 2, 0.0) ** 2
    total = np.zeros((2 * height - 1, 2 * width - 1, 3), np.float32)
    for i, wavelength in enumerate(WAVELENGTHS):
        layer = np.zeros(total.shape[:2], np.float32)
        for shift in np.linspace(1 - BAND, 1 + BAND, 7):
            scale = width / n * 0.55 * wavelength * shift / WAVELENGTHS[1]
            middle = (width - 1 - scale * (n // 2), height - 1 - scale * (n // 2))
            matrix = np.array([[scale, 0, middle[0]], [0, scale, middle[1]]])
            cv2.add(layer, cv2.warpAffine(power, matrix, layer.shape[::-1]), layer)
        total[..., i] = layer * np.float32(optics.star / max(layer.sum(dtype=np.float64), 1e-12))
    return total


def _ghosts(radiance: Image, optics: Optics) -> Image:
    """Reflections between the lens surfaces: the picture through its centre, blurred and tinted."""
    height, width = radiance.shape[:2]
    total = np.zeros_like(radiance)
    rng = np.random.default_rng([3, optics.seed])
    bright = np.maximum(radiance - np.float32(np.quantile(radiance, 0.98)), 0.0)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    for scale, share, blur in optics.ghosts:
        shift = centre * (1 - scale)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        tint = rng.uniform(0.3, 1.0, 3).astype(np.float32)
        # A ghost spreads its light: blur first, so that a small lamp doesn't fall between pixels.
        sigma = blur * width
        layer = cv2.warpAffine(cv2.GaussianBlur(bright, (0, 0), sigma), matrix, (width, height))
        total += layer * tint * np.float32(share)
    return total

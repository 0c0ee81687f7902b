"""The project's first network, kept as the baseline of the study: a convolutional autoencoder.

Convolution, ReLU, convolution, batch norm, ReLU, convolution, ReLU, fully connected; and back the
same way, with a sigmoid at the end. Everything passes through ``CODE`` numbers, so the picture
comes out blurred, and the fully connected layers fix the size it works at.
"""

from __future__ import annotations

from torch import Tensor, nn

SIZE = (128, 224)
"""Height and width, pixels: about the shape of a dashcam's frame."""

CHANNELS = (16, 32, 64)
"""Of the three convolutions."""

KERNELS = ((4, 2, 1), (4, 2, 1), (6, 4, 1))
"""Kernel, stride and padding of each: together they shrink the picture to a sixteenth a side."""

CODE = 256
"""Numbers in the narrowest place; the layers beside it hold most of the 3.8 M parameters."""


class Autoencoder(nn.Module):
    """See the module; (N, 3, 128, 224) in [0, 1] to the same."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = CHANNELS
        first, second, third = KERNELS
        grid = (SIZE[0] // 16, SIZE[1] // 16)
        cells = c * grid[0] * grid[1]
        self.encoder = nn.Sequential(
            nn.Conv2d(3, a, *first),
            nn.ReLU(),
            nn.Conv2d(a, b, *second),
            nn.BatchNorm2d(b),
            nn.ReLU(),
            nn.Conv2d(b, c, *third),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(cells, CODE),
        )
        self.decoder = nn.Sequential(
            nn.Linear(CODE, cells),
            nn.Unflatten(1, (c, *grid)),
            nn.ReLU(),
            nn.ConvTranspose2d(c, b, *third),
            nn.ReLU(),
            nn.BatchNorm2d(b),
            nn.ConvTranspose2d(b, a, *second),
            nn.ReLU(),
            nn.ConvTranspose2d(a, 3, *first),
            nn.Sigmoid(),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Squeeze a picture through the code and paint it again; (N, 3, H, W) in [0, 1] both."""
        painted: Tensor = self.decoder(self.encoder(picture))
        return painted

"""Where the single file begins; `make binary` builds it."""

from __future__ import annotations

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a batch's workers are this file, started again
    from dashcam_pipeline.cli import main

    sys.exit(main())

"""``python -m dashcam_pipeline`` is ``dashcam``."""

import sys

from dashcam_pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())

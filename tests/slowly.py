"""The command line with a stage ``slow``, a thirtieth of a second for every frame; run as a script.

Workers know it too: as they are spawned, they import the script that began.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dashcam_pipeline.cli import main
from dashcam_pipeline.stages.registry import BUILT_IN

BUILT_IN["slow"] = "toys:Slow"

if __name__ == "__main__":
    if sys.argv[1] == "--own-terminal":
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        del sys.argv[1]
    sys.exit(main(sys.argv[1:]))

"""``python -m pop2dissect`` is the command ``pop2dissect``."""

import sys

from pop2dissect.cli import main

sys.exit(main())

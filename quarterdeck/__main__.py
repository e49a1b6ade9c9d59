"""``python -m quarterdeck`` is the same as ``quarterdeck`` and ``qd``."""

from __future__ import annotations

import sys

from quarterdeck.launch import main

if __name__ == "__main__":
    sys.exit(main())

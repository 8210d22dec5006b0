"""`python -m latchkey_agent`: the same as the command `latchkey-agent`."""

from __future__ import annotations

import sys

from latchkey_agent.cli import main

sys.exit(main())

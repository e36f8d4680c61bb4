"""The command that installs an extra: its packages by name, because this package itself is in no index."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import metadata

DISTRIBUTION = "selfcodealign-luigi"


def remedy(extra: str) -> str:
    """A command line for this interpreter."""
    pip = f"{shlex.quote(sys.executable)} -m pip install"
    try:
        stated = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # a source tree that is not installed
        return f"in the checkout: {pip} -e '.[{extra}]'"
    named = [line.partition(";") for line in stated]
    packages = [name.strip() for name, _, marker in named if re.search(rf"extra\s*==\s*['\"]{extra}['\"]", marker)]
    return f"{pip} {shlex.join(packages)}"

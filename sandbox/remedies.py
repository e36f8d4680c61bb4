"""Finds what forbids user namespaces on this machine, and the commands that allow them. Reads /proc."""

from __future__ import annotations

import os
from pathlib import Path

_SWITCHES = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "Ubuntu restricts user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "Debian's switch is off: sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "no user namespaces are allowed: sudo sysctl -w user.max_user_namespaces=10000",
    ),
)
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


def remedies() -> str:
    """One line of remedies, for an error message or `check`."""
    matches = [remedy for path, bad, remedy in _SWITCHES if _read(path) == bad]
    if not matches and any(map(os.path.exists, _CONTAINER_MARKS)):
        matches.append(
            "in a container: start it with --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        )
    return "; ".join(matches) or "allow unprivileged user namespaces on this machine"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""

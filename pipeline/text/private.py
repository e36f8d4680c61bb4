"""Finds what must not be published in a text: secrets, and e-mail addresses of persons.

Secrets are found by the detectors of detect-secrets that know the form of a key or token, and by its keyword detector
where the assigned value looks random. Its detectors of entropy alone and of IP addresses are left out: alphabets,
digests and addresses are the subject of many exercises. Placeholders are none. Without detect-secrets no secrets are
found, and `detector` is None: callers say so. Not promised: that a password of plain words, a name or a telephone
number is found.
"""

from __future__ import annotations

import importlib.metadata
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

RULES = {
    "secret": "The text holds a key, token, private key or password.",
    "personal_data": "The text holds an e-mail address that may be a person's.",
}

_DISTRIBUTION = "detect-secrets"
_IP, _IN_ADDRESS = "Public IP (ipv4)", "Basic Auth Credentials"  # kinds of detect-secrets
_PLACEHOLDER = re.compile(r"example|(.)\1{7}", re.IGNORECASE)
# Without one of these no detector finds anything: a long word with a digit, an address, a key's header.
_PART = r"[^\s\"'(){}\[\],;]"
_LONG = re.compile(rf"://|PRIVATE KEY|xox|(?<!{_PART})(?=(?:(?!\d){_PART}){{0,200}}\d){_PART}{{13}}")
_ASSIGNED = re.compile(r"key|pass|pwd|secret|token|contrase", re.IGNORECASE)  # in every keyword of the detector
_SHORTEST_RANDOM = 16  # characters of a value that looks random
_LEAST_ENTROPY = 3.0  # bits a character, as detect-secrets has it for hexadecimal digits

_ADDRESS = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w.-]*[\w(\[])")
# Domains of examples (RFC 2606, RFC 6761), and those that stand for any; in whatever country's version.
_NO_DOMAIN = frozenset({"example", "test", "invalid", "localhost", "local", "domain", "foo", "bar", "baz", "email"})
# Addresses of roles (RFC 2142) and of machines, and those that stand for any.
_NO_PERSON = frozenset(
    {
        "info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "webmaster",
        "usenet", "news", "www", "uucp", "ftp", "admin", "contact", "help", "git", "hg", "svn", "root", "noreply",
        "no-reply", "user", "username", "name", "someone", "foo", "bar", "baz", "test", "example", "email", "you", "me",
    }
)  # fmt: skip


@lru_cache(maxsize=1)
def detector() -> str | None:
    """The name and version of the detector of secrets; None where it is not installed."""
    try:
        return f"{_DISTRIBUTION} {importlib.metadata.version(_DISTRIBUTION)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def secret(text: str) -> str | None:
    """The kind of the first secret in a text, never its value; None also where there is no detector."""
    return next(_secrets(text), None) if detector() is not None else None


def personal_data(text: str) -> str | None:
    """The kind of the first personal data in a text, never its value."""
    found = "@" in text and any(_is_person(name.lower(), domain.lower()) for name, domain in _ADDRESS.findall(text))
    return "an e-mail address" if found else None


def rule_of(text: str) -> tuple[str, str] | None:
    """The rule of RULES that a text breaks, with the kind of what was found."""
    if kind := secret(text):
        return "secret", kind
    if kind := personal_data(text):
        return "personal_data", kind
    return None


def _secrets(text: str) -> Iterator[str]:
    """The kinds of the secrets in a text."""
    if not _LONG.search(text):
        return
    plugins, keyword = _plugins()
    for plugin in plugins:
        for match in (match for pattern in plugin.denylist for match in pattern.finditer(text)):
            # In an address (https://name:password@host) a password may be a word: those of examples are.
            in_address = plugin.secret_type == _IN_ADDRESS
            if not _PLACEHOLDER.search(match[0]) and (not in_address or _looks_random(match[1])):
                yield plugin.secret_type
    for line in text.splitlines() if _ASSIGNED.search(text) else ():
        if _ASSIGNED.search(line) and any(map(_looks_random, keyword.analyze_string(line))):
            yield keyword.secret_type


@lru_cache(maxsize=1)
def _plugins() -> tuple[list[Any], Any]:
    """The detectors that know the form of a secret, and the keyword detector."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector
    from detect_secrets.plugins.keyword import KeywordDetector

    classes: dict[str, Any] = get_mapping_from_secret_type_to_class()
    forms = [cls() for kind, cls in sorted(classes.items()) if issubclass(cls, RegexBasedDetector) and kind != _IP]
    return forms, KeywordDetector()


def _looks_random(value: str) -> bool:
    """Whether a value is long and mixed enough to be no word, name or path."""
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not any(map(str.isspace, value))
    if len(value) < _SHORTEST_RANDOM or not mixed or _PLACEHOLDER.search(value):
        return False
    counts = (value.count(character) / len(value) for character in set(value))
    return -sum(share * math.log2(share) for share in counts) >= _LEAST_ENTROPY


def _is_person(name: str, domain: str) -> bool:
    labels = domain.split(".")
    return name not in _NO_PERSON and len(name) > 1 and not _NO_DOMAIN.intersection(labels[-3:]) and len(labels[-2]) > 1

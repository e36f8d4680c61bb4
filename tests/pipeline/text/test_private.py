"""What must not be published is found by its form; placeholders and what only looks like it are not."""

from __future__ import annotations

import pytest

from pipeline.operations.doctor import check_secrets
from pipeline.text import private

# In two parts, so that this file holds no secret.
SECRETS = [
    "key = 'AKIA2E0A" + "8F3B244C9986'",
    "token = 'ghp_16C7e42F292c" + "6912E7710c838347Ae178B4a'",
    "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEow\n",
    "'xoxb-123456789012-1234567890123-4mt0t4" + "l1yL3g1tAbCdEfGh'",
    "'sk_live_4eC39HqLyjWD" + "arjtT1zdp7dc'",
    "x = 1\ny = 'key'\nAPI_KEY = '9f8b7c6d5e4f3a" + "2b1c0d9e8f7a6b5c4d'\n",
    "config = {'password': 'S3cr3t!Pa55" + "w0rd#2024'}",
    "'postgres://bob:kx93jd8s" + "kwqpz0dl@db.corp.net/x'",
]
NO_SECRETS = [
    "key = 'AKIAIOSFODNN7EXAMPLE'",
    "password = 'hunter2'",
    "password = os.environ['PASSWORD_OF_DATABASE_1']",
    "secret = get_secret('name of the secret 12')",
    "'https://user:password@host/x'",
    "'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'",
    "alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'",
    "assert is_private('192.168.0.1') and digest == 'd41d8cd98f00b204e9800998ecf8427e'",
]
PERSONS = ["Author: Jane Doe <jane.doe@acme-corp.com>", "x = 'jane@corp.io'", "(j_doe+x@mail.uni-town.de)"]
NO_PERSONS = [
    "user@example.com", "jane@example.co.uk", "jane@sub.example.org", "jane@domain.com", "foo@bar.com", "a@b.com",
    "git@github.com:me/x.git", "info@acme-corp.com", "noreply@acme-corp.com", "a@b.T", "A@B.transpose(x)",
    "matrix@self.weights[0]", "@app.route", "@ property", "me @ home.org",
]  # fmt: skip

needs_detector = pytest.mark.skipif(private.detector() is None, reason="detect-secrets is not installed")


@needs_detector
@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_found_and_not_repeated(text):
    rule, kind = private.rule_of(f"def f(x):\n    return x\n\n{text}\n")
    assert rule == "secret"
    assert not any(word in kind for word in text.split("'") if len(word) > 8)


@pytest.mark.parametrize("text", NO_SECRETS)
def test_placeholders_and_words_are_no_secrets(text):
    assert private.rule_of(text) is None


@pytest.mark.parametrize("text", PERSONS)
def test_an_address_of_a_person_is_found(text):
    assert private.rule_of(text) == ("personal_data", "an e-mail address")


@pytest.mark.parametrize("text", NO_PERSONS)
def test_addresses_of_examples_and_roles_and_products_of_matrices_are_none(text):
    assert private.rule_of(text) is None


def test_without_the_detector_nothing_passes_silently(monkeypatch):
    monkeypatch.setattr(private, "detector", lambda: None)
    assert private.rule_of(SECRETS[0]) is None
    assert check_secrets().level == "CAUTION"

"""The commits of a git repository as a source: which count, and which functions become seeds of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources import commit_messages
from targets import ShardPaths
from tests.support.scans import open_scan, rejections, take

ROUND = '''def round_to(number, step):
    """Round a number to a multiple of a step."""
    return round(number / step) * step
'''
GREET = '''def greet(name, mark):
    """A greeting for a person."""
    words = ["hello", name.strip().title()]
    return " ".join(words) + mark
'''
ROUND_LATER = ROUND.replace("    return", '    if not step:\n        raise ValueError("no step")\n    return')


class Repository:
    """A repository that grows commit by commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(self.folder), *identity, *arguments]
        ended = subprocess.run(command, check=True, capture_output=True, text=True, env=self._alone)
        return ended.stdout.strip()

    @property
    def _alone(self) -> dict[str, str]:
        return {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def commit(self, message: str, **files: str) -> str:
        """Write files (__ in a name is a folder's end) and commit them; the commit's digest."""
        for name, text in files.items():
            path = self.folder / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repo")


def records(root: Path) -> list[dict[str, Any]]:
    """All seeds in the shards."""
    return [seed for shard in ShardPaths.published(root / "seeds") for seed in shard.read()]


def told(root: Path) -> set[tuple[str, str]]:
    """Name and message of every seed."""
    return {(seed["name"], seed["message"]) for seed in records(root)}


def rules(root: Path) -> dict[str, str]:
    """The rule of everything rejected, by its id without the source."""
    return {id.removeprefix("commits:repo/"): rule for id, (rule, _) in rejections(root).items()}


def test_a_function_that_a_commit_touched_is_a_seed_with_its_message(tmp_path, repository):
    repository.commit("Round to a step and greet people", pkg__a=f"{ROUND}\n\n{GREET}")
    later = repository.commit(
        "fix(pkg): Refuse a step of zero (#12)\n\nThe division failed.\n\nSigned-off-by: A <a@b>",
        pkg__a=f"{ROUND_LATER}\n\n{GREET}",
    )
    take(open_scan(tmp_path, ["commits:repo"]))
    message = "Refuse a step of zero The division failed."
    assert told(tmp_path) == {
        ("greet", "Round to a step and greet people"),
        ("round_to", "Round to a step and greet people"),
        ("round_to", message),
    }
    [seed] = [seed for seed in records(tmp_path) if seed["message"] == message]
    assert seed["code"] == ROUND_LATER
    assert (seed["revision"], seed["path"]) == (later, "pkg/a.py")


def test_a_commit_that_only_takes_lines_away_touches_what_they_were_in(tmp_path, repository):
    repository.commit("Import rounding from the old project", a=f"{ROUND_LATER}\n\n{GREET}")
    repository.commit("Let a step of zero fail by itself", a=f"{ROUND}\n\n{GREET}")
    repository.commit("Greet nobody any more, they complained", a=ROUND)
    take(open_scan(tmp_path, ["commits:repo"]))
    assert told(tmp_path) == {
        ("round_to", "Import rounding from the old project"),
        ("greet", "Import rounding from the old project"),
        ("round_to", "Let a step of zero fail by itself"),
    }


def test_every_commit_that_gives_no_seed_is_named_with_its_rule(tmp_path, repository):
    first = repository.commit("wip", a=ROUND)
    several = repository.commit("Greet and round in two places", a=ROUND_LATER, b=GREET)
    tests = repository.commit("Prove that greeting works well", tests__test_b=GREET)
    many = repository.commit(
        "Shorten all the names at once",
        c="\n\n".join(ROUND.replace("round_to", f"round_{n}") for n in range(5)),
    )
    gone = repository.commit("Drop the second greeting function", b="X = 1\n")
    repository.git("switch", "-q", "-c", "side", several)
    repository.commit("Take the mark from the settings", b=GREET.replace("mark", "sign"))
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "-s", "ours", "side", "-m", "Merge branch side of the house")
    take(open_scan(tmp_path, ["commits:repo"]))
    found = rules(tmp_path)
    assert found[first] == "message_unfinished"
    assert found[several] == found[tests] == "not_one_file"
    assert found[f"{many}/c.py"] == "changes_much"
    assert found[f"{gone}/b.py"] == "no_definition"
    assert not records(tmp_path)


def test_a_scan_after_a_new_commit_reads_that_commit_alone(tmp_path, repository):
    repository.commit("Round numbers to a step", a=ROUND)
    take(open_scan(tmp_path, ["commits:repo"]))
    new = repository.commit("Greet people by their name", b=GREET)
    assert [part.path for part in open_scan(tmp_path, ["commits:repo"]).changed] == [new]
    assert open_scan(tmp_path, ["commits:repo@HEAD~1"]).changed != [new]


def test_a_merge_is_named_and_the_commits_that_it_brought_count(tmp_path, repository):
    repository.commit("Round numbers to a step", a=ROUND)
    repository.git("switch", "-q", "-c", "side")
    repository.commit("Greet people by their name", b=GREET)
    repository.git("switch", "-q", "main")
    repository.commit("Refuse a step of zero with an error", a=ROUND_LATER)
    repository.git("merge", "-q", "side", "-m", "Bring in the greeting")
    take(open_scan(tmp_path, ["commits:repo"]))
    merge = repository.git("rev-parse", "HEAD")
    assert told(tmp_path) == {
        ("greet", "Greet people by their name"),
        ("round_to", "Round numbers to a step"),
        ("round_to", "Refuse a step of zero with an error"),
    }
    assert rules(tmp_path) == {merge: "merge_commit"}


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("WIP: half of the parser", "message_unfinished"),
        ("fixup! Greet people", "message_unfinished"),
        ("Merge pull request #3 from a/b", "message_automatic"),
        ('Revert "Greet people"', "message_automatic"),
        ("Bump version to 1.2.3", "message_automatic"),
        ("Bump release version", "message_automatic"),
        ("release networkx-0.35.1 - fix imports", "message_automatic"),
        ("Update core/range.py", "message_automatic"),
        ("Apply suggestions from code review", "message_automatic"),
        ("v2.0.1", "message_automatic"),
        ("Initial commit", "message_automatic"),
        ("Merge branch 'side' into main", "message_automatic"),
        ("Bump numpy from 1 to 2", "message_automatic"),
        ("temp: try another way", "message_unfinished"),
        ("greet people", "message_too_short"),
        ("", "message_too_short"),
        ("word " * 200, "message_too_long"),
        ("Fix typo in the greeting", "message_beside_the_code"),
        ("Run black on all modules", "message_beside_the_code"),
        ("docs: Explain rounding in the README", "message_beside_the_code"),
        ("Fix some more small bugs in the code", "message_says_nothing"),
        ("Update the function, minor changes", "message_says_nothing"),
        ("Greet people by name\n\n### Snippet\nx", "prompt_structure"),
    ],
)
def test_a_message_that_does_not_say_what_was_done_is_refused_by_its_rule(message, rule):
    rejection = commit_messages.rejected(message)
    assert rejection is not None and rejection.rule == rule


@pytest.mark.parametrize(
    ("message", "cleaned"),
    [
        ("Refuse a step of zero", "Refuse a step of zero"),
        ("feat(core)!: Refuse a step of zero", "Refuse a step of zero"),
        ("[core] Refuse a step of zero (#12)", "Refuse a step of zero"),
        ("bpo-123: Refuse a step of zero", "Refuse a step of zero"),
        (
            "Refuse zero steps\n\nThey divided\nby zero.\n\nFixes #3\nCo-authored-by: B <b@c>",
            "Refuse zero steps They divided by zero.",
        ),
        (
            "Refuse zero steps. Addresses #3 and #4.\n\n--HG--\nextra : convert_revision : svn%3A3ed01bd8/trunk%40106",
            "Refuse zero steps.",
        ),
        ("Refuse zero steps\n\ngit-svn-id: https://host/svn/trunk@12 3ed01bd8", "Refuse zero steps"),
        ("ENH: Refuse zero steps [skip ci]", "Refuse zero steps"),
        (
            "Refuse zero steps (#12)\n\n* Refuse zero steps\n* Fix typo\n* Apply suggestions from code review\n"
            "* Accept negative ones\n* Update core/range.py\n\n---------\n\nCo-authored-by: B <b@c>",
            "Refuse zero steps * Accept negative ones",
        ),
        ("Refuse zero steps; this PR fixes #3 by a check", "Refuse zero steps; this PR fixes #3 by a check"),
        ("Refuse zero steps. See #3 for the reason", "Refuse zero steps. See #3 for the reason"),
    ],
)
def test_a_message_is_cleaned_of_what_is_there_for_tools(message, cleaned):
    assert commit_messages.cleaned(message) == cleaned
    assert commit_messages.rejected(message) is None


@pytest.mark.parametrize(
    "message",
    [
        "Merge ranges that touch each other",
        "Release the lock when a reader dies",
        "Temporary files are removed at the end",
        "Bump the counter before the event is sent",
        "Revert to the old order where names are equal",
    ],
)
def test_a_message_that_only_begins_like_an_automatic_one_counts(message):
    assert commit_messages.rejected(message) is None


@pytest.mark.parametrize(
    "message",
    [
        "Update cache to expire after one hour",
        "Update parser to accept empty lines",
        "Update Row.values from its schema",
    ],
)
def test_a_subject_that_begins_with_update_may_describe_a_change(message):
    assert commit_messages.rejected(message) is None


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("Update numpy to 1.26.4 everywhere", "message_automatic"),
        ("Update pytest requirement from ~=7.0 to ~=8.0", "message_automatic"),
        ("Update black from 22.1 to v22.3", "message_automatic"),
        ("Run the parser tests on travis with pypy", "message_beside_the_code"),
        ("CI: drop the oldest interpreter", "message_beside_the_code"),
    ],
)
def test_versions_and_continuous_integration_are_no_change_of_the_code(message, rule):
    rejection = commit_messages.rejected(message)
    assert rejection is not None and rejection.rule == rule

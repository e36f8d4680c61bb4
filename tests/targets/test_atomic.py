"""Whole files appear whole or not at all."""

import os

import pytest

from targets.atomic import publish, read_jsonl, replace_link


def test_publish_writes_content_and_returns_its_sha256(tmp_path):
    digest = publish(tmp_path / "a" / "file", [b"one ", b"two"])
    assert (tmp_path / "a" / "file").read_bytes() == b"one two"
    assert digest == "8ab63e29a4ba14e4e1688f9c15e5af90895421358c945b0431f85d66977bd3d2"


def test_a_failing_writer_leaves_the_old_content_and_no_temporary_file(tmp_path):
    path = tmp_path / "file"
    publish(path, [b"old"])

    def chunks():
        yield b"new"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        publish(path, chunks())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_replaced_even_when_it_dangles(tmp_path):
    link = tmp_path / "latest"
    replace_link(link, "nowhere")
    (tmp_path / "there").mkdir()
    replace_link(link, "there")
    assert os.readlink(link) == "there"


@pytest.mark.parametrize("line", [b"{torn", b"[1, 2]"])
def test_a_malformed_line_is_named_by_file_and_number(tmp_path, line):
    path = tmp_path / "records.jsonl"
    path.write_bytes(b'{"id": 1}\n' + line + b"\n")
    with pytest.raises(ValueError, match=r"records\.jsonl, line 2"):
        list(read_jsonl(path))

"""The data folder refuses what it must not touch, and says why."""

import json
import os
import stat
from pathlib import Path

import pytest

from aios.embedded import folder as folders
from aios.embedded.failures import StartError
from aios.embedded.folder import Folder, opened, read_record


def snapshot(path: Path) -> dict[str, str]:
    """Every file below a path with its text."""
    return {str(p): p.read_text() for p in path.rglob("*") if p.is_file() and p.name != "lock"}


def test_opening_makes_a_folder_and_opening_again_keeps_it(data: Path) -> None:
    """The keys of the first start are the keys of the second."""
    with opened(data) as folder:
        first = read_record(folder)
    with opened(data) as folder:
        assert read_record(folder) == first


def test_keys_are_readable_only_by_their_owner(folder: Folder) -> None:
    """`embedded.json` holds passwords."""
    read_record(folder)
    assert stat.S_IMODE(folder.record.stat().st_mode) == 0o600


def test_a_second_opener_is_refused(folder: Folder) -> None:
    """Two starts on one folder would write the same files; the message names the first."""
    with pytest.raises(StartError, match=f"already runs.*process {os.getpid()}"):
        opened(folder.path).__enter__()


def test_a_folder_of_another_version_is_left_alone(data: Path) -> None:
    """A layout this version does not know is neither read nor changed."""
    with opened(data):
        (data / "version").write_text("2\n")
    before = snapshot(data)
    with pytest.raises(StartError, match=r"another version.*layout 2"):
        opened(data).__enter__()
    assert snapshot(data) == before


def test_a_folder_of_something_else_is_left_alone(data: Path) -> None:
    """`--data ~` must not spread files over a home folder."""
    data.mkdir()
    (data / "thesis.txt").write_text("precious")
    with pytest.raises(StartError, match="neither empty nor a data folder"):
        opened(data).__enter__()
    assert {entry.name for entry in data.iterdir()} == {"thesis.txt", "lock"}


def test_a_start_cut_short_before_the_version_was_written_is_continued(data: Path) -> None:
    """A folder holding only the lock is as good as empty."""
    data.mkdir()
    (data / "lock").touch()
    with opened(data) as folder:
        assert (folder.path / "version").exists()


def test_a_full_disk_is_told_before_anything_is_written(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a database helps nobody."""
    monkeypatch.setattr(folders, "MINIMUM_FREE_BYTES", 2**60)
    with pytest.raises(StartError, match="MB are free"):
        opened(data).__enter__()
    assert list(data.iterdir()) == []


def test_a_path_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    """The system's refusal is passed on with what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"cannot be used.*--data DIR"):
        opened(tmp_path / "file" / "data").__enter__()


def test_lost_keys_beside_a_database_are_not_replaced(folder: Folder) -> None:
    """New keys could open nothing: the old ones must come back."""
    (folder.postgres / "cluster").mkdir(parents=True)
    with pytest.raises(StartError, match=r"embedded.json is missing"):
        read_record(folder)
    assert not folder.record.exists()


@pytest.mark.parametrize("text", ["", "{", json.dumps({"secret_key": "only"}), "[]"])
def test_damaged_keys_are_told_and_kept(folder: Folder, text: str) -> None:
    """Whatever is left of the keys may help to restore them."""
    folder.record.write_text(text)
    with pytest.raises(StartError, match="cannot be read"):
        read_record(folder)
    assert folder.record.read_text() == text

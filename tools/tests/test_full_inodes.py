"""A file system whose inodes are used up, with bytes free: the error says which is missing."""

import subprocess

import pytest

from launched import tamis


@pytest.fixture
def disk(tmp_path):
    """A file system of a few files."""
    folder, image = tmp_path / "disk", tmp_path / "image"
    folder.mkdir()
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-N", "16", image], check=True,
                       capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be made: {error}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_inodes_that_are_used_up(disk):
    fillers = []
    try:
        while True:
            fillers.append(disk / f"filler{len(fillers)}")
            fillers[-1].touch()
    except OSError:
        pass
    # One is left for the folder, none for the file in it.
    fillers[0].unlink()
    for out in ("a.run", "b.npy", "c.run"):
        # The lock on the name takes another one for as long as the program runs.
        if out == "b.npy":
            fillers[1].unlink()
        done = tamis("simulate", "background", "--events", 10, "--out", disk / out)
        if out == "b.npy":
            assert done.returncode == 0
        else:
            assert done.returncode == 1 and "no inode is free there: remove files" in done.stderr, done.stderr
            assert not (disk / out).exists()
    # Bytes that are used up are another thing.
    (disk / "b.npy").unlink()
    done = tamis("simulate", "background", "--events", 100_000, "--out", disk / "b.npy")
    assert done.returncode == 1 and "free space on that file system" in done.stderr, done.stderr

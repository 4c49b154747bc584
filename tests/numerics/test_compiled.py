"""Compiled programs kept between runs: whose folder is trusted, what is kept, what happens where nothing can be."""

import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import jax
import pytest

from nacjax.numerics import compiled

PROGRAM = """
import sys
from collections import Counter
import jax
hits = Counter()
jax.monitoring.register_event_listener(lambda event, **_: hits.update([event.rsplit("/", 1)[-1]]))
import nacjax as nj
kept = nj.keep_compiled(sys.argv[1])
import jax.numpy as jnp
print(kept, float(jax.jit(lambda x: jnp.sin(x).sum())(jnp.arange(100.0))), hits["cache_hits"], hits["cache_misses"])
"""


def start(folder: Path) -> subprocess.Popen:
    hidden = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    words = [sys.executable, "-W", "always", "-c", PROGRAM, str(folder)]
    return subprocess.Popen(words, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen) -> tuple[list[str], str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split(), err


def test_a_new_folder_is_private(tmp_path):
    made = compiled.private(tmp_path / "new" / "nacjax")
    assert made.stat().st_mode & 0o777 == 0o700 and made.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path, mode):
    folder = tmp_path / "nacjax"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(PermissionError, match=r"other users may write to .*chmod go-w"):
        compiled.private(folder)


def test_a_folder_below_one_that_others_may_write_to_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError, match="other users may write to"):
        compiled.private(tmp_path / "nacjax")
    tmp_path.chmod(0o1777)  # as /tmp: only the owner renames
    compiled.private(tmp_path / "nacjax")


@pytest.mark.parametrize("name", ["nacjax", "jit_f-cache", "above"])
def test_what_another_user_owns_is_refused(tmp_path, monkeypatch, name):
    folder = tmp_path / "above" / "nacjax"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "jit_f-cache").write_bytes(b"")
    true_lstat = os.lstat

    def lstat(path):
        found = true_lstat(path)
        if Path(path).name != name:
            return found
        return os.stat_result([*found[:4], os.geteuid() + 12345, *found[5:]])

    monkeypatch.setattr(compiled.os, "lstat", lstat)
    with pytest.raises(PermissionError, match=f"{name} belongs to another user"):
        compiled.private(folder)


def test_a_file_in_the_way_or_a_read_only_disk_is_an_os_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        compiled.private(tmp_path / "file" / "nacjax")

    def refuses(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(compiled.tempfile, "mkdtemp", refuses)
    monkeypatch.setattr(compiled, "_kept_in", None)
    chosen = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    try:
        with pytest.warns(UserWarning, match=r"compiled programs are not kept: .*Read-only"):
            assert compiled.keep_compiled(tmp_path / "cache") is None
    finally:
        jax.config.update("jax_compilation_cache_dir", chosen)


def test_only_whole_programs_are_kept(tmp_path, capsys):
    home, own = tmp_path / "home", tmp_path / "home" / "key" / "run-1"
    own.mkdir(parents=True)
    program = zlib.compress(os.urandom(4096))
    (own / "jit_whole-cache").write_bytes(program)
    (own / "jit_torn-cache").write_bytes(program[:2000])
    compiled.finish(own, own.parent, home)
    assert [path.name for path in own.parent.iterdir()] == ["jit_whole-cache"]
    assert "1 compiled programs were not kept" in capsys.readouterr().err


def test_a_process_gets_what_is_kept_and_killed_ones_are_cleared_away(tmp_path):
    kept, own, left = tmp_path, tmp_path / "run-now", tmp_path / "run-left"
    own.mkdir()
    left.mkdir()
    (kept / "jit_f-cache").write_bytes(b"program")
    os.utime(left, (0, time.time() - 2 * compiled.LEFT_BEHIND))
    compiled.link_programs(kept, own)
    assert (own / "jit_f-cache").read_bytes() == b"program" and own.exists() and not left.exists()


def test_what_was_used_least_recently_goes(tmp_path):
    (tmp_path / "key").mkdir()
    for age, name in enumerate(("new", "middle", "old")):
        path = tmp_path / "key" / f"jit_{name}-cache"
        path.write_bytes(bytes(1000))
        os.utime(path, (1e9 - age, 1e9 - age))
    compiled.clear_oldest(tmp_path, limit=2500)
    assert {path.name for path in (tmp_path / "key").iterdir()} == {"jit_new-cache", "jit_middle-cache"}


def test_the_folder_follows_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.user_folder() == tmp_path / "nacjax"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the convention
    monkeypatch.setattr(compiled.sys, "platform", "linux")
    assert compiled.user_folder() == Path.home() / ".cache" / "nacjax"
    monkeypatch.setattr(compiled.sys, "platform", "darwin")
    assert compiled.user_folder() == Path.home() / "Library" / "Caches" / "nacjax"


@pytest.mark.integration
def test_two_processes_at_once_and_one_after_them(tmp_path):
    folder = tmp_path / "cache"
    both = [ended(process) for process in [start(folder), start(folder)]]
    (first, _), (second, _) = both
    assert first[0] == second[0] == str(next(folder.iterdir())) and first[1] == second[1]
    assert int(first[3]) > 0
    third, err = ended(start(folder))
    assert third[1] == first[1] and int(third[2]) > 0 and int(third[3]) == 0
    assert "cpu_aot_loader" not in err
    assert all(path.name.endswith("-cache") for path in next(folder.iterdir()).iterdir())


@pytest.mark.integration
def test_a_refused_folder_is_a_sentence_and_all_goes_on(tmp_path):
    tmp_path.chmod(0o777)
    words, err = ended(start(tmp_path))
    assert words[:2] == ["None", words[1]] and "compiled programs are not kept" in err and "chmod go-w" in err


@pytest.mark.integration
def test_a_torn_program_is_compiled_again(tmp_path):
    folder = tmp_path / "cache"
    first, _ = ended(start(folder))
    for path in next(folder.iterdir()).iterdir():
        path.write_bytes(path.read_bytes()[:100])
    second, _ = ended(start(folder))
    assert second[1] == first[1] and int(second[2]) == 0

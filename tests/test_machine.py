"""What a machine has, by the files of its system: in containers and jobs of schedulers, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.runner.machine import this_machine

GB = 10**9
V2 = "30 24 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "36 25 0:32 {root} /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
OTHER = "22 1 0:20 / /sys rw - sysfs sysfs rw\n35 25 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\nnot a mount\n"


def system(folder: Path, group: str, mounts: str, limits: dict[str, str]) -> Path:
    """The files of a system with 64 GB."""
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/meminfo").write_text(f"MemTotal:       {64 * GB // 1024} kB\nMemFree: 1 kB\n")
    (folder / "proc/self/cgroup").write_text(group)
    (folder / "proc/self/mountinfo").write_text(OTHER + mounts)
    for name, limit in limits.items():
        place = folder / "sys/fs/cgroup" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{limit}\n")
    return folder


@pytest.mark.parametrize(
    ("group", "mounts", "limits", "held"),
    [
        ("", "", {}, None),
        ("0::/a/b\n", V2.format(root="/"), {"a/b/memory.max": "max", "a/memory.max": "max"}, None),
        ("0::/a/b\n", V2.format(root="/"), {"a/b/memory.max": "max", "a/memory.max": f"{8 * GB}"}, 8),
        ("0::/a/b\n", V2.format(root="/"), {"a/b/memory.max": f"{4 * GB}", "a/memory.max": f"{8 * GB}"}, 4),
        # A container that sees its own group as the root, and one that is told where it is and cannot look there.
        ("0::/\n", V2.format(root="/"), {"memory.max": f"{2 * GB}"}, 2),
        ("0::/../../job\n", V2.format(root="/../.."), {"memory.max": f"{2 * GB}"}, 2),
        ("4:cpu,memory:/docker/x\n", V1.format(root="/docker/x"), {"memory/memory.limit_in_bytes": f"{3 * GB}"}, 3),
        ("4:memory:/docker/x\n", V1.format(root="/"), {"memory/memory.limit_in_bytes": f"{3 * GB}"}, 3),
        ("4:memory:/slurm/job\n", V1.format(root="/"), {"memory/slurm/job/memory.limit_in_bytes": f"{5 * GB}"}, 5),
        ("4:memory:/\n", V1.format(root="/"), {"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
    ],
)
def test_memory_is_what_we_may_use(
    group: str, mounts: str, limits: dict[str, str], held: int | None, tmp_path: Path
) -> None:
    """The least of what the machine has and of the limits of all groups around us, of both versions."""
    found = this_machine(system(tmp_path, group, mounts, limits))
    assert found.held == (held is not None)
    assert found.memory == pytest.approx(1000 * (held or 64), abs=1)
    assert found.cores >= 1


def test_a_machine_without_such_files_has_memory_too(tmp_path: Path) -> None:
    """Where there is no `/proc`, the system itself is asked."""
    found = this_machine(tmp_path)
    assert found.memory is not None
    assert found.memory > 100
    assert not found.held

"""What glibc does with freed blocks, before and after; in processes of their own."""

import os
import platform
import subprocess
import sys

import pytest

CHURN = """
import resource
from headrace._heap import keep_freed

{first}

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        blocks = [b"x" * 256_000, b"y" * 256_000]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
"""

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc")


def page_faults(first, **environment):
    unset = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", CHURN.format(first=first)],
        check=True,
        capture_output=True,
        env=unset | environment,
        timeout=60,
    )
    return int(done.stdout)


@glibc
def test_blocks_of_a_reads_size_are_mapped_anew_each_time():
    assert page_faults("") > 5000


@glibc
def test_they_are_taken_from_the_heap_once_a_larger_one_was_freed():
    assert page_faults("keep_freed()") < 1000


@glibc
def test_what_the_environment_says_has_precedence():
    assert page_faults("keep_freed()", MALLOC_MMAP_THRESHOLD_="131072") > 5000

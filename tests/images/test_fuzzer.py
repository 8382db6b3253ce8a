import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz_images.py"


def test_the_fuzzer_finds_nothing_in_a_few_hundred_mutants_and_says_what_it_did():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--count", "300", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("300 mutants of ")
    assert "largest worker" in done.stdout

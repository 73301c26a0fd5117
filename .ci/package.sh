# The built package as a user has it, for scripts that source this: outside the checkout, in environments of its own.
#
# `begin_outside` makes the folder; `grade_with` and `train_with` run the commands of an environment there and check
# what came of them. Needs `./run setup` (for the JVM side) and RLCF_DATA.

SHORT_QUICKSTART=(--objective.steps 2 --data.train-problems 300 --data.corpus-problems 100 --data.rl-problems 200
    --evaluation.problems 10 --evaluation.samples 1 --supervised.steps 10 --discriminator.samples 32
    --discriminator.steps 5 --rollout.prompts-per-step 8 --rails warn)

fail() { # MESSAGE
    echo "FAILED: $1"
    exit 1
}

# Sets checkout, python and folder, which is removed at the end.
begin_outside() {
    checkout=$PWD
    python=$checkout/.venv/bin/python
    folder=$(mktemp --directory)
    trap 'rm -rf "$folder"' EXIT
    chmod 755 "$folder"
    RLCF_DATA=$(realpath "${RLCF_DATA:-../shared/data}")
    export RLCF_DATA
    unset PYTHONPATH
}

# A copy of the checkout as git sees it: what an earlier build left in build/ would go into a wheel.
copy_source() { # INTO
    mkdir "$1"
    git ls-files --cached --others --exclude-standard -z \
        | tar --null --files-from - --create --ignore-failed-read --file - | tar --extract --file - --directory "$1"
}

# One reference that passes and one that does not compile, graded.
grade_with() { # ENVIRONMENT
    "$1/bin/python" - <<'PYTHON'
import json, os
with open(os.environ["RLCF_DATA"] + "/mbxp/mbjp_release_v1.2.jsonl", encoding="utf-8") as lines:
    row = next(row for row in map(json.loads, lines) if row["canonical_solution"])
with open("samples.jsonl", "w", encoding="utf-8") as out:
    for completion in (row["canonical_solution"], "return null; } }"):
        print(json.dumps({"task_id": row["task_id"], "completion": completion}), file=out)
PYTHON
    "$1/bin/rlcf" grade samples.jsonl --problems mbjp --json >graded.json
    "$1/bin/python" - <<'PYTHON'
import json, sys
import rlcf
from rlcf import Verdict
found = json.load(open("graded.json"))
assert found["outcomes"] == {"passed": 1, "compile_error": 1}, found
rows = [json.loads(line) for line in open("samples_results.jsonl")]
assert [Verdict.from_json(row).passed for row in rows] == [True, False]
assert rlcf.__file__.startswith(sys.prefix), rlcf.__file__
print(f"graded: {found['outcomes']}")
PYTHON
}

# Two steps of a small quickstart.
train_with() { # ENVIRONMENT
    "$1/bin/rlcf" train quickstart "${SHORT_QUICKSTART[@]}" >trained.txt 2>train.err || {
        cat train.err
        fail "rlcf train quickstart"
    }
    "$1/bin/python" - <<'PYTHON'
import json, sys
import rlcf
from rlcf import train
assert rlcf.__file__.startswith(sys.prefix), rlcf.__file__
rows = [json.loads(line) for line in open("runs/quickstart/metrics.jsonl")]
steps = [row["step"] for row in rows if "reward" in row]
assert steps == [1, 2], steps
print(f"trained steps {steps}; `from rlcf import train` is {train.__module__} of the package")
PYTHON
}

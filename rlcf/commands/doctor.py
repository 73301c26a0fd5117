"""`rlcf doctor`: what works on this machine, and the command that mends what doesn't."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from javabox.engines.opening import Isolation
from rlcf.errors import BadInput

BUNDLE = "for a machine without root: rlcf doctor --bundle-jdk DIR here, copy DIR there, export JAVA_HOME=DIR"


@dataclass(frozen=True)
class Doctor:
    """Check what works here (JDK, Docker, isolation, GPU, data), by judging; with what mends the rest.

    Example: rlcf doctor
    """

    isolation: Isolation = "auto"
    """As grading will be given it: what must keep programs from the machine."""
    jdk: Annotated[str | None, arg(metavar="RELEASE|FOLDER")] = None
    """As grading will be given it: the JDK that compiles and runs programs."""
    json: bool = False
    """Print one JSON object and nothing else."""
    bundle_jdk: Annotated[str | None, arg(metavar="DIR")] = None
    """Make a JDK (about 75 MB) in this new folder, to be copied to machines without root: to judge there,
    JAVA_HOME=DIR is all that is needed."""

    def run(self) -> int:
        if self.bundle_jdk is not None:
            return self._bundle(Path(self.bundle_jdk))
        return self._examine()

    def _bundle(self, folder: Path) -> int:
        from javabox.engines import bundle

        try:
            bundle.make(folder)
        except OSError as error:
            reason = f"{error.strerror or error}; name a new folder that can be written"
            raise BadInput(reason, file=folder, field="bundle-jdk") from error
        size = bundle.megabytes(folder)
        if self.json:
            print(json.dumps({"bundle": str(folder), "megabytes": size}))
        else:
            print(f"{folder}: {size} MB; copy it (cp -r, scp -r, rsync) and there: export JAVA_HOME=COPY")
        return 0

    def _examine(self) -> int:
        from rlcf.doctor import can_judge, examine

        findings = examine(self.isolation, self.jdk)
        able = can_judge(findings)
        if self.json:
            print(json.dumps({"can_judge": able, "findings": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                print(f"{'ok' if finding.ok else 'missing':<8} {finding.name:<16} {finding.found}")
                if finding.mend:
                    print(f"{'':<26}mend: {finding.mend}")
            engine = next(finding for finding in findings if finding.decides).name
            print(f"\nprograms can be judged here ({engine})" if able else "\nno program can be judged here")
            print(BUNDLE)
        return 0 if able else 3

"""`rlcf doctor`: what works on this machine, and the command that mends what doesn't."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Doctor:
    """Check what works here: JDK, Docker, sandbox, GPU, data; with the command that mends the rest.

    Example: rlcf doctor
    """

    json: bool = False
    """Print one JSON object and nothing else."""

    def run(self) -> int:
        from rlcf.doctor import can_judge, examine

        findings = examine()
        able = can_judge(findings)
        if self.json:
            print(json.dumps({"can_judge": able, "findings": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                print(f"{'ok' if finding.ok else 'missing':<8} {finding.name:<16} {finding.found}")
                if finding.mend:
                    print(f"{'':<26}mend: {finding.mend}")
            print("\nprograms can be judged here" if able else "\nno program can be judged here")
        return 0 if able else 3

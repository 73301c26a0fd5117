"""A JDK in one folder that judges wherever it is copied to: for machines without root, such as cluster nodes.

    rlcf doctor --bundle-jdk jdk        # where there is a JDK 17 or later and ASM
    cp -r jdk NODE                      # scp -r, rsync, tar
    export JAVA_HOME=NODE/jdk           # there: neither a JDK nor ASM nor jlink nor a cache is needed

It is a runtime that jlink makes, with the compiler and what programs may use. So it serves as both: the JDK
that compiles and the image that programs run on (see jvm.py). Its folder `javabox` holds the jars of the JVM
side and the hash of their sources. The archives of loaded classes are made once and hold in any place. It is
74 MB of JDK 17 (10 of them java.desktop, 11 the archives) or 94 MB of JDK 25.

Two things differ from a whole JDK. A program that names a module which is not here (say, jdk.jfr) is a
compile error where it would be a runtime error; it can't pass either way. And programs can reach the
compiler, which gains them nothing. jdk.management must stay out: a program that can dump its own heap has
the tokens that open the judge's frames.

Not covered: other processors and C libraries than those of the machine it was made on.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path

from javabox.engines import jvm, manifest
from javabox.engines.jdk import BUNDLED, MARKER, find_jdk, is_bundle
from javabox.errors import JudgeUnavailable

MODULES = ("jdk.compiler", "jdk.zipfs", "javabox.program")


def make(folder: Path) -> None:
    """Makes a bundle in `folder`, which must be empty or not there, of the JDK that `find_jdk` finds.

    Raises JudgeUnavailable where the JDK or ASM is missing, OSError where nothing can be written there.
    """
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))
    jdk = find_jdk()
    if is_bundle(jdk):
        raise JudgeUnavailable(f"{jdk.home} is a bundle itself: copy it, or let JAVA_HOME name a whole JDK")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".bundle-", dir=folder.parent))
    print(f"making a JDK in {folder} (about 20 seconds)", file=sys.stderr, flush=True)
    try:
        jvm.copy_asm(scratch)
        for command in jvm.jar_commands(jdk.home, jvm.SOURCES, scratch):
            jvm.run(command)
        jvm.run([*jvm.image_command(jdk.home, scratch, MODULES), "--compress=2"])
        jvm.run(jvm.archive_command(scratch), check=False)
        side = scratch / "image" / BUNDLED
        side.mkdir()
        for name in jvm.JARS:
            shutil.move(scratch / name, side / name)
        (side / MARKER).write_text(jvm.source_hash() + "\n")
        manifest.write(side, below=scratch / "image")
        os.rename(scratch / "image", folder)  # whole or not at all
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def megabytes(folder: Path) -> int:
    """What all files below `folder` hold."""
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6)

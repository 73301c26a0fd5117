#!/bin/sh
# Inside fresh namespaces (see local.py): builds a read-only root that holds the JDK and nothing of the user's,
# then runs the judge there without privileges. Process 1 stays this shell, which reaps what programs leave.
# usage: sandbox.sh ROOT UID SCRATCH FOLDER... -- COMMAND...
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin # whatever the user has
root=$1 uid=$2 scratch=$3
shift 3
mount -t tmpfs -o size=64m,mode=755 javabox "$root"
mkdir -p "$root$scratch" "$root/proc"
launchers=0
while [ "$1" != -- ]; do
    if [ -L "$1" ]; then
        mkdir -p "$root$(dirname "$1")"
        ln -s "$(readlink "$1")" "$root$1"
    elif [ -d "$1" ]; then
        mkdir -p "$root$1"
        mount --bind -o ro "$1" "$root$1"
    elif [ -x "$1" ]; then
        # A JVM's launcher that its user may not read: the kernel then gives nobody else, of the same user
        # or not, the memory and the files of the process (ptrace(2), "dumpable").
        launchers=$((launchers + 1))
        cp "$1" "$root/launcher-$launchers"
        chmod 111 "$root/launcher-$launchers"
        mount --bind -o ro "$root/launcher-$launchers" "$root$1"
    elif [ -e "$1" ]; then
        mkdir -p "$root$(dirname "$1")"
        : > "$root$1"
        mount --bind "$1" "$root$1"
    fi
    shift
done
shift
mount -t proc proc "$root/proc"
mount -o remount,ro "$root"
# All that programs can write; the supervisor empties it between those that can.
mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev,noexec javabox "$root$scratch"
if [ "$uid" = 0 ]; then
    user=
else
    user="--reuid=$uid --regid=$uid --clear-groups"
fi
# Looked at before anything runs there: it is what everything else rests on.
if chroot "$root" setpriv $user --no-new-privs --inh-caps=-all --bounding-set=-all test -w /usr; then
    echo "the root of the sandbox can be written" >&2
    exit 1
fi
# A program has its judge's user and may stop it; process 1 it can't.
while sleep 1; do kill -CONT -1; done 2>/dev/null &
# `env`, since only a program that starts without capabilities is kept from reading the launcher.
chroot "$root" setpriv $user --no-new-privs --inh-caps=-all --bounding-set=-all env "$@"

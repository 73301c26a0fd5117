#!/bin/sh
# Inside fresh namespaces (see local.py): builds a read-only root that holds the JDK and nothing of the user's,
# then runs the judge there without privileges. Process 1 stays this shell, which reaps what programs leave.
# usage: sandbox.sh ROOT UID FOLDER... -- COMMAND...
set -eu
root=$1 uid=$2
shift 2
mount -t tmpfs -o size=64m,mode=755 javabox "$root"
mkdir -p "$root/tmp" "$root/proc"
# Before the folders: one of them may lie below /tmp.
mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev,noexec javabox "$root/tmp"
while [ "$1" != -- ]; do
    if [ -L "$1" ]; then
        mkdir -p "$root$(dirname "$1")"
        ln -s "$(readlink "$1")" "$root$1"
    elif [ -d "$1" ]; then
        mkdir -p "$root$1"
        mount --bind -o ro "$1" "$root$1"
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
if [ "$uid" = 0 ]; then
    user=
else
    user="--reuid=$uid --regid=$uid --clear-groups"
fi
chroot "$root" setpriv $user --no-new-privs --inh-caps=-all --bounding-set=-all "$@"

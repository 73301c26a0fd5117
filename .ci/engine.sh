# A Docker engine of one's own and a Debian image, for scripts that source this; nothing is pulled.
#
# All of it lives in one fresh folder: a stale engine, socket or image of the machine is neither used nor
# in the way. `start_engine` sets DOCKER_HOST and ENGINE_FOLDER; `stop_engine` belongs into an EXIT trap.

# Installs what the engine needs, and the browser of tests/rlcf/report, where it is missing.
engine_packages() {
    local missing=()
    command -v dockerd >/dev/null || missing+=(docker.io)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    [ ${#missing[@]} -gt 0 ] || return 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install --yes --no-install-recommends "${missing[@]}"
}

start_engine() {
    echo "starting a Docker engine"
    ENGINE_FOLDER=$(mktemp -d /tmp/rlcf-engine.XXXXXX)
    export DOCKER_HOST=unix://$ENGINE_FOLDER/docker.sock
    # No bridge and no firewall rules: the judge's containers have no network, and builds use the host's.
    containerd --root "$ENGINE_FOLDER/containerd" --state "$ENGINE_FOLDER/state" \
        --address "$ENGINE_FOLDER/containerd.sock" >"$ENGINE_FOLDER/containerd.log" 2>&1 &
    CONTAINERD=$!
    dockerd --containerd "$ENGINE_FOLDER/containerd.sock" --iptables=false --ip6tables=false --bridge=none \
        --data-root "$ENGINE_FOLDER/data" --exec-root "$ENGINE_FOLDER/exec" \
        --pidfile "$ENGINE_FOLDER/docker.pid" --host "$DOCKER_HOST" >"$ENGINE_FOLDER/docker.log" 2>&1 &
    DOCKERD=$!
    local tries
    for tries in $(seq 120); do
        if docker version >/dev/null 2>&1; then return 0; fi
        kill -0 "$DOCKERD" 2>/dev/null || break
        sleep 0.5
    done
    echo "the Docker engine did not start (try $tries); its last words:" >&2
    tail -n 20 "$ENGINE_FOLDER/containerd.log" "$ENGINE_FOLDER/docker.log" >&2
    return 1
}

# debian:bookworm-slim, or another, from the mirror that apt uses here: bash, apt and little else.
make_debian_image() { # [bookworm|trixie]
    local mirror name=${1:-bookworm} root=$ENGINE_FOLDER/debian
    echo "making a bare Debian image: $name"
    # shellcheck disable=SC2016  (apt's own variables)
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | head -n 1)
    debootstrap --variant=minbase "$name" "$root" ${mirror:+"$mirror"} >"$ENGINE_FOLDER/debootstrap.log" 2>&1 || {
        tail -n 20 "$ENGINE_FOLDER/debootstrap.log" >&2
        return 1
    }
    tar -C "$root" -c . | docker import - "debian:$name-slim" >/dev/null
    rm -rf --one-file-system "$root"
}

# A container of that image with Docker's default profile, in which COMMAND runs in a copy of the checkout, as
# git sees it, uncommitted files included. IN_CONTAINER holds further options of `docker run`.
in_container() { # COMMAND...
    local name data options
    data=$(realpath "${RLCF_DATA:-../shared/data}")
    options=(--rm --interactive --network host --volume "$data:/data:ro" --env RLCF_DATA=/data)
    for name in PIP_CERT PIP_FIND_LINKS; do
        if [ -e "${!name:-}" ]; then
            options+=(--volume "${!name}:/mounted/$name:ro" --env "$name=/mounted/$name")
        fi
    done
    for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_DEFAULT_TIMEOUT; do
        if [ -n "${!name:-}" ]; then options+=(--env "$name"); fi
    done
    # shellcheck disable=SC2016  (expanded inside the container)
    git ls-files -z --cached --others --exclude-standard \
        | tar --null --files-from - --create --ignore-failed-read --file - \
        | docker run "${options[@]}" ${IN_CONTAINER[@]+"${IN_CONTAINER[@]}"} "${IMAGE:-debian:bookworm-slim}" \
            bash -c 'mkdir -p /checkout && cd /checkout && tar --extract --no-same-owner --file - && exec "$@"' \
            bash "$@"
}

stop_engine() {
    [ -n "${ENGINE_FOLDER:-}" ] || return 0
    local process
    for process in "${DOCKERD:-}" "${CONTAINERD:-}"; do
        if kill "$process" 2>/dev/null; then wait "$process" || true; fi
    done
    awk -v folder="$ENGINE_FOLDER/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r \
        | while read -r mounted; do umount --lazy "$mounted"; done
    rm -rf --one-file-system "$ENGINE_FOLDER"
}

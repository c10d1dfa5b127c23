#!/usr/bin/env bash
# usage: bash tests/setup/bare_debian.sh [--user|--sudo|--sudo-password] [--no-network] COMMAND...
# Runs COMMAND (a shell line) at the root of a copy of this checkout in a bare Debian 12 made by debootstrap (minbase,
# with this machine's apt configuration), which is deleted afterwards. Exit code: the command's.
#   bash tests/setup/bare_debian.sh 'bash examples/run.sh && bash examples/run.sh'
# As root, or as a user: --user has no sudo, --sudo needs no password, --sudo-password does (it is "newcomer").
# Needs root, debootstrap, git, and 3 GiB in TMPDIR. No test: it needs the network and minutes.
# SHARDTYPE_BARE_DEBIAN: a folder to keep the bare system in; from the second time on it is only copied (206 MB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fail() { echo "tests/setup/bare_debian.sh: $*" >&2; exit 1; }

who=root network=yes
while [ $# -gt 0 ]; do
    case $1 in
        --user | --sudo | --sudo-password) who=${1#--} ;;
        --no-network) network=no ;;
        --help) sed -n "2,9s/^# //p" tests/setup/bare_debian.sh; exit 0 ;;
        --*) fail "unknown option $1" ;;
        *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || fail "no command (see the usage line of this file)"
[ "$(id -u)" -eq 0 ] || fail "needs root (mounts and chroot)"
for tool in debootstrap git unshare; do command -v "$tool" >/dev/null || fail "needs $tool"; done

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
system=$work/system
log=$work/log

base=${SHARDTYPE_BARE_DEBIAN:-$work/base}
if [ ! -d "$base/etc" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    debootstrap --variant=minbase bookworm "$base" ${mirror:+"$mirror"} >"$log" 2>&1 ||
        { rm -rf --one-file-system "$base"; fail "debootstrap: $(tail -n 1 "$log")"; }
    rm -f "$base"/etc/apt/sources.list
    # Debian's own sources only: others would need their keys.
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$file" ] && grep -qF "${mirror%/}" "$file"; then cp "$file" "$base/etc/apt/sources.list.d/"; fi
    done
    for file in /etc/apt/apt.conf.d/99*; do [ ! -f "$file" ] || cp "$file" "$base/etc/apt/apt.conf.d/"; done
    cp /etc/resolv.conf /etc/hosts "$base/etc/"
    useradd --root "$base" --create-home --home-dir /srv/newcomer --shell /bin/bash newcomer
    echo newcomer:newcomer | chpasswd --root "$base"
fi
if [ "$base" = "$work/base" ]; then mv "$base" "$system"; else cp -a "$base" "$system"; fi

mkdir "$system/srv/newcomer/shardtype"
git ls-files -z --cached --others --exclude-standard |
    xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' - |
    tar -c --null --no-recursion -T - | tar -x --no-same-owner -C "$system/srv/newcomer/shardtype"

# The mounts live in a mount namespace of their own, so that they end with it, whatever happens.
inside=$work/inside.sh
cat >"$inside" <<'INSIDE'
set -euo pipefail
system=$1 who=$2 network=$3
shift 3
mount -t proc proc "$system/proc"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$system/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
clean=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/srv/newcomer
    LANG=C.UTF-8 "TERM=${TERM:-dumb}")
case $who in
    sudo*)
        chroot "$system" "${clean[@]}" DEBIAN_FRONTEND=noninteractive sh -c \
            'apt-get -qq update && apt-get -qq install --no-install-recommends sudo' >/dev/null 2>&1
        tag=
        [ "$who" = sudo-password ] || tag=NOPASSWD:
        echo "newcomer ALL=(ALL:ALL) $tag ALL" >"$system/etc/sudoers.d/newcomer"
        ;;
esac
chroot "$system" rm -rf /var/lib/apt/lists
user=(chroot)
if [ "$who" != root ]; then
    chroot "$system" chown -R newcomer:newcomer /srv/newcomer/shardtype
    user=(USER=newcomer chroot --userspec=newcomer:newcomer)
fi
isolated=()
[ "$network" = yes ] || isolated=(unshare --net)
exec "${isolated[@]}" "${clean[@]}" "${user[@]}" "$system" bash -c 'cd /srv/newcomer/shardtype && eval "$1"' - "$*"
INSIDE
unshare --mount --propagation private bash "$inside" "$system" "$who" "$network" "$@"

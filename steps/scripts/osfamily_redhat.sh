# shellcheck shell=sh
# RHEL, Rocky, Alma, CentOS Stream, Fedora: rpm, and dnf 4 or 5.

REDHAT_REPO=haui-kubernetes

# redhat_version NAME: version and release of what is installed by that name, or provides it (curl-minimal is a curl).
redhat_version() {
    haui_format='%{VERSION}-%{RELEASE}\n'
    haui_found=$(rpm -q --qf "$haui_format" -- "$1" 2>/dev/null) ||
        haui_found=$(rpm -q --whatprovides --qf "$haui_format" -- "$1" 2>/dev/null) || return 0
    printf '%s\n' "$haui_found" | tail -n 1
}

# redhat_install NAME[=VERSION]…: without weak dependencies. rpm keeps configuration files that were changed.
redhat_install() {
    redhat_transact "" "$@"
}

# redhat_exact NAME=VERSION…: also when that is older than what is there, or held.
redhat_exact() {
    # Ours and what `hold` may have put into dnf.conf. The excludes of other sources stay.
    redhat_transact "$REDHAT_REPO,main" "$@"
}

# redhat_transact EXCLUDES NAME[=VERSION]…: dnf, and once more with fresh lists when it fails: a mirror does not keep what
# old lists name.
redhat_transact() {
    haui_excludes=$1
    shift
    for haui_name; do
        shift
        redhat_note "${haui_name%%=*}"
        case $haui_name in *=*) haui_name=${haui_name%%=*}-${haui_name#*=} ;; esac
        set -- "$@" "$haui_name"
    done
    redhat_dnf -y --setopt=install_weak_deps=0 --setopt="disable_excludes=$haui_excludes" install "$@" && return 0
    echo "trying again with fresh package lists"
    redhat_dnf -y --refresh --setopt=install_weak_deps=0 --setopt="disable_excludes=$haui_excludes" install "$@"
}

# redhat_note NAME: whether it was there before. What dnf brings along for it, dnf takes away with it.
redhat_note() {
    haui_found=$(redhat_version "$1")
    note_before package "$1" "${haui_found:-absent}"
}

# redhat_dnf ARGUMENT…: dnf with the proxy of the cluster file. A source of somebody else may be broken; whether that
# matters is seen when something is not found. dnf itself waits for another one at work.
redhat_dnf() (
    if [ -f "${HAUI_ROOT:-}/etc/haui/package-proxy" ]; then
        while IFS= read -r haui_line; do
            case $haui_line in http_proxy=* | https_proxy=* | no_proxy=*) export "${haui_line?}" ;; esac
        done <"${HAUI_ROOT:-}/etc/haui/package-proxy"
    fi
    dnf --setopt='*.skip_if_unavailable=1' "$@" </dev/null
)

# redhat_update [LIST]: refreshes what is known of all sources, or of ours alone, which then must answer.
redhat_update() {
    if [ -n "${1-}" ]; then
        redhat_dnf -q --refresh --repo="${1%.repo}" --setopt="${1%.repo}.skip_if_unavailable=0" makecache
    else
        redhat_dnf -q --refresh makecache
    fi
}

# redhat_versions NAME: all that our source offers, as it was last read, the newest first.
redhat_versions() {
    redhat_dnf -q -C --repo="$REDHAT_REPO" --setopt="disable_excludes=$REDHAT_REPO,main" repoquery \
        --qf '%{version}-%{release}\n' "$1" 2>/dev/null | grep . | sort -ruV
}

# redhat_offered NAME VERSION: the newest package version VERSION-<revision> that our source offers.
redhat_offered() {
    redhat_versions "$1" | awk -v want="$2-" 'index($0, want) == 1 { print; exit }'
}

# redhat_candidate NAME: the version that would be installed, from whatever source; nothing when none has it.
redhat_candidate() {
    redhat_dnf -q repoquery --latest-limit=1 --qf '%{version}-%{release}\n' "$1" 2>/dev/null | grep . | tail -n 1
}

# redhat_hold NAME…: the exclude line of our repository keeps them from upgrades. Where another source would still
# bring a newer one, dnf.conf gets such a line for all sources: dnf 4 has no other place, and the versionlock plugin
# need not be there.
redhat_hold() {
    haui_config=${HAUI_ROOT:-}/etc/dnf/dnf.conf
    haui_loose=$(redhat_upgrades "$@")
    [ -n "$haui_loose" ] || return 0
    keep_before "$haui_config"
    [ -f "$haui_config" ] || put_line_file "$haui_config" "[main]"
    # The file is read twice: an exclude line that is there gets longer, since a second one would replace it.
    awk -v names="$(echo "$*" | tr ' ' ',')" '
        /^\[/ { main = /^\[main\]/ }
        main && /^[ \t]*exclude(pkgs)?[ \t]*=/ {
            if (NR == FNR) { found = 1 } else if (!told) { told = 1; print $0 "," names; next }
        }
        NR == FNR { next }
        { print }
        /^\[main\]/ && !found && !told { told = 1; print "excludepkgs=" names }' "$haui_config" "$haui_config" >"$haui_config.haui-new"
    chmod 0644 "$haui_config.haui-new"
    put_file "$haui_config.haui-new" "$haui_config"
    echo "other package sources offer $(oneline "$haui_loose") as well: excluded in $haui_config"
}

# redhat_held: what the exclude line of our repository names, but for those that another source would upgrade.
redhat_held() {
    haui_kept=$(sed -n 's/^exclude=//p' "${HAUI_ROOT:-}/etc/yum.repos.d/$REDHAT_REPO.repo" 2>/dev/null)
    [ -n "$haui_kept" ] || return 0
    # shellcheck disable=SC2086  # a list of names
    haui_loose=$(redhat_upgrades $haui_kept)
    for haui_name in $haui_kept; do
        printf '%s\n' "$haui_loose" | grep -qxF "$haui_name" || printf '%s\n' "$haui_name"
    done
}

# redhat_upgrades NAME…: those that an upgrade of the system would change, as far as dnf's lists tell.
redhat_upgrades() {
    redhat_dnf -q -C repoquery --upgrades --qf '%{name}\n' "$@" 2>/dev/null | grep . | sort -u
}

# redhat_by_hand NAME…: what a person would type.
redhat_by_hand() {
    echo "dnf install $*"
}

# redhat_kernel_extras: the package with the rest of the running kernel's modules, which EL 10 keeps out of its small
# images; nothing where the kernel is not the distribution's own (a container, another's kernel).
redhat_kernel_extras() {
    haui_release=$(uname -r)
    rpm -q "kernel-core-$haui_release" >/dev/null 2>&1 || return 0
    rpm -q "kernel-modules-extra-$haui_release" >/dev/null 2>&1 || echo "kernel-modules-extra-$haui_release"
}

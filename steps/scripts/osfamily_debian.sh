# shellcheck shell=sh
# Debian and Ubuntu: dpkg and apt.

# debian_version NAME: the installed version; nothing when it is not (completely) installed.
debian_version() {
    # shellcheck disable=SC2016  # a format of dpkg's, not a variable of ours
    dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p' | head -n 1
}

# debian_install NAME[=VERSION]…: with the configuration files that are there kept, and no recommendations.
debian_install() {
    debian_fresh install "$@"
}

# debian_exact NAME=VERSION…: also when that is older than what is there, or held.
debian_exact() {
    debian_fresh install --allow-downgrades --allow-change-held-packages "$@"
}

# debian_fresh ARGUMENT…: apt-get, and once more with fresh lists when it fails: those of a new host are empty, and
# those of an old one name packages that are gone.
debian_fresh() {
    debian_apt "$@" && return 0
    echo "trying again with fresh package lists"
    # A source of somebody else may be broken; whether it matters is seen now.
    debian_update || :
    debian_apt "$@"
}

debian_apt() {
    # A power cut may have left packages unpacked but not set up; apt refuses to work until this is done. Another apt
    # at work is not our trouble here: the install below waits for it.
    dpkg --configure -a --force-confdef --force-confold </dev/null || :
    [ "$1" != install ] || debian_note "$@"
    # needrestart (Ubuntu) may list what should be restarted; it must neither ask nor do it, least of all with containerd.
    NEEDRESTART_MODE=l apt-get -q -y --no-install-recommends --fix-broken \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# debian_note ARGUMENT…: what this apt-get would install, change or take away, as it is before; apt itself says it.
debian_note() {
    haui_planned=$(LC_ALL=C apt-get -s -q -y --no-install-recommends --fix-broken "$@" 2>/dev/null </dev/null |
        awk '$1 == "Inst" || $1 == "Remv" { print $2, ($3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : "absent") }') || :
    while read -r haui_name haui_found; do
        [ -z "$haui_name" ] || note_before package "$haui_name" "$haui_found"
    done <<LIST
$haui_planned
LIST
}

# debian_update [LIST]: refreshes what is known of all sources, or of the one file below sources.list.d.
debian_update() {
    haui_list=${1-}
    set -- -q -o DPkg::Lock::Timeout=300
    if [ -n "$haui_list" ]; then
        # Only ours: a broken source of somebody else must not stop the install, and a failure of ours must.
        set -- "$@" -o "Dir::Etc::sourcelist=/etc/apt/sources.list.d/$haui_list" -o Dir::Etc::sourceparts=- \
            -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any
    fi
    haui_end=$(($(uptime_seconds) + 300))
    while :; do
        haui_rc=0
        haui_said=$(apt-get update "$@" 2>&1 </dev/null) || haui_rc=$?
        # DPkg::Lock::Timeout is about dpkg's lock, not about that of the lists.
        case $haui_said in
            *"Could not get lock"* | *"Unable to lock"*) [ "$(uptime_seconds)" -lt "$haui_end" ] || break ;;
            *) break ;;
        esac
        echo "another package manager is at work; waiting"
        sleep 5
    done
    printf '%s\n' "$haui_said"
    return "$haui_rc"
}

# debian_versions NAME: all that the sources offer, the newest first.
debian_versions() {
    apt-cache madison "$1" 2>/dev/null | awk '!seen[$3]++ { print $3 }'
}

# debian_candidate NAME: the version that would be installed; nothing when no source has it.
debian_candidate() {
    LC_ALL=C apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2; exit }'
}

# debian_offered NAME VERSION: the newest package version VERSION-<revision> that a source offers.
debian_offered() {
    apt-cache madison "$1" 2>/dev/null | awk -v want="$2-" 'index($3, want) == 1 { print $3; exit }'
}

# debian_hold NAME…: keep them at their version.
debian_hold() {
    haui_held=$(debian_held) || :
    for haui_name; do
        if printf '%s\n' "$haui_held" | grep -qxF "$haui_name"; then
            note_before hold "$haui_name" held
        else
            note_before hold "$haui_name" free
        fi
    done
    apt-mark hold "$@" >/dev/null
}

debian_held() {
    apt-mark showhold
}

# debian_by_hand NAME…: what a person would type.
debian_by_hand() {
    echo "apt-get install $*"
}

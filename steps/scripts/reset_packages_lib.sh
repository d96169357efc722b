# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include osfamily_lib reset_lib
# Packages that haui's installs have brought. More verbs of `package`: present NAME · removable NAME… · purge NAME… ·
# unhold NAME… · configuration NAME….

# debian_present NAME: whether dpkg has anything of it.
debian_present() {
    # shellcheck disable=SC2016  # a format of dpkg's
    haui_state=$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1)
    case $haui_state in
        '' | not-installed) return 1 ;;
    esac
}

# debian_removable NAME…: those of them that nothing needs but the others of them.
debian_removable() {
    LC_ALL=C dpkg --no-act --abort-after=100000 --purge "$@" 2>&1 | sed -n 's/^Would remove or purge \([^ ]*\) .*/\1/p'
}

# debian_purge NAME…: with their configuration. A removal that a power cut has broken off is only brought to its end by
# apt, which leaves the configuration of that package to a second purge.
debian_purge() {
    debian_apt purge --allow-change-held-packages "$@" || return
    haui_left=
    for haui_name; do
        ! debian_present "$haui_name" || haui_left="$haui_left $haui_name"
    done
    # shellcheck disable=SC2086  # a list of names
    [ -z "$haui_left" ] || debian_apt purge --allow-change-held-packages $haui_left
}

# debian_configuration NAME…: the files that go with the packages, although an admin may have changed them.
debian_configuration() {
    # shellcheck disable=SC2016  # a format of dpkg's
    dpkg-query -W -f '${Conffiles}\n' "$@" 2>/dev/null | sed -n 's|^ \(/[^ ]*\) .*|\1|p'
}

debian_unhold() {
    apt-mark unhold "$@" >/dev/null
}

redhat_present() {
    rpm -q -- "$1" >/dev/null 2>&1
}

redhat_removable() {
    haui_set=
    haui_more=yes
    while [ -n "$haui_more" ]; do
        haui_more=
        for haui_name; do
            case " $haui_set " in *" $haui_name "*) continue ;; esac
            # shellcheck disable=SC2086  # a list of names
            if rpm -e --test $haui_set "$haui_name" >/dev/null 2>&1; then
                haui_set="$haui_set $haui_name"
                haui_more=yes
            fi
        done
    done
    # Those that need each other in a circle.
    # shellcheck disable=SC2086
    if rpm -e --test "$@" >/dev/null 2>&1; then set -- "$@"; else set -- $haui_set; fi
    [ $# -eq 0 ] || printf '%s\n' "$@"
}

# redhat_purge NAME…: with what came along for them and nobody else needs.
redhat_purge() {
    redhat_dnf -y --setopt=clean_requirements_on_remove=1 remove "$@"
}

redhat_configuration() {
    rpm -qc -- "$@" 2>/dev/null | grep '^/'
}

# redhat_unhold: the exclude line went with the file that it is in.
redhat_unhold() {
    :
}

# brought: the packages that haui's installs have brought and that are here.
brought() {
    each_noted package brought_one
}
brought_one() {
    if [ "$2" = absent ] && package present "$1"; then printf '%s\n' "$1"; fi
}

# held_by_haui: those of the noted that were free before and are held now.
held_by_haui() {
    held_now=$(package held 2>/dev/null) || return 0
    each_noted hold held_one
}
held_one() {
    if [ "$2" = free ] && printf '%s\n' "$held_now" | grep -qxF "$1"; then printf '%s\n' "$1"; fi
}

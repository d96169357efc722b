# shellcheck shell=sh
# haui: include osfamily_debian osfamily_redhat
# The package manager behind one name: `package VERB ARGUMENT…` calls the function <family>_VERB of the host's family.
# Verbs: version NAME · install NAME[=VERSION]… · exact NAME=VERSION… · update [LIST] · versions NAME ·
# offered NAME VERSION · candidate NAME · hold NAME… · held · by_hand NAME… ·
# kernel_extras (the RHEL family only).

package() {
    haui_verb=$1
    shift
    case $(os_family) in
        debian) "debian_$haui_verb" "$@" ;;
        redhat) "redhat_$haui_verb" "$@" ;;
        *) die "no package manager known for $(os_release PRETTY_NAME)" "use Debian, Ubuntu, or one of the RHEL family" ;;
    esac
}

# of_family NAME: the parameter NAME in the version for this host's family, NAME_DEBIAN or NAME_REDHAT.
of_family() {
    case $(os_family) in
        redhat) eval "printf '%s' \"\${$1_REDHAT:-}\"" ;;
        *) eval "printf '%s' \"\${$1_DEBIAN:-}\"" ;;
    esac
}

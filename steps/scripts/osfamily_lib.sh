# shellcheck shell=sh
# haui: include osfamily_debian osfamily_redhat
# The package manager behind one name: `package VERB ARGUMENT…` calls the function <family>_VERB of the host's family.
# Verbs: version NAME · install NAME[=VERSION]… · exact NAME=VERSION… · update [LIST] · offered NAME VERSION ·
# hold NAME… · held.

# os_release FIELD: a field of /etc/os-release.
os_release() (
    # shellcheck source=/dev/null
    . "${HAUI_ROOT:-}/etc/os-release"
    eval "printf '%s' \"\${$1:-}\""
)

# os_family: debian, redhat, or other.
os_family() {
    for haui_id in $(os_release ID) $(os_release ID_LIKE); do
        case $haui_id in
            debian | ubuntu) echo debian && return ;;
            rhel | fedora | centos | rocky | almalinux) echo redhat && return ;;
        esac
    done
    echo other
}

package() {
    haui_verb=$1
    shift
    case $(os_family) in
        debian) "debian_$haui_verb" "$@" ;;
        redhat) "redhat_$haui_verb" "$@" ;;
        *) die "no package manager known for $(os_release PRETTY_NAME)" "use Debian or Ubuntu" ;;
    esac
}

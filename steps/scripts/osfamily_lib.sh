# shellcheck shell=sh
# haui: include osfamily_debian osfamily_redhat
# The package manager behind one name: `package VERB ARGUMENT…` calls the function <family>_VERB of the host's family.
# Verbs: version NAME · install NAME[=VERSION]… · exact NAME=VERSION… · update [LIST] · offered NAME VERSION ·
# hold NAME… · held.

package() {
    haui_verb=$1
    shift
    case $(os_family) in
        debian) "debian_$haui_verb" "$@" ;;
        redhat) "redhat_$haui_verb" "$@" ;;
        *) die "no package manager known for $(os_release PRETTY_NAME)" "use Debian or Ubuntu" ;;
    esac
}

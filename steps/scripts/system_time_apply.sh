# shellcheck shell=sh
# haui: include osfamily_lib time_lib
# A time service where there is none, and a clock that has settled.
set -eu

if ! time_service >/dev/null; then
    note_unit chrony chronyd
    package install chrony || die "chrony can't be installed" "install a time service on this host, or use profile test"
    case $(os_family) in
        redhat) systemctl enable --now chronyd ;;
        *) systemctl enable --now chrony ;;
    esac
fi
wait_until 120 time_synchronised || die "the clock is not synchronised after two minutes" \
    "give $(time_service) a time server that this host reaches (see /etc/chrony, /etc/chrony.conf or /etc/systemd/timesyncd.conf)"

# shellcheck shell=sh
# RHEL, Rocky, Alma, CentOS Stream, Fedora: the place for dnf. Until it is written, preflight refuses these hosts, and
# nothing here is reached; if it were, it says so.

redhat_missing() {
    die "packages of the RHEL family are not supported by this version of haui" "use Debian or Ubuntu"
}
redhat_version() { redhat_missing; }
redhat_install() { redhat_missing; }
redhat_exact() { redhat_missing; }
redhat_update() { redhat_missing; }
redhat_offered() { redhat_missing; }
redhat_hold() { redhat_missing; }
redhat_held() { redhat_missing; }

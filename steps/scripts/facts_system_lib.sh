# shellcheck shell=sh
# Facts: the operating system: distribution, architecture, init, names, security modules, health.
#   (no facts yet)

facts_system() {
    :
}

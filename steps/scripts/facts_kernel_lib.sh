# shellcheck shell=sh
# Facts: the kernel: version, modules, cgroups, settings.
#   (no facts yet)

facts_kernel() {
    :
}

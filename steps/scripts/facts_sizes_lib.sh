# shellcheck shell=sh
# Facts: processors and memory against what the roles need.
#   (no facts yet)

facts_sizes() {
    :
}

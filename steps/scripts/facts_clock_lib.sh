# shellcheck shell=sh
# Facts: who sets the clock, and whether it is right.
#   (no facts yet)

facts_clock() {
    :
}

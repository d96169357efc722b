# shellcheck shell=sh
# Facts: what is there already: runtimes, another Kubernetes, leftovers, balancers.
#   (no facts yet)

facts_kubernetes() {
    :
}

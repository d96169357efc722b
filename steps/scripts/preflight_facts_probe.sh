# shellcheck shell=sh
# haui: include facts_lib facts_access_lib facts_system_lib facts_sizes_lib facts_disks_lib facts_kernel_lib facts_kubernetes_lib facts_network_lib facts_clock_lib facts_ports_lib facts_fleet_lib
# Everything about one host that checks want to know, in one look. Only reads.

facts_all() {
    fact clock.first "$(date +%s.%N)"
    facts_access
    facts_system
    facts_sizes
    facts_disks
    facts_kernel
    facts_kubernetes
    facts_network
    facts_clock
    facts_ports
    facts_fleet
    fact clock.last "$(date +%s.%N)"
    facts_end
}

facts_all
exit 0

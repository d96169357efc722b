# shellcheck shell=sh
# haui: include time_lib
# Certificates and etcd's leases need clocks that agree. A test cluster is only told.

short() {
    if [ "$HAUI_PROFILE" = production ]; then finding differs "$@"; else finding info "$@"; fi
}

if clock_is_foreign; then
    finding info "time service" "one is active" "the clock is the machine's, this is a container"
elif service=$(time_service); then
    finding ok "time service" "one is active" "$service"
    if time_synchronised; then
        finding ok "clock" synchronised synchronised
    else
        short "clock" synchronised "not synchronised"
    fi
else
    short "time service" "one is active" "none"
fi
exit 0

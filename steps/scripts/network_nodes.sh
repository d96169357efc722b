# shellcheck shell=sh
# haui: include kubernetes_lib
# Prints every node with its address and its part of the pod network, name=address=cidr;… as one value.
# Fails while a node of HAUI_NODES (name=address …) has none.

working_control_plane

list_nodes() {
    admin get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.status.addresses[?(@.type=="InternalIP")].address}={.spec.podCIDR};{end}' 2>/dev/null
}

all_have_parts() {
    listed_nodes=$(list_nodes) || return 1
    for pair in ${HAUI_NODES:-}; do
        case ";$listed_nodes" in
            *";${pair%%=*}="*=*/*) ;;
            *) return 1 ;;
        esac
    done
    case $listed_nodes in
        *=\;*) return 1 ;;
    esac
}

retry 45 all_have_parts || die "not every node has its part of the pod network: ${listed_nodes:-no answer}" \
    "see that all nodes have joined and that network.pods is large enough for a /24 each"
printf 'nodes=%s\n' "$listed_nodes"

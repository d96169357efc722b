# shellcheck shell=sh
# haui: include kubernetes_lib
# Every node of HAUI_NODES (name=address …): Ready, the asked version, the asked address.

nodes_now=$(admin get nodes \
    -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{range .status.conditions[?(@.type=="Ready")]}{.status}{end}{"\t"}{.status.nodeInfo.kubeletVersion}{"\t"}{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' 2>/dev/null) ||
    finding differs "list of the nodes" readable "no answer from $LOCAL_API"

column() {
    printf '%s\n' "$nodes_now" | awk -F '\t' -v node="$1" -v column="$2" '$1 == node { print $column; exit }'
}

for pair in ${HAUI_NODES:-}; do
    node=${pair%%=*}
    case $(column "$node" 2) in
        True) seen_ready=Ready ;;
        "") seen_ready="no such Node" ;;
        *) seen_ready="not ready" ;;
    esac
    want "node $node" Ready "$seen_ready"
    want "node $node: version" "v$HAUI_VERSION" "$(column "$node" 3)"
    want "node $node: address" "${pair#*=}" "$(column "$node" 4)"
done
for node in $(printf '%s\n' "$nodes_now" | cut -f 1); do
    case " ${HAUI_NODES:-} " in
        *" $node="*) ;;
        *) finding info "node $node" "" "not in the cluster file" ;;
    esac
done

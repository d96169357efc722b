# shellcheck shell=sh
# haui: include kubernetes_lib
# Is every node of HAUI_NODES (name=address …) Ready? One line a node, with the kubelet's own reason.

nodes_now=$(admin get nodes \
    -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{range .status.conditions[?(@.type=="Ready")]}{.status}{"\t"}{.message}{end}{"\n"}{end}' 2>/dev/null) || nodes_now=
for pair in ${HAUI_NODES:-}; do
    node=${pair%%=*}
    status=$(printf '%s\n' "$nodes_now" | awk -F '\t' -v node="$node" '$1 == node { print $2 }')
    reason=$(printf '%s\n' "$nodes_now" | awk -F '\t' -v node="$node" '$1 == node { print $3 }')
    case $status in
        True) finding ok "node $node" Ready Ready ;;
        "") finding differs "node $node" Ready "no such Node" ;;
        *) finding differs "node $node" Ready "$reason" ;;
    esac
done

# shellcheck shell=sh
# haui: include kubernetes_lib
# Does each node carry its labels? $HAUI_INPUTS/labels: node, tab, key=value.

labels_now=$(admin get nodes --no-headers --show-labels 2>/dev/null | awk '{ print $1 "\t," $NF "," }') || labels_now=
while IFS=$HAUI_TAB read -r node label; do
    [ -n "$node" ] || continue
    of_node=$(printf '%s\n' "$labels_now" | awk -F '\t' -v node="$node" '$1 == node { print $2 }')
    case $of_node in
        *,"$label",*) finding ok "label of $node" "$label" "$label" ;;
        *) finding differs "label of $node" "$label" missing ;;
    esac
done <"$HAUI_INPUTS/labels"

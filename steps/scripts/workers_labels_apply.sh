# shellcheck shell=sh
# haui: include kubernetes_lib
# Gives each node its labels. $HAUI_INPUTS/labels: node, tab, key=value.

while IFS=$HAUI_TAB read -r node label; do
    [ -n "$node" ] || continue
    admin label node "$node" "$label" --overwrite || die "the node $node can't be labelled $label"
done <"$HAUI_INPUTS/labels"

# shellcheck shell=sh
# Whether the cluster has forgotten this host, as a control plane has said.

want "Node $HAUI_HOST in the cluster" absent "$HAUI_NODE"

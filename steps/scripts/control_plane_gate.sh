# shellcheck shell=sh
# haui: include kubernetes_lib
# Asked on a working control plane before another one joins: etcd must have all its members as healthy
# voters. A member of the joining host itself (HAUI_ADDRESS) is left by an earlier attempt and is
# the join's own business. So is one of a control plane that never became one: nobody is joining now, and the supply
# that follows removes it.

if ! here; then
    finding differs "API server of the host that was asked" ok "no answer"
    exit 0
fi
# An unstarted member may be coming up at this moment, after a restart of its host.
if ! local_ready && [ "$HAUI_ETCD" = stacked ] && quorum_lost && ! retry 60 local_ready; then
    absent=$(absent_members)
    finding blocked "etcd of $NODE" "$(quorum_advice)" "has lost its quorum${absent:+: it misses $absent}"
    exit 0
fi
if ! local_ready; then
    finding differs "API server of the host that was asked" ok "no answer"
    exit 0
fi
finding ok "API server of $NODE" ok ok
[ "$HAUI_ETCD" = stacked ] || exit 0

if ! listed=$(etcd_members); then
    finding differs "etcd members" readable "no answer"
    exit 0
fi
voters=0
while read -r _ name address state; do
    if [ "$address" = "$HAUI_ADDRESS" ]; then
        finding info "etcd member of $HAUI_HOST" none "$state, of an earlier attempt"
        continue
    fi
    if [ "$state" != voter ] && unfinished "$address"; then
        finding info "etcd member at $address" none "$state, of a join that did not end"
        continue
    fi
    want "etcd member $name ($address)" voter "$state"
    [ "$state" = voter ] || continue
    voters=$((voters + 1))
    if etcd_exec "$address" endpoint health >/dev/null 2>&1; then
        finding ok "etcd of $name" healthy healthy
    else
        finding differs "etcd of $name" healthy "no healthy answer"
    fi
done <<LIST
$listed
LIST
joined=$(admin get nodes -l node-role.kubernetes.io/control-plane --field-selector "metadata.name!=$HAUI_HOST" -o name 2>/dev/null | grep -c .)
want "etcd voters for the control planes that joined" "$joined" "$voters"

# shellcheck shell=sh
# haui: include facts_lib osfamily_lib supply_http_lib supply_images_lib supply_packages_lib supply_dnf_lib
# haui: include supply_registry_lib
# Packages and images as the host itself gets them, before the first change. Only descriptions are fetched, into a
# folder that is gone in the end; the package manager's lists and locks are not touched. Facts besides the parts':
#   name       NAME MILLISECONDS ADDRESS   a name that has to be known, and - for one that is not
#   proxy      URL CODE KIND TEXT          the answer of a proxy of the cluster file to a request for itself
#   proxy.own  WHERE NAME=VALUE            what the host itself says about a proxy; without its login

ROOT=${HAUI_ROOT:-}

# supply_names, supply_proxies: the lines `name NAME` and `proxy URL` of $PLAN.
supply_names() {
    while read -r kind name _; do
        [ "$kind" = name ] || continue
        began=$(date +%s%N)
        address=$(bounded 6 getent ahosts "$name" | awk '{ print $1; exit }')
        fact name "$name $((($(date +%s%N) - began) / 1000000)) ${address:--}"
    done <"$PLAN"
}

supply_proxies() {
    while read -r kind url _; do
        if [ "$kind" = proxy ] && [ -n "$HTTP_TOOL" ]; then
            http GET "$url/" none - "$SUPPLY/proxy" </dev/null
            fact proxy "$url $(cat "$SUPPLY/proxy.said")"
        fi
    done <"$PLAN"
    for file in /etc/environment /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/dnf/dnf.conf /etc/profile.d \
        /etc/systemd/system/containerd.service.d /etc/systemd/system.conf /etc/systemd/system.conf.d; do
        grep -rIiHE '^[^#]*(https?|all|no)[_:]*proxy' "$ROOT$file" 2>/dev/null | head -n 8
    done | grep -v haui-proxy | sed -e "s|^$ROOT||" -e 's|://[^/@]*@|://|g' -e 's|^\([^:]*\):|\1 |' | fact_lines proxy.own
}

HTTP_TOOL=$(http_tool) || HTTP_TOOL=
SUPPLY=$(mktemp -d "${HAUI_INPUTS:?}/supply.XXXXXX") || exit 1
trap 'rm -rf "$SUPPLY"' EXIT
trap 'exit 1' HUP INT TERM
unset http_proxy https_proxy ftp_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
PLAN=$HAUI_INPUTS/plan
# shellcheck disable=SC2034  # both are for the libraries
HAUI_NEEDED=$(of_family HAUI_NEEDED)
# shellcheck disable=SC2034
HAUI_KEY_URL=$(of_family HAUI_KEY_URL)

supply_images >"$SUPPLY/facts.images" &
images=$!
{
    supply_names
    supply_proxies
} >"$SUPPLY/facts.names" &
names=$!
supply_locks
if [ "$(os_family)" = redhat ]; then
    fact apt no
    if have dnf && have rpm; then fact dnf yes && supply_dnf; else fact dnf no; fi
elif have apt-get && have dpkg-query; then
    fact apt yes
    supply_sources >"$SUPPLY/facts.sources" &
    sources=$!
    supply_dpkg
    if [ -n "$HAUI_KUBERNETES" ]; then supply_mirror; else fact mirror skipped; fi
    supply_candidates
    wait "$sources"
    cat "$SUPPLY/facts.sources"
else
    fact apt no
fi
supply_registry
wait "$names"
cat "$SUPPLY/facts.names"
wait "$images"
cat "$SUPPLY/facts.images"
facts_end
exit 0

# shellcheck shell=sh
# shellcheck disable=SC2034  # for the scripts that include this
# What the scripts around containerd share.

CONFIG=${HAUI_ROOT:-}/etc/containerd/config.toml
RENDERED=${HAUI_ROOT:-}/etc/haui/containerd
PROXY=${HAUI_ROOT:-}/etc/systemd/system/containerd.service.d/haui-proxy.conf

# containerd_version: 1.6.20, 2.1.3, …
containerd_version() {
    containerd --version 2>/dev/null | awk '{ sub(/^v/, "", $3); sub(/[~+-].*/, "", $3); print $3; exit }'
}

# containerd_config: the rendered file that this containerd understands.
containerd_config() {
    case $(containerd_version) in
        '' | 0.* | 1.*) echo "$RENDERED/config-v2.toml" ;;
        *) echo "$RENDERED/config-v3.toml" ;;
    esac
}

# containerd_setting SECTION-END KEY: a value of the effective configuration. SECTION-END is the end of the section's
# name with the quotes of either kind left out.
containerd_setting() {
    containerd config dump 2>/dev/null | awk -v section="$1" -v key="$2" -v quotes="[\"']" '
        /^ *\[/ {
            name = $0
            gsub(quotes, "", name); gsub(/^ *\[|\] *$/, "", name)
            here = length(name) >= length(section) && substr(name, length(name) - length(section) + 1) == section
        }
        here && $1 == key && $2 == "=" { value = $0; sub(/^[^=]*= */, "", value); gsub(quotes, "", value); print value; exit }'
}

# containerd_variable NAME: a variable of the environment that the running containerd has.
containerd_variable() {
    main_pid=$(systemctl show -p MainPID --value containerd 2>/dev/null)
    tr '\0' '\n' 2>/dev/null <"${HAUI_ROOT:-}/proc/${main_pid:-0}/environ" | sed -n "s/^$1=//p" | head -n 1
}

# containerd_answers: the socket speaks, and the part for Kubernetes is in good order.
containerd_answers() {
    timeout 10 ctr version >/dev/null 2>&1 && timeout 10 ctr plugins ls 2>/dev/null |
        awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "ok" { found = 1 } END { exit !found }'
}

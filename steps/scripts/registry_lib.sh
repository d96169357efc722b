# shellcheck shell=sh
# haui: include pki_lib
# What the scripts around haui's own registry share: where its files are, and how to ask it. HAUI_ROOT is set by tests
# only. HAUI_PORT is where it listens.

# shellcheck disable=SC2034  # read by the scripts that follow
REGISTRY=${HAUI_ROOT:-}/etc/haui/registry
REGISTRY_CA=$REGISTRY/ca.crt
REGISTRY_CA_KEY=$REGISTRY/ca.key
REGISTRY_LOGIN=${HAUI_INPUTS:-}/login # a header; absent when there is no login
REGISTRY_UNIT=${HAUI_ROOT:-}/etc/systemd/system/haui-registry.service

MANIFESTS="application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

# registry_origin: the registry of this host, as a URL.
registry_origin() {
    case $HAUI_ADDRESS in
        *:*) printf 'https://[%s]:%s' "$HAUI_ADDRESS" "$HAUI_PORT" ;;
        *) printf 'https://%s:%s' "$HAUI_ADDRESS" "$HAUI_PORT" ;;
    esac
}

# registry_asks ARGUMENT… URL: curl to the registry of this host, with the login when there is one. Neither the host's
# settings for curl nor its proxy play a part.
registry_asks() {
    if [ -n "$REGISTRY_LOGIN" ] && [ -s "$REGISTRY_LOGIN" ]; then
        set -- -H "@$REGISTRY_LOGIN" "$@"
    fi
    curl -q -g -sS --noproxy '*' --connect-timeout 5 --cacert "$REGISTRY_CA" "$@"
}

# registry_code PATH [ARGUMENT…]: the status that the registry answers with; 000 when it does not.
registry_code() {
    registry_path=$1
    shift
    registry_asks --max-time 20 -o /dev/null -w '%{http_code}' "$@" "$(registry_origin)$registry_path" 2>/dev/null || :
}

# registry_manifest REPOSITORY REFERENCE: the digest of what it has under that name; nothing when it has not.
registry_manifest() {
    registry_asks --max-time 20 -f -I -H "Accept: $MANIFESTS" "$(registry_origin)/v2/$1/manifests/$2" 2>/dev/null |
        tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }'
}

# registry_answers: does it speak, with a certificate of its CA, and let in who may?
registry_answers() {
    [ "$(registry_code /v2/)" = 200 ]
}

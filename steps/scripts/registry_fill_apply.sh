# shellcheck shell=sh
# haui: include osfamily_lib registry_archive_lib
# Pushes the images of the archive into the registry, bytes as they are, so that digests stay what they were. What the
# registry has is not sent again; killed in between, it goes on there.
set -eu

for tool in jq curl tar; do
    have "$tool" || package install "$tool" || die "$tool can't be installed" "look at the package sources of this host"
done
WORK=$(mktemp -d "$HAUI_INPUTS/archive.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

refused() {
    sed -n '1,3p' "$WORK/answer" >&2
    die "the registry does not take $1 of $name: it answers $2" "see: journalctl -u haui-registry; is its disk full?"
}

# place URL: the absolute form of what the registry says of where to go on.
place() {
    case $1 in
        /*) printf '%s%s' "$(registry_origin)" "$1" ;;
        *) printf '%s' "$1" ;;
    esac
}

location() {
    tr -d '\r' <"$WORK/head" | awk 'tolower($1) == "location:" { print $2 }' | tail -n 1
}

# push_blob DIGEST MEMBER
push_blob() {
    is_digest "$1" || die "$name has something with the digest '$1'" "make the archive again"
    [ "$(registry_code "/v2/$PUSH_REPOSITORY/blobs/$1" -I)" != 200 ] || return 0
    has_member "$2" || die "$HAUI_ARCHIVE lacks a part of $name: $2" "make the archive again; it is not complete"
    code=$(registry_asks -X POST -D "$WORK/head" -o "$WORK/answer" -w '%{http_code}' -H 'Content-Length: 0' \
        "$(registry_origin)/v2/$PUSH_REPOSITORY/blobs/uploads/") || code=000
    [ "$code" = 202 ] || refused "a new part" "$code"
    upload=$(place "$(location)")
    case $upload in *\?*) upload="$upload&digest=$1" ;; *) upload="$upload?digest=$1" ;; esac
    code=$(member "$2" | registry_asks -X PUT -o "$WORK/answer" -w '%{http_code}' -H 'Expect:' \
        -H 'Content-Type: application/octet-stream' -T - "$upload") || code=000
    [ "$code" = 201 ] || refused "the data $1" "$code"
}

# push_manifest FILE TYPE REFERENCE
push_manifest() {
    code=$(registry_asks -X PUT -o "$WORK/answer" -w '%{http_code}' -H "Content-Type: $2" --data-binary "@$1" \
        "$(registry_origin)/v2/$PUSH_REPOSITORY/manifests/$3") || code=000
    [ "$code" = 201 ] || refused "the manifest" "$code"
}

# push_oci DIGEST TYPE REFERENCE: a manifest with all that it is made of; an index with its images first.
push_oci() (
    file=$WORK/manifest.${1#sha256:}
    { is_digest "$1" && top_manifest "$1" "$file"; } ||
        die "the manifest $1 of $name is absent or damaged in $HAUI_ARCHIVE" "make the archive again"
    type=$(media_type "$file" "$2")
    if jq -e .manifests <"$file" >/dev/null; then
        jq -r '.manifests[] | [.digest, (.mediaType // "-")] | @tsv' <"$file" >"$file.parts"
        while read -r digest child_type; do
            push_oci "$digest" "$child_type" "$digest" </dev/null || exit 1
        done <"$file.parts"
    else
        # Layers that their maker lets nobody hand on stay where they are.
        jq -r '[.config, (.layers[] | select((.mediaType // "" | test("foreign|nondistributable")) | not))] | .[].digest' \
            <"$file" >"$file.parts"
        while read -r digest; do
            push_blob "$digest" "$(blob "$digest")" </dev/null || exit 1
        done <"$file.parts"
    fi
    push_manifest "$file" "$type" "$3"
)

# docker_layer MEMBER: its digest, size and media type; computed once for all images of the archive.
docker_layer() {
    layer=$(stored "$1")
    [ -n "$layer" ] || die "$HAUI_ARCHIVE lacks a part of $name: $1" "make the archive again; it is not complete"
    known=$(awk -F '\t' -v want="$layer" '$1 == want { print $2; exit }' "$WORK/layers")
    if [ -z "$known" ]; then
        case $(member "$1" 2>/dev/null | head -c 2 | od -An -tx1 | tr -d ' \n') in
            1f8b) type=application/vnd.oci.image.layer.v1.tar+gzip ;;
            *) type=application/vnd.oci.image.layer.v1.tar ;;
        esac
        known="sha256:$(member "$1" | sha256sum | cut -d ' ' -f 1) $(member_size "$1") $type"
        printf '%s\t%s\n' "$layer" "$known" >>"$WORK/layers"
    fi
    printf '%s\n' "$known"
}

# push_docker CONFIG: a docker-archive holds no manifest, so one is made of its configuration and layers.
push_docker() {
    config_member=$1
    member "$1" >"$WORK/config" || die "$HAUI_ARCHIVE lacks the configuration of $name" "make the archive again"
    config=sha256:$(sha256sum <"$WORK/config" | cut -d ' ' -f 1)
    member manifest.json | jq -r --arg config "$1" 'map(select(.Config == $config))[0].Layers[]' >"$WORK/parts"
    : >"$WORK/layers.json"
    while read -r part; do
        told=$(docker_layer "$part" </dev/null)
        # shellcheck disable=SC2086  # three words
        set -- $told
        push_blob "$1" "$part" </dev/null
        jq -n -c --arg digest "$1" --argjson size "$2" --arg type "$3" \
            '{mediaType: $type, digest: $digest, size: $size}' >>"$WORK/layers.json"
    done <"$WORK/parts"
    push_blob "$config" "$config_member"
    jq -s -c --arg digest "$config" --argjson size "$(wc -c <"$WORK/config")" '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $digest, size: $size},
        layers: .}' <"$WORK/layers.json" >"$WORK/made"
    push_manifest "$WORK/made" application/vnd.oci.image.manifest.v1+json "$PUSH_REFERENCE"
}

archive_open
archive_images >"$WORK/images"
: >"$WORK/layers"
while read -r name what type; do
    if ! name_image "$name"; then
        echo "no name: $name ($what) is not pushed"
    elif image_pushed "$what"; then
        echo "here:    $name"
    else
        echo "push:    $name as $PUSH_REPOSITORY:$PUSH_REFERENCE"
        if [ "$ARCHIVE_KIND" = oci ]; then
            push_oci "$what" "$type" "$PUSH_REFERENCE" </dev/null
        else
            push_docker "$what" </dev/null
        fi
    fi
done <"$WORK/images"

# shellcheck shell=sh
# haui: include registry_lib
# The images of HAUI_ARCHIVE: an OCI layout (folder or tar, as `ctr images export`, `skopeo copy oci-archive:` and newer
# `docker save` make it) or a docker-archive (tar). Nothing is unpacked: tar finds a member of a plain tar without reading
# the others. What stands in an archive is somebody else's text: names and digests are looked at before they are used.

ARCHIVE=${HAUI_ROOT:-}${HAUI_ARCHIVE:-}

# archive_open: looks into the archive, $WORK being a folder for notes; sets ARCHIVE_KIND (oci or docker). Ends the
# script when it can't be read.
archive_open() {
    [ -e "$ARCHIVE" ] || die "there is no $HAUI_ARCHIVE on this host" "copy the archive there, or correct registry.archive"
    if [ -d "$ARCHIVE" ]; then
        (cd "$ARCHIVE" && find . -type f -printf '%s %P\n') >"$WORK/sizes"
        : >"$WORK/links"
    else
        case $(head -c 4 "$ARCHIVE" | od -An -tx1 | tr -d ' \n') in
            1f8b* | 28b52ffd | fd377a58 | 425a68*)
                die "$HAUI_ARCHIVE is compressed as a whole" "unpack it once (gunzip, zstd -d, xz -d) and name the tar" ;;
        esac
        tar -tvf "$ARCHIVE" --quoting-style=literal >"$WORK/listing" 2>"$WORK/said" ||
            die "$HAUI_ARCHIVE is no tar archive: $(head -n 1 "$WORK/said")" "make it again, e.g. with skopeo or ctr"
        # MODE OWNER SIZE DATE TIME NAME [-> TARGET]
        awk '/^-/ { size = $3; sub(/^([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ )/, ""); print size, $0 }' \
            "$WORK/listing" >"$WORK/sizes"
        awk '/^[lh]/ && match($0, / (->|link to) /) {
                target = substr($0, RSTART + RLENGTH)
                name = substr($0, 1, RSTART - 1); sub(/^([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ +)([^ ]+ )/, "", name)
                if (/^l/) { folder = name; sub(/[^\/]*$/, "", folder)
                    while (sub(/^\.\.\//, "", target)) sub(/[^\/]*\/$/, "", folder)
                    target = folder target }
                print name, target }' "$WORK/listing" >"$WORK/links"
    fi
    if has_member index.json && has_member oci-layout; then
        ARCHIVE_KIND=oci
    elif has_member manifest.json; then
        ARCHIVE_KIND=docker
    else
        die "$HAUI_ARCHIVE is neither an OCI layout nor a docker-archive" \
            "it must hold index.json or manifest.json at its top; make it with ctr images export, skopeo copy or docker save"
    fi
}

# stored NAME: the name under which the archive has it, perhaps with ./ before it.
stored() {
    awk -v want="$1" 'FILENAME == ARGV[1] { if ($1 == want || $1 == "./" want) want = $2; next }
        { name = $0; sub(/^[0-9]+ /, "", name) }
        name == want || name == "./" want || "./" name == want { print name; exit }' "$WORK/links" "$WORK/sizes"
}

has_member() {
    [ -n "$(stored "$1")" ]
}

# member NAME: its content.
member() {
    member_name=$(stored "$1")
    [ -n "$member_name" ] || return 1
    if [ -d "$ARCHIVE" ]; then
        cat -- "$ARCHIVE/$member_name"
    else
        tar -xOf "$ARCHIVE" --occurrence=1 --no-wildcards -- "$member_name"
    fi
}

member_size() {
    awk -v want="$(stored "$1")" '{ size = $1; sub(/^[0-9]+ /, ""); if ($0 == want) { print size; exit } }' "$WORK/sizes"
}

# blob DIGEST: the name of a blob of an OCI layout.
blob() {
    printf 'blobs/sha256/%s' "${1#sha256:}"
}

is_digest() {
    case $1 in
        sha256:*[!0-9a-f]* | sha256:) return 1 ;;
        sha256:*) [ ${#1} -eq 71 ] ;;
        *) return 1 ;;
    esac
}

# archive_images: one line an image, `NAME WHAT TYPE`: WHAT is the digest of its manifest (oci) or the name of its
# configuration (docker); TYPE the manifest's media type or -.
archive_images() {
    if [ "$ARCHIVE_KIND" = oci ]; then
        member index.json | jq -r '.manifests[]
            | [(.annotations["io.containerd.image.name"] // .annotations["org.opencontainers.image.ref.name"] // "-"),
               .digest, (.mediaType // "-")] | @tsv'
    else
        member manifest.json | jq -r '.[] | .Config as $config | (.RepoTags // ["-"])[] | [., $config, "-"] | @tsv'
    fi >"$WORK/images.raw" 2>"$WORK/said" ||
        die "the list of images in $HAUI_ARCHIVE can't be read: $(head -n 1 "$WORK/said")" "make the archive again"
    awk '!seen[$1]++' "$WORK/images.raw"
}

# name_image NAME: sets PUSH_REPOSITORY and PUSH_REFERENCE, where the nodes will ask this registry for it: below the name
# of the registry that it is of, and for those of this registry (HAUI_OWN) as they are. 1 when it has no such name.
name_image() {
    case $1 in
        *[!A-Za-z0-9._/:@-]* | '' | -*) return 1 ;;
    esac
    name_rest=${1%%@*}
    PUSH_REFERENCE=
    case ${name_rest##*/} in
        *:*) PUSH_REFERENCE=${name_rest##*:} name_rest=${name_rest%:*} ;;
    esac
    case $1 in *@*) PUSH_REFERENCE=${1#*@} ;; esac
    case $name_rest in
        */*) name_first=${name_rest%%/*} name_rest=${name_rest#*/} ;;
        *) name_first='' ;;
    esac
    # A mere tag, as the annotation that OCI itself defines may hold, names nothing.
    [ -n "$PUSH_REFERENCE" ] || return 1
    case $name_first in
        '') PUSH_REPOSITORY=docker.io/library/$name_rest ;;
        docker.io | index.docker.io)
            case $name_rest in
                */*) PUSH_REPOSITORY=docker.io/$name_rest ;;
                *) PUSH_REPOSITORY=docker.io/library/$name_rest ;;
            esac ;;
        *.* | *:* | localhost)
            case " $HAUI_OWN " in
                *" $name_first "*) PUSH_REPOSITORY=$name_rest ;;
                # A colon can't be part of a repository's name.
                *) PUSH_REPOSITORY=$(printf '%s' "$name_first" | tr : _)/$name_rest ;;
            esac ;;
        *) PUSH_REPOSITORY=docker.io/$name_first/$name_rest ;;
    esac
}

# top_manifest DIGEST FILE: the manifest to be pushed for an image of an OCI layout, in FILE. An index whose images for
# other processors were left out of the archive is given without these: a registry takes no index with holes.
top_manifest() {
    member "$(blob "$1")" >"$2" || return 1
    [ "sha256:$(sha256sum <"$2" | cut -d ' ' -f 1)" = "$1" ] || return 1
    jq -r 'if .manifests then .manifests[].digest else empty end' <"$2" >"$2.children" || return 1
    [ -s "$2.children" ] || return 0
    top_here=
    while read -r top_child; do
        is_digest "$top_child" || return 1
        ! has_member "$(blob "$top_child")" || top_here="$top_here $top_child"
    done <"$2.children"
    [ -n "$top_here" ] || return 1
    # shellcheck disable=SC2086  # a list
    if [ "$(printf '%s\n' $top_here | wc -l)" -lt "$(wc -l <"$2.children")" ]; then
        jq -c --arg here "$top_here" '.manifests |= map(select(.digest as $d | ($here | split(" ")) | index($d)))' \
            <"$2" >"$2.some" && mv "$2.some" "$2"
    fi
}

# media_type FILE GIVEN: of a manifest.
media_type() {
    media_own=$(jq -r '.mediaType // empty' <"$1")
    if [ -n "$media_own" ]; then
        echo "$media_own"
    elif [ "$2" != - ]; then
        echo "$2"
    elif jq -e .manifests <"$1" >/dev/null; then
        echo application/vnd.oci.image.index.v1+json
    else
        echo application/vnd.oci.image.manifest.v1+json
    fi
}

# image_pushed WHAT: has the registry PUSH_REPOSITORY:PUSH_REFERENCE as it is in the archive?
image_pushed() {
    if [ "$ARCHIVE_KIND" = oci ]; then
        top_manifest "$1" "$WORK/top" || return 1
        [ "$(registry_manifest "$PUSH_REPOSITORY" "$PUSH_REFERENCE")" = "sha256:$(sha256sum <"$WORK/top" | cut -d ' ' -f 1)" ]
    else
        registry_asks --max-time 20 -f -H "Accept: $MANIFESTS" \
            "$(registry_origin)/v2/$PUSH_REPOSITORY/manifests/$PUSH_REFERENCE" >"$WORK/there" 2>/dev/null &&
            [ "$(jq -r '.config.digest // empty' <"$WORK/there")" = "sha256:$(member "$1" | sha256sum | cut -d ' ' -f 1)" ]
    fi
}

# shellcheck shell=sh
# haui: include supply_http_lib
# Registries and images, asked as containerd would ask them. Facts:
#   http.tool      curl, python3, wget or none
#   registry       ORIGIN CODE KIND TEXT       the answer to GET /v2/ (see `http` for KIND)
#   registry.trust ORIGIN WHOM ISSUER          whose word the certificate was verified by: own (supply.images.ca),
#                                              system, unknown (the host has no certificate authorities yet),
#                                              nobody (it failed), plain (no TLS); ISSUER may be -
#   image          REFERENCE RESULT TEXT       present, absent, login (it was not tried), denied (it was),
#                                              refused, limited, failed, untried
#   image.arch     REFERENCE ARCHITECTURES     comma separated, as Go names them
#   layers         ORIGIN CODE KIND TEXT       where the registry sends for the data of one image
#   rate           ORIGIN REMAINING            pulls that are left to this address

IMAGES_S=50 # seconds for all images
MANIFESTS="application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

# supply_images: $PLAN has lines `registry ORIGIN PING CA PROXY LOGIN` and `image ORIGIN REFERENCE METHOD URL`, CA being
# own or system, LOGIN login or -. One job a registry.
supply_images() {
    fact http.tool "${HTTP_TOOL:-none}"
    [ -n "$HTTP_TOOL" ] || return 0
    images_end=$(($(uptime_seconds) + IMAGES_S))
    number=0
    jobs=
    while read -r kind origin ping ca proxy login; do
        [ "$kind" = registry ] || continue
        number=$((number + 1))
        ask_registry "$origin" "$ping" "$ca" "$proxy" "$login" </dev/null >"$SUPPLY/registry.$number" 2>/dev/null &
        jobs="$jobs $!"
    done <"$PLAN"
    for job in $jobs; do wait "$job" || :; done
    cat "$SUPPLY"/registry.[0-9]* 2>/dev/null
}

said() {
    cat "$1.said"
}

# ask_registry ORIGIN PING CA PROXY LOGIN
ask_registry() {
    origin=$1 ping=$2 proxy=$4 first=yes login=
    # wget would need it among its arguments, where everybody on the host can read it.
    if [ "$5" = login ] && [ -s "$HAUI_INPUTS/login" ] && [ "$HTTP_TOOL" != wget ]; then
        login=@$HAUI_INPUTS/login
    fi
    at=$SUPPLY/http.$number
    case $3:${1%%:*} in
        *:http) trust=plain ca=system ;;
        own:*) trust=own ca=$HAUI_INPUTS/ca.pem ;;
        *) trust=system ca=system ;;
    esac
    http GET "$ping" "$ca" "$proxy" "$at"
    # containerd trusts the system's authorities besides ours.
    if [ "$trust" = own ] && said "$at" | grep -q '^000 tls'; then
        http GET "$ping" system "$proxy" "$at.system"
        ! said "$at.system" | grep -q ' ok ' || { trust=system ca=system at=$at.system; }
    fi
    answer=$(said "$at")
    if [ "${answer#000 tls}" != "$answer" ]; then
        http GET "$ping" none "$proxy" "$at.any"
        issuer=$(issuer_of "$at.any")
        if [ "$trust" = system ] && ! has_authorities; then
            trust=unknown ca=none answer=$(said "$at.any")
        else
            trust=nobody
        fi
    else
        issuer=$(issuer_of "$at")
    fi
    fact registry "$origin $answer"
    case $answer in *' ok '*) ;; *) [ "$trust" = nobody ] || trust= ;; esac
    [ -z "$trust" ] || fact registry.trust "$origin $trust ${issuer:--}"
    while read -r kind where reference method url; do
        if [ "$kind $where" = "image $origin" ]; then
            case $answer in
                *' ok '*) ask_image </dev/null ;;
                *) tell_image untried "the registry does not answer" ;;
            esac
        fi
    done <"$PLAN"
}

issuer_of() {
    sed -n 's/^\* *issuer: *//p' "$1.err" | head -n 1
}

has_authorities() {
    [ -s "$ROOT/etc/ssl/certs/ca-certificates.crt" ] || [ -s "$ROOT/etc/pki/tls/certs/ca-bundle.crt" ]
}

# tell_image RESULT TEXT
tell_image() {
    fact image "$reference $1 ${2:--}"
}

# ask_image: of $reference at $url by $method; a registry that does not answer one is not asked for the others.
ask_image() {
    if [ "$(uptime_seconds)" -ge "$images_end" ]; then
        tell_image untried "no time was left, the registry is slow"
        return
    fi
    # As containerd does: the login goes to the registry itself, never to where it sends for tokens.
    http "$method" "$url" "$ca" "$proxy" "$at" "Accept: $MANIFESTS" ${login:+"$login"}
    bearer=
    if said "$at" | grep -q '^401 ' && take_token; then
        http "$method" "$url" "$ca" "$proxy" "$at" "Accept: $MANIFESTS" "Authorization: Bearer $bearer"
    fi
    left=$(header "$at" ratelimit-remaining)
    [ -z "$left" ] || fact rate "$origin ${left%%;*}"
    read -r code kind text <"$at.said"
    case $code in
        200) tell_image present "$(header "$at" docker-content-digest)" && tell_platforms ;;
        404) tell_image absent "the registry knows no such image" ;;
        401 | 403)
            if [ -n "$login" ]; then
                tell_image denied "answers $code"
            elif [ -n "$HAUI_LOGIN" ]; then
                tell_image login "answers $code"
            else
                tell_image refused "answers $code"
            fi
            ;;
        429) tell_image limited "answers 429" ;;
        000)
            tell_image failed "$kind: $text"
            [ "$kind" != timeout ] || images_end=0
            ;;
        *) tell_image failed "answers $code" ;;
    esac
}

# take_token: the anonymous token that the answer 401 asks for, in $bearer.
take_token() {
    challenge=$(header "$at" www-authenticate)
    case $challenge in [Bb]earer\ *) ;; *) return 1 ;; esac
    realm=$(part realm) service=$(part service) scope=$(part scope)
    case $realm in *\?*) join='&' ;; *) join='?' ;; esac
    http GET "$realm${join}service=$(printf %s "$service" | sed 's/ /%20/g')&scope=$scope" "$ca" "$proxy" "$at.token"
    bearer=$(tr -d '\r\n' <"$at.token.body" | sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p')
    [ -n "$bearer" ] ||
        bearer=$(tr -d '\r\n' <"$at.token.body" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
    [ -n "$bearer" ]
}

part() {
    printf '%s\n' "$challenge" | sed -n "s/.*[ ,]$1=\"\([^\"]*\)\".*/\1/p"
}

# tell_platforms: for which processors the image is, and whether its data can be had where the registry sends for it.
tell_platforms() {
    [ "$method" = GET ] || return 0
    flat "$at.body" >"$at.flat"
    if grep -q '"manifests":\[' "$at.flat"; then
        arches=$(architectures "$at.flat")
        fact image.arch "$reference $arches"
        [ "$first" = yes ] || return 0
        own=$(sed 's/}},{/}}\n{/g' "$at.flat" | grep "\"architecture\":\"$(machine)\"" | head -n 1 | digest)
        [ -n "$own" ] || return 0
        fetch "manifests/$own"
        flat "$at.body" >"$at.flat"
    else
        arches=
    fi
    config=$(sed -n 's/.*"config":{\([^}]*\)}.*/\1/p' "$at.flat" | digest)
    [ -n "$config" ] || return 0
    fetch "blobs/$config"
    [ "$first" = no ] || fact layers "$origin $(said "$at")"
    first=no
    flat "$at.body" >"$at.flat"
    [ -n "$arches" ] || ! grep -q '^200 ' "$at.said" || fact image.arch "$reference $(architectures "$at.flat")"
}

flat() {
    tr -d ' \t\r\n' <"$1"
    echo
}

digest() {
    sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p'
}

architectures() {
    grep -o '"architecture":"[a-z0-9]*"' "$1" | cut -d '"' -f 4 | grep -v unknown | sort -u | paste -sd, -
}

# fetch PATH: of the same image.
fetch() {
    case $url in
        *\?*) set -- "${url%/manifests/*}/$1?${url#*\?}" ;;
        *) set -- "${url%/manifests/*}/$1" ;;
    esac
    if [ -n "$bearer" ]; then
        http GET "$1" "$ca" "$proxy" "$at" "Accept: $MANIFESTS" "Authorization: Bearer $bearer"
    else
        http GET "$1" "$ca" "$proxy" "$at" "Accept: $MANIFESTS" ${login:+"$login"}
    fi
}

# machine: the host's architecture as Go names it.
machine() {
    case $(uname -m) in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        armv*) echo arm ;;
        *) uname -m ;;
    esac
}

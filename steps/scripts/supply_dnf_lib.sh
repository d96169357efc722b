# shellcheck shell=sh
# dnf and what it would give, as supply_packages_lib.sh tells it of apt: with cache, state and log folders of its own, so
# that nothing of the host's changes. The host's own sources are not read anew, their lists are large: what dnf keeps of
# them is looked into where it is. Facts as there; of dnf alone:
#   rpm.database  ok, or what rpm says of reading its own

supply_dnf() {
    said=$(bounded 20 rpm -qa --qf x 2>&1 >/dev/null) && said=ok
    fact rpm.database "$(oneline "${said:-no answer}")"
    ours=$SUPPLY/ours
    all=$SUPPLY/all
    mkdir -p "$ours/repos" "$all/repos"
    supply_dnf_sources >"$SUPPLY/facts.sources" &
    sources=$!
    if [ -n "$HAUI_KUBERNETES" ]; then supply_dnf_mirror; else fact mirror skipped; fi
    supply_dnf_held
    supply_dnf_candidates
    wait "$sources"
    cat "$SUPPLY/facts.sources"
}

# dnf_in FOLDER SECONDS ARGUMENT…: dnf with the sources of FOLDER/repos and no plugins (one of them writes into the
# host's cache); what it says in FOLDER/said.
dnf_in() {
    where=$1 limit=$2
    shift 2
    rc=0
    LC_ALL=C timeout -k 1 "$limit" dnf -q --setopt="reposdir=$where/repos" --setopt="cachedir=$where/cache" \
        --setopt="system_cachedir=$where/cache" --setopt="persistdir=$where/state" --setopt="logdir=$where" \
        --setopt=plugins=0 --setopt=retries=1 --setopt=timeout=8 --setopt=countme=0 \
        --setopt='*.retries=1' --setopt='*.timeout=8' --setopt=disable_excludes=haui-kubernetes,main \
        "$@" </dev/null >"$where/out" 2>"$where/said" || rc=$?
    [ "$rc" -ne 124 ] || echo "Error: no end within $limit seconds" >>"$where/said"
    return "$rc"
}

# dnf_complaints FILE: what dnf complains about, in one line.
dnf_complaints() {
    {
        grep -E '^(Error|Errors|Curl error|  - |Status code|Problem| Problem)' "$1" || tail -n 2 "$1"
    } | awk '!seen[$0]++' | head -n 4 | sed "s|$SUPPLY|…|g" | paste -sd' ' - | cut -c 1-600
}

# supply_dnf_mirror: the source of the Kubernetes packages, read by dnf itself, as the install will.
supply_dnf_mirror() {
    key=$ours/key.asc
    if [ -n "$HAUI_KEY_URL" ]; then
        way=$(sed -n 's/^proxy=\([a-z].*\)/\1/p' "$HAUI_INPUTS/haui.repo")
        trust=system
        # The first that the install does is to bring the authorities.
        has_authorities || trust=none
        HTTP_TOOL=${HTTP_TOOL:-curl} http GET "$HAUI_KEY_URL" "$trust" "${way:--}" "$ours/key"
        if ! grep -q 'BEGIN PGP PUBLIC KEY' "$ours/key.body"; then
            fact mirror failed
            fact mirror.said "the key $HAUI_KEY_URL: $(cat "$ours/key.said")"
            return
        fi
        mv "$ours/key.body" "$key"
    else
        cp "$HAUI_INPUTS/key.asc" "$key" 2>/dev/null
    fi
    sed "s|^gpgkey=.*|gpgkey=file://$key|" "$HAUI_INPUTS/haui.repo" >"$ours/repos/haui-kubernetes.repo"
    has_authorities || echo "sslverify=0" >>"$ours/repos/haui-kubernetes.repo"
    if dnf_in "$ours" 45 --refresh repoquery --qf '%{name} %{version}-%{release}\n'; then
        fact mirror ok
    else
        fact mirror failed
        fact mirror.said "$(dnf_complaints "$ours/said")"
        return
    fi
    cp "$ours/out" "$ours/listed"
    for name in $HAUI_NEEDED; do
        ! grep -q "^$name " "$ours/listed" || echo "$name"
    done | fact_lines mirrored
    for name in $HAUI_KUBERNETES; do
        awk -v name="$name" -v minor="$HAUI_MINOR." '$1 == name && index($2, minor) == 1' "$ours/listed"
    done | sort -ruV >"$ours/offered"
    head -n 120 "$ours/offered" | fact_lines offered
}

# supply_dnf_held: what an exclude line of dnf.conf, or of a lock of the versionlock plugin, keeps as it is.
supply_dnf_held() {
    kept=$({
        sed -n 's/^ *exclude\(pkgs\)\{0,1\} *= *//p' "$ROOT/etc/dnf/dnf.conf"
        sed -n 's/^\([^#!]*\)-[^-]*-[^-]*$/\1/p' "$ROOT/etc/dnf/plugins/versionlock.list" | sed 's/-[0-9]*:.*//'
    } 2>/dev/null | tr ',' '\n' | tr ' ' '\n')
    for name in $HAUI_NEEDED $HAUI_KUBERNETES; do
        ! printf '%s\n' "$kept" | grep -qxF "$name" || fact held "$name"
    done
}

# dnf_repositories: the host's own repositories that are on: NAME URL CERTIFICATE a line, URL being the file that dnf
# asks for first, and CERTIFICATE whether it has to show one.
dnf_repositories() {
    release=$(os_release VERSION_ID)
    case $(os_release ID) in fedora) ;; *) release=${release%%.*} ;; esac
    {
        echo "[/vars]"
        echo "releasever=$release"
        echo "basearch=$(uname -m)"
        echo "arch=$(uname -m)"
        for file in "$ROOT"/etc/dnf/vars/* "$ROOT"/etc/yum/vars/*; do
            [ ! -f "$file" ] || echo "${file##*/}=$(head -n 1 "$file")"
        done
        for file in "$ROOT"/etc/yum.repos.d/*.repo; do
            case $file in */haui-kubernetes.repo) continue ;; esac
            [ ! -f "$file" ] || cat "$file"
            echo
        done
    } | LC_ALL=C awk '
        function tell(url) {
            if (id == "" || id == "/vars" || (have["enabled"] != "" && have["enabled"] !~ /^(1|[Tt]rue|[Yy]es|on)$/)) return
            url = have["metalink"]
            if (url == "") url = have["mirrorlist"]
            if (url == "" && have["baseurl"] != "") {
                url = have["baseurl"]
                sub(/[ ,].*/, "", url); sub(/\/*$/, "/repodata/repomd.xml", url)
            }
            for (name in vars) { gsub("[$]" name, vars[name], url); gsub("[$][{]" name "[}]", vars[name], url) }
            if (url != "") print id, url, (have["sslclientcert"] == "" ? "no" : "yes")
        }
        /^[ \t]*[#;]/ { next }
        /^\[/ { tell(); id = $0; sub(/^\[/, "", id); sub(/\].*/, "", id); split("", have); next }
        /^[A-Za-z_]+[ \t]*=/ {
            name = $0; sub(/[ \t]*=.*/, "", name)
            value = $0; sub(/^[^=]*=[ \t]*/, "", value); sub(/[ \t\r]*$/, "", value)
            if (id == "/vars") vars[name] = value; else have[name] = value
        }
        END { tell() }'
}

# supply_dnf_sources: each of them asked for one small file, through the proxy of the cluster file if there is one.
supply_dnf_sources() {
    dnf_repositories >"$SUPPLY/repositories"
    number=0
    jobs=
    while read -r name url certificate; do
        number=$((number + 1))
        [ "$number" -le 8 ] || break
        case $certificate:$url in
            yes:*) fact source "$name ok" ;; # asked with a certificate of the host's, by dnf alone
            no:http*) (ask_repository "$name" "$url" "$SUPPLY/source.$number") & jobs="$jobs $!" ;;
        esac
    done <"$SUPPLY/repositories"
    for job in $jobs; do wait "$job" || :; done
}

# ask_repository NAME URL OUT
ask_repository() {
    site=$(printf '%s' "$2" | sed -e 's|/repodata/repomd.xml$||' -e 's|[?].*||')
    if [ -z "$HTTP_TOOL" ]; then
        fact source "$site not asked: the host has no curl"
        return
    fi
    way=$(sed -n "s|^${2%%:*}_proxy=||p" "$HAUI_INPUTS/package-proxy" 2>/dev/null)
    trust=system
    has_authorities || trust=none
    http GET "$2" "$trust" "${way:--}" "$3" </dev/null
    read -r code kind text <"$3.said"
    case $kind:$code in
        ok:2*) fact source "$site ok" ;;
        ok:*) fact source "$site answers $code" ;;
        *) fact source "$site $text" ;;
    esac
}

# supply_dnf_candidates: what could be installed from the host's lists and our source together.
supply_dnf_candidates() {
    mkdir -p "$all/cache"
    newest=
    for path in "$ROOT"/var/cache/dnf/*/repodata/repomd.xml "$ROOT"/var/cache/libdnf5/*/repodata/repomd.xml; do
        [ -f "$path" ] || continue
        folder=${path%/repodata/repomd.xml}
        case ${folder##*/} in haui-kubernetes-*) continue ;; esac
        ln -sf "$folder" "$all/cache/"
        at=$(stat -c %Y "$path")
        [ -n "$newest" ] && [ "$newest" -gt "$at" ] || newest=$at
    done
    if [ -n "$newest" ]; then
        fact lists "$((($(date +%s) - newest) / 3600))"
    else
        fact lists none
    fi
    for path in "$ROOT"/etc/yum.repos.d/*.repo "$ours"/repos/*.repo; do
        [ ! -f "$path" ] || ln -sf "$path" "$all/repos/"
    done
    for path in "$ours"/cache/haui-kubernetes-*; do
        [ ! -d "$path" ] || ln -sf "$path" "$all/cache/"
    done
    # shellcheck disable=SC2086  # a list of names
    if ! dnf_in "$all" 30 -C --setopt='*.skip_if_unavailable=1' repoquery --latest-limit=1 \
        --qf '%{name} %{version}-%{release}\n' --whatprovides "$(echo $HAUI_NEEDED $HAUI_KUBERNETES | tr ' ' ',')"; then
        fact apt.sources "$(dnf_complaints "$all/said")"
        return
    fi
    fact apt.sources yes
    for name in $HAUI_NEEDED $HAUI_KUBERNETES; do
        installed=$(package version "$name")
        candidate=$(awk -v name="$name" '$1 == name { found = $2 } END { print found }' "$all/out")
        echo "$name ${installed:--} ${candidate:--}"
    done >"$all/packages"
    fact_lines package <"$all/packages"
    [ -z "$newest" ] || supply_dnf_simulate
}

# supply_dnf_simulate: installing what is missing, Kubernetes' programs at the asked version; dnf only says what it would do.
supply_dnf_simulate() {
    # shellcheck disable=SC2046  # names and versions have no blanks
    set -- $(to_install "-" "$ours/offered")
    if [ $# -eq 0 ] || dnf_in "$all" 30 -C --setopt='*.skip_if_unavailable=1' --setopt=install_weak_deps=0 \
        --assumeno install "$@" || grep -q '^Operation aborted' "$all/said" "$all/out"; then
        fact simulate ok
    else
        fact simulate "$(dnf_complaints "$all/said")"
    fi
}

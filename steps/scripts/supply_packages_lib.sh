# shellcheck shell=sh
# The package manager and what it would give, without its locks and without a change of its lists. Facts:
#   apt, dnf     yes or no
#   lock         PATH PID PROGRAM     a lock of a package manager that is held
#   unit         NAME STATE           systemd units that work with packages by themselves, when they run
#   dpkg.broken  STATE NAME           STATE as dpkg-query abbreviates it, blanks as _ (iF_, iHR)
#   dpkg.updates yes                  dpkg was interrupted
#   held         NAME                 kept at its version, of the packages in HAUI_NEEDED
#   apt.sources  yes, or what apt says that it can't read
#   lists        HOURS                age of apt's lists; `none` when there are none
#   source       SITE ANSWER          a source of the host itself: ok, or what apt says
#   mirror       ok, failed or skipped: reading the source of the Kubernetes packages
#   mirror.said  what apt says about it
#   mirrored     NAME                 of the packages in HAUI_NEEDED, what that source offers
#   offered      NAME VERSION         what that source offers of kubeadm, kubelet, kubectl (same minor)
#   package      NAME INSTALLED CANDIDATE   each may be -
#   simulate     ok, or what apt says of installing all that is missing

# supply_locks: a lock is not tried, that would be taking it: the kernel says who holds which file.
supply_locks() {
    for path in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
        /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
        [ -e "$ROOT$path" ] || continue
        inode=$(stat -c %i "$ROOT$path" 2>/dev/null) || continue
        pids=$(awk -v inode="$inode" '$2 != "->" && split($6, part, ":") == 3 && part[3] == inode { print $5 }' \
            "$ROOT/proc/locks" 2>/dev/null | sort -u)
        for pid in $pids; do
            # Inodes repeat on other disks.
            find "$ROOT/proc/$pid/fd" -lname "*$path" 2>/dev/null | grep -q . || continue
            fact lock "$path $pid $(head -c 64 "$ROOT/proc/$pid/comm" 2>/dev/null)"
        done
    done
    for unit in apt-daily.service apt-daily-upgrade.service packagekit-offline-update.service; do
        state=$(bounded 5 systemctl is-active "$unit")
        case $state in active | activating | deactivating | reloading) fact unit "$unit $state" ;; esac
    done
}

supply_dpkg() {
    # shellcheck disable=SC2016  # a format of dpkg's, not a variable of ours
    states=$(bounded 10 dpkg-query -W -f '${db:Status-Abbrev}|${binary:Package}\n')
    printf '%s\n' "$states" |
        LC_ALL=C awk -F '|' '$1 !~ /^.[icn] *$/ { gsub(/ /, "_", $1); print $1 " " $2 }' | head -n 50 |
        fact_lines dpkg.broken
    [ -z "$(ls -A "$ROOT/var/lib/dpkg/updates" 2>/dev/null)" ] || fact dpkg.updates yes
    # Not apt-mark, which writes its cache anew when that is old.
    held=$(printf '%s\n' "$states" | sed -n 's/^h[^|]*|\([^:]*\).*/\1/p')
    for name in $HAUI_NEEDED $HAUI_KUBERNETES; do
        ! printf '%s\n' "$held" | grep -qxF "$name" || fact held "$name"
    done
}

# apt_settings FOLDER [FILE]: apt.conf in FOLDER for an apt that reads and writes lists there. It gets the host's
# settings about fetching, and those of FILE, and none of its hooks.
apt_settings() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/parts" "$1/empty"
    {
        bounded 5 apt-config dump | grep -E '^(Acquire|APT::Architecture|APT::Default-Release|APT::Get::Allow).* ".*";$'
        [ -z "${2-}" ] || cat "$2" 2>/dev/null
        # The first that the install does is to bring the authorities.
        has_authorities || printf 'Acquire::https::Verify-%s "false";\n' Peer Host
        cat <<END
Dir::Etc::main "$1/empty/none";
Dir::Etc::parts "$1/empty";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "$1/parts";
Dir::State::lists "$1/lists";
Dir::Cache "$1/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "0";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::http::Timeout "8";
Acquire::https::Timeout "8";
Debug::NoLocking "1";
END
    } >"$1/apt.conf"
}

# apt_in FOLDER SECONDS COMMAND…: with those settings; what it says in FOLDER/said.
apt_in() {
    APT_CONFIG=$1/apt.conf
    export APT_CONFIG
    where=$1 limit=$2
    shift 2
    rc=0
    LC_ALL=C timeout -k 1 "$limit" "$@" </dev/null >"$where/said" 2>&1 || rc=$?
    unset APT_CONFIG
    [ "$rc" -ne 124 ] || echo "E: no end within $limit seconds" >>"$where/said"
    return "$rc"
}

# complaints FILE: what apt complains about, in one line.
complaints() {
    {
        grep '^[EW]: ' "$1" | grep -v 'Some index files failed' || grep '^Err:' "$1" || tail -n 1 "$1"
    } | awk '!seen[$0]++' | head -n 3 | sed "s|$SUPPLY|…|g" | paste -sd' ' -
}

# supply_mirror: the source of the Kubernetes packages, read by apt itself, as the install will: name, proxy, TLS,
# signature, and what it offers.
supply_mirror() {
    ours=$SUPPLY/ours
    apt_settings "$ours" "$HAUI_INPUTS/apt.conf"
    key=$ours/key.asc
    if [ -n "$HAUI_KEY_URL" ]; then
        if ! apt_in "$ours" 15 /usr/lib/apt/apt-helper download-file "$HAUI_KEY_URL" "$key"; then
            fact mirror failed
            fact mirror.said "the key: $(complaints "$ours/said")"
            return
        fi
    else
        cp "$HAUI_INPUTS/key.asc" "$key" 2>/dev/null
    fi
    sed "s|signed-by=[^] ]*|signed-by=$key|" "$HAUI_INPUTS/haui.list" >"$ours/parts/haui-kubernetes.list"
    # An apt that does not know Error-Mode only warns.
    if apt_in "$ours" 30 apt-get -q update && ! grep -q '^W: Failed to fetch' "$ours/said"; then
        fact mirror ok
    else
        fact mirror failed
        fact mirror.said "$(complaints "$ours/said")"
        return
    fi
    # shellcheck disable=SC2086  # a list of names
    apt_in "$ours" 10 apt-cache madison $HAUI_NEEDED
    awk '$2 == "|" && !seen[$1]++ { print $1 }' "$ours/said" | fact_lines mirrored
    # shellcheck disable=SC2086
    apt_in "$ours" 10 apt-cache madison $HAUI_KUBERNETES
    awk -v minor="$HAUI_MINOR." 'index($3, minor) == 1 && !seen[$1 $3]++ { print $1, $3 }' "$ours/said" >"$ours/offered"
    head -n 120 "$ours/offered" | fact_lines offered
}

# own_sources FOLDER: an apt with its settings there sees the host's own sources.
own_sources() {
    for file in "$ROOT"/etc/apt/sources.list.d/*.list "$ROOT"/etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || ln -sf "$file" "$1/parts/"
    done
    [ ! -f "$ROOT/etc/apt/sources.list" ] || ln -s "$ROOT/etc/apt/sources.list" "$1/sources.list"
}

# supply_sources: the host's own sources, each asked for one small file, through the proxy of the cluster file if there
# is one: that is how the base packages are fetched.
supply_sources() {
    own=$SUPPLY/own
    apt_settings "$own" "$HAUI_INPUTS/apt.conf"
    own_sources "$own"
    jobs=
    number=0
    # With --print-uris nothing is fetched; the first line of each source is its InRelease.
    apt_in "$own" 10 apt-get update --print-uris || :
    sed -n "s|^'\\(https\\{0,1\\}://.*/InRelease\\)' .*|\\1|p" "$own/said" | sort -u >"$own/targets"
    while read -r file; do
        site=${file%/InRelease}
        site=${site%/.}
        site=${site%%/dists/*}
        grep -qxF "$site" "$own/sites" 2>/dev/null && continue
        echo "$site" >>"$own/sites"
        number=$((number + 1))
        [ "$number" -le 8 ] || break
        (ask_source "$site" "$file" "$own/$number") &
        jobs="$jobs $!"
    done <"$own/targets"
    for job in $jobs; do wait "$job" || :; done
}

# ask_source SITE URL FOLDER: that the server knows no such file is an answer, too.
ask_source() {
    mkdir -p "$3"
    cp "$own/apt.conf" "$3/apt.conf"
    if apt_in "$3" 12 /usr/lib/apt/apt-helper download-file "$2" "$3/file" || grep -q ' 404 ' "$3/said"; then
        fact source "$1 ok"
    else
        fact source "$1 $(complaints "$3/said")"
    fi
}

# supply_candidates: what could be installed from the host's lists and our source together. Where an install has placed
# our source already, it stands in for that one: apt takes no two of a place with different keys.
supply_candidates() {
    all=$SUPPLY/all
    apt_settings "$all"
    newest=$(stat -c %Y "$ROOT/var/lib/apt/lists" "$ROOT/var/lib/apt/lists/partial" 2>/dev/null | sort -n | tail -n 1)
    if ls "$ROOT"/var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
        lists=yes
        fact lists "$((($(date +%s) - ${newest:-0}) / 3600))"
    else
        lists=
        fact lists none
    fi
    for file in "$ROOT"/var/lib/apt/lists/*_* "$SUPPLY"/ours/lists/*_*; do
        [ ! -f "$file" ] || ln -sf "$file" "$all/lists/"
    done
    own_sources "$all"
    for file in "$SUPPLY"/ours/parts/*.list; do
        [ ! -f "$file" ] || ln -sf "$file" "$all/parts/"
    done
    # shellcheck disable=SC2086  # a list of names
    if ! apt_in "$all" 20 apt-cache policy $HAUI_NEEDED $HAUI_KUBERNETES; then
        fact apt.sources "$(complaints "$all/said")"
        return
    fi
    fact apt.sources yes
    awk '
        function tell() { if (name != "") print name, installed, candidate }
        /^[a-z0-9][^ ]*:$/ { tell(); name = substr($0, 1, length($0) - 1); installed = candidate = "-" }
        /^  Installed: / && $2 != "(none)" { installed = $2 }
        /^  Candidate: / && $2 != "(none)" { candidate = $2 }
        END { tell() }' "$all/said" >"$all/packages"
    for name in $HAUI_NEEDED $HAUI_KUBERNETES; do
        grep -q "^$name " "$all/packages" || echo "$name - -" >>"$all/packages"
    done
    fact_lines package <"$all/packages"
    [ -z "$lists" ] || simulate
}

# to_install SIGN OFFERED: what is missing by its name, Kubernetes' programs as NAME<SIGN>VERSION where the asked version
# is among the offered ones.
to_install() {
    while read -r name installed candidate; do
        case " $HAUI_KUBERNETES " in *" $name "*) continue ;; esac
        [ "$installed" != - ] || [ "$candidate" = - ] || echo "$name"
    done <"$all/packages"
    for name in $HAUI_KUBERNETES; do
        awk -v name="$name" -v sign="$1" -v want="$HAUI_VERSION-" \
            '$1 == name && index($2, want) == 1 { print name sign $2; exit }' "$2" 2>/dev/null
    done
}

# simulate: installing what is missing, Kubernetes' programs at the asked version; apt only says what it would do.
simulate() {
    # shellcheck disable=SC2046  # names and versions have no blanks
    set -- $(to_install "=" "$SUPPLY/ours/offered")
    if [ $# -eq 0 ] || apt_in "$all" 20 apt-get -s -q -y --no-install-recommends --fix-broken --allow-downgrades \
        --allow-change-held-packages install "$@"; then
        fact simulate ok
    else
        fact simulate "$(grep -A 6 'unmet dependencies\|^E: ' "$all/said" | head -n 8 | paste -sd' ' -)"
    fi
}

# shellcheck shell=sh
# Making and looking at certificates with openssl. Keys are only ever compared, never shown.

# certificate_expires FILE DAYS: has it fewer days left?
certificate_expires() {
    ! openssl x509 -noout -checkend "$(($2 * 86400))" -in "$1" >/dev/null 2>&1
}

# same_key CERTIFICATE KEY: do they belong together?
same_key() {
    same_certificate=$(openssl x509 -noout -pubkey -in "$1" 2>/dev/null) || return 1
    [ "$same_certificate" = "$(openssl pkey -pubout -in "$2" 2>/dev/null)" ]
}

# signed_by CERTIFICATE CA PURPOSE
signed_by() {
    openssl verify -no-CApath -CAfile "$2" -purpose "$3" "$1" >/dev/null 2>&1
}

# valid_for CERTIFICATE DNS:name|IP:address
valid_for() {
    case $2 in
        DNS:*) valid_said=$(openssl x509 -noout -checkhost "${2#DNS:}" -in "$1" 2>/dev/null) ;;
        *) valid_said=$(openssl x509 -noout -checkip "${2#IP:}" -in "$1" 2>/dev/null) ;;
    esac
    case $valid_said in
        *"does match"*) return 0 ;;
    esac
    return 1
}

# private KEY: is it readable by nobody but its owner?
private() {
    [ "$(stat -c %a "$1" 2>/dev/null)" = 600 ]
}

# want_private KEY WHAT: a row about it.
want_private() {
    if private "$1"; then
        finding ok "$2" "readable by root alone" "readable by root alone"
    else
        finding differs "$2" "readable by root alone" "mode $(stat -c %a "$1")"
    fi
}

# pair_fault CERTIFICATE KEY: what is wrong with the two by themselves, in a few words; nothing when they are right.
pair_fault() {
    if [ ! -s "$1" ] || [ ! -s "$2" ]; then
        echo absent
    elif ! same_key "$1" "$2"; then
        echo "not of its key"
    elif ! private "$2"; then
        echo "its key can be read by others"
    elif certificate_expires "$1" "$HAUI_RENEW_DAYS"; then
        echo "fewer than $HAUI_RENEW_DAYS days left"
    fi
}

# names_fault CERTIFICATE NAME…: the first of the names, DNS:… or IP:…, that it is not for.
names_fault() {
    names_certificate=$1
    shift
    for names_name; do
        valid_for "$names_certificate" "$names_name" || { echo "not for ${names_name#*:}" && return; }
    done
}

# need_openssl: for scripts that include osfamily_lib.
need_openssl() {
    have openssl || package install openssl || die "openssl can't be installed" \
        "look at the package sources of this host; '$(package by_hand openssl)' must work by hand"
}

# make_ca CERTIFICATE KEY OWNER: what is missing of the CA of OWNER ("etcd's"), as ca.cnf of the inputs says. The key comes
# first: killed in between, the same key gets its certificate next time.
make_ca() {
    umask 077
    if [ ! -s "$2" ]; then
        openssl genrsa -out "$2.haui-new" 2048 2>/dev/null || die "openssl makes no key"
        put_file "$2.haui-new" "$2"
        echo "made the key of $3 CA"
    fi
    chmod 0600 "$2"
    [ ! -s "$1" ] || return 0
    openssl req -x509 -new -sha256 -key "$2" -days "$HAUI_DAYS" -config "$HAUI_INPUTS/ca.cnf" -out "$1.haui-new" ||
        die "openssl makes no certificate"
    chmod 0644 "$1.haui-new"
    put_file "$1.haui-new" "$1"
    echo "made the certificate of $3 CA"
}

# issue NAME CA CA_KEY: NAME.key and NAME.crt in this folder, as NAME.cnf says.
issue() {
    openssl genrsa -out "$1.key" 2048 2>/dev/null
    openssl req -new -sha256 -key "$1.key" -config "$1.cnf" -out "$1.csr"
    openssl x509 -req -sha256 -in "$1.csr" -CA "$2" -CAkey "$3" -set_serial "0x$(openssl rand -hex 16)" \
        -days "$HAUI_DAYS" -extfile "$1.cnf" -extensions extensions -out "$1.crt" 2>/dev/null
}

# place_pair NAME FOLDER OWNER: NAME.key and NAME.crt of the inputs. Killed in between, they do not fit each other, which
# is seen.
place_pair() {
    umask 077
    for pair_part in key crt; do
        cat "$HAUI_INPUTS/$1.$pair_part" >"$2/$1.$pair_part.haui-new"
        chown "$3" "$2/$1.$pair_part.haui-new"
        [ "$pair_part" = key ] || chmod 0644 "$2/$1.$pair_part.haui-new"
    done
    put_file "$2/$1.key.haui-new" "$2/$1.key"
    put_file "$2/$1.crt.haui-new" "$2/$1.crt"
}

# shellcheck shell=sh
# Looking at certificates with openssl. Keys are only ever compared, never shown.

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

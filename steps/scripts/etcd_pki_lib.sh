# shellcheck shell=sh
# haui: include etcd_lib
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

# certificate_fault NAME: what is wrong with the certificate NAME of this host, in a few words; nothing when it is
# right. HAUI_KIND says whose it is: a member's or an API server's (client).
certificate_fault() {
    certificate=$(certificate_folder)/$1.crt
    certificate_key=$(certificate_folder)/$1.key
    certificate_purposes=sslclient
    case " $HAUI_SERVERS " in
        *" $1 "*) certificate_purposes="sslserver sslclient" ;;
    esac
    if [ ! -s "$certificate" ] || [ ! -s "$certificate_key" ]; then
        echo absent
    elif ! same_key "$certificate" "$certificate_key"; then
        echo "not of its key"
    elif ! private "$certificate_key"; then
        echo "its key can be read by others"
    elif [ "$(stat -c %U "$certificate_key")" != "$(certificate_owner)" ]; then
        echo "its key is not $(certificate_owner)'s"
    elif certificate_expires "$certificate" "$HAUI_RENEW_DAYS"; then
        echo "fewer than $HAUI_RENEW_DAYS days left"
    else
        for certificate_purpose in $certificate_purposes; do
            if ! signed_by "$certificate" "$(certificate_ca)" "$certificate_purpose"; then
                echo "not of etcd's CA, or for another purpose"
                return 0
            fi
        done
        certificate_names_fault "$1"
    fi
}

certificate_names_fault() {
    case " $HAUI_SERVERS " in
        *" $1 "*) ;;
        *) return 0 ;;
    esac
    for certificate_name in $HAUI_NAMES; do
        if ! valid_for "$certificate" "$certificate_name"; then
            echo "not for ${certificate_name#*:}"
            return 0
        fi
    done
}

certificate_folder() {
    if [ "$HAUI_KIND" = member ]; then printf '%s' "$ETCD_PKI"; else printf '%s' "${HAUI_ROOT:-}/etc/kubernetes/pki"; fi
}

certificate_ca() {
    if [ "$HAUI_KIND" = member ]; then
        printf '%s' "$ETCD_PKI/ca.crt"
    else
        printf '%s' "${HAUI_ROOT:-}/etc/kubernetes/pki/etcd/ca.crt"
    fi
}

certificate_owner() {
    if [ -n "${HAUI_ROOT:-}" ]; then
        id -un
    elif [ "$HAUI_KIND" = member ]; then
        echo etcd
    else
        echo root
    fi
}

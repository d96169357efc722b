# shellcheck shell=sh
# haui: include etcd_lib pki_lib
# What is wrong with a certificate for etcd.

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

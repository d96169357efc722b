# shellcheck shell=sh
# haui: include etcd_lib pki_lib
# What is wrong with a certificate for etcd.

# certificate_fault NAME: what is wrong with the certificate NAME of this host, in a few words; nothing when it is
# right. HAUI_KIND says whose it is: a member's or an API server's (client).
certificate_fault() {
    certificate=$(certificate_folder)/$1.crt
    certificate_key=$(certificate_folder)/$1.key
    certificate_says=$(pair_fault "$certificate" "$certificate_key")
    certificate_purposes=sslclient
    certificate_names=
    case " $HAUI_SERVERS " in
        *" $1 "*) certificate_purposes="sslserver sslclient" certificate_names=$HAUI_NAMES ;;
    esac
    if [ -z "$certificate_says" ] && [ "$(stat -c %U "$certificate_key")" != "$(certificate_owner)" ]; then
        certificate_says="its key is not $(certificate_owner)'s"
    fi
    for certificate_purpose in $certificate_purposes; do
        [ -n "$certificate_says" ] || signed_by "$certificate" "$(certificate_ca)" "$certificate_purpose" ||
            certificate_says="not of etcd's CA, or for another purpose"
    done
    # shellcheck disable=SC2086  # a list of names
    [ -n "$certificate_says" ] || certificate_says=$(names_fault "$certificate" $certificate_names)
    printf '%s' "$certificate_says"
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

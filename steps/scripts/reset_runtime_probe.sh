# shellcheck shell=sh
# haui: include reset_runtime_lib
# Is there anything left of the containerd that haui has installed?

if ! noted unit containerd >/dev/null; then
    finding ok containerd "none of haui's" "haui has not touched it, or took it back"
    exit 0
fi
if ! own_containerd; then
    finding info containerd "was here before" "stays, with the images that it has"
    exit 0
fi
want_retired containerd
want "processes that hold containers" 0 "$(($(shims | wc -l)))"
left=$(containerd_data | sed "s|^$ROOT||" | head -n 5 | tr '\n' ' ')
want "data of containerd" gone "${left:-gone}"
exit 0

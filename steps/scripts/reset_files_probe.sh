# shellcheck shell=sh
# haui: include reset_files_lib
# Are the files what they were?

HOW_MANY=0
for kind in kept absent; do
    paths=$(recorded "$kind")
    while IFS= read -r path; do
        [ -n "$path" ] || continue
        HOW_MANY=$((HOW_MANY + 1))
        if [ "$kind" = kept ]; then wanted="as it was"; else wanted=absent; fi
        case $(file_state "$kind" "$path") in
            ours) finding differs "$path" "$wanted" "as haui wrote it" ;;
            theirs) finding info "$path" "$wanted" "somebody else has written it since: left as it is" ;;
        esac
        left=$(strays "$path" | sed "s|^$ROOT||" | tr '\n' ' ')
        [ -z "$left" ] || finding differs "beside $path" nothing "$left"
    done <<LIST
$paths
LIST
done
hosts_is_theirs || finding differs "block of haui in /etc/hosts" absent present
finding ok "files on record" "looked at" "$HOW_MANY"
exit 0

# shellcheck shell=sh
# One HTTP request with what the host has: curl, python3 or wget. Nothing of the host's own settings for them is used:
# containerd and apt do not use those either.

HTTP_S=10 # seconds for one request, with its redirects

http_tool() {
    for haui_tool in curl python3 wget; do
        have "$haui_tool" && echo "$haui_tool" && return
    done
    return 1
}

# http METHOD URL CA PROXY OUT [HEADER…]: asks; what came is in OUT.body, OUT.head and OUT.said, which is
# `CODE KIND TEXT`: KIND is ok when there was an answer of whatever CODE; else dns, connect, timeout, tls, proxy or other,
# and TEXT says why. A HEADER may be @FILE, which has it and is for curl and python3 only. CA is a file, `system`, or `none` for no verification. PROXY is a URL or `-`.
http() (
    unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    for haui_file in body head err; do : >"$5.$haui_file"; done
    case $2 in
        http://* | https://*) "http_${HTTP_TOOL:?}" "$@" ;;
        *) echo "000 other not a URL" ;;
    esac >"$5.said"
)

http_curl() {
    method=$1 url=$2 ca=$3 proxy=$4 out=$5
    shift 5
    for header; do
        shift
        set -- "$@" -H "$header"
    done
    case $ca in system) ;; none) set -- "$@" -k ;; *) set -- "$@" --cacert "$ca" ;; esac
    case $proxy in -) set -- "$@" --noproxy '*' ;; *) set -- "$@" --proxy "$proxy" --noproxy '' ;; esac
    [ "$method" != HEAD ] || set -- "$@" -I
    rc=0
    code=$(bounded $((HTTP_S + 2)) curl -q -g -sS -v --stderr "$out.err" -L --max-redirs 5 --connect-timeout 5 \
        --max-time "$HTTP_S" --suppress-connect-headers -D "$out.head" -o "$out.body" -w '%{http_code}' "$@" "$url") ||
        rc=$?
    text=$(sed -n 's/^curl: ([0-9]*) //p' "$out.err" | head -n 1)
    case $rc:$text in
        0:*) kind=ok text=answered ;;
        5:* | 97:* | *CONNECT* | *"from proxy after"*) kind=proxy ;;
        6:*) kind=dns ;;
        7:*) kind=connect ;;
        28:* | 124:* | 137:*) kind=timeout ;;
        35:* | 51:* | 53:* | 54:* | 58:* | 59:* | 60:* | 66:* | 77:* | 80:* | 82:* | 83:* | 90:* | 91:*) kind=tls ;;
        *) kind=other ;;
    esac
    echo "${code:-000} $kind ${text:-curl ended with $rc}"
}

http_python3() {
    # shellcheck disable=SC2016  # a program
    bounded $((HTTP_S + 2)) python3 -I -c '
import socket, ssl, sys
import urllib.error as errors
import urllib.request as request

method, url, ca, proxy, out = sys.argv[1:6]


def keep(answer):
    with open(out + ".head", "w") as head, open(out + ".body", "wb") as body:
        head.write("".join("%s: %s\n" % pair for pair in answer.headers.items()))
        body.write(answer.read(1 << 22))
    return answer.getcode(), "ok", "answered"


def kind_of(error):
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLError):
        return "tls"
    if isinstance(reason, socket.gaierror):
        return "proxy" if proxy != "-" else "dns"
    if isinstance(reason, socket.timeout):
        return "timeout"
    if "Tunnel connection failed" in str(reason):
        return "proxy"
    if isinstance(reason, ConnectionRefusedError):
        return "proxy" if proxy != "-" else "connect"
    return "connect" if isinstance(reason, OSError) else "other"


def ask():
    if ca == "none":
        context = ssl._create_unverified_context()
    else:
        context = ssl.create_default_context(cafile=None if ca == "system" else ca)
    ways = {} if proxy == "-" else {"http": proxy, "https": proxy}
    handlers = request.ProxyHandler(ways), request.HTTPSHandler(context=context)
    wanted = request.Request(url, method=method)
    for header in sys.argv[6:]:
        if header.startswith("@"):
            with open(header[1:]) as secret:
                header = secret.read().strip()
        wanted.add_unredirected_header(*header.split(": ", 1))
    try:
        return keep(request.build_opener(*handlers).open(wanted, timeout=5))
    except errors.HTTPError as answer:
        return keep(answer)
    except Exception as error:
        return 0, kind_of(error), getattr(error, "reason", error)


print("%03d %s %s" % ask())
' "$@" || echo "000 timeout no answer within $HTTP_S s"
}

http_wget() {
    method=$1 url=$2 ca=$3 proxy=$4 out=$5
    shift 5
    for header; do
        shift
        set -- "$@" "--header=$header"
    done
    case $ca in system) ;; none) set -- "$@" --no-check-certificate ;; *) set -- "$@" "--ca-certificate=$ca" ;; esac
    case $proxy in
        -) set -- "$@" --no-proxy ;;
        *) set -- "$@" -e use_proxy=yes -e "http_proxy=$proxy" -e "https_proxy=$proxy" ;;
    esac
    rc=0
    bounded "$HTTP_S" wget --no-config --no-hsts -nv -S --tries=1 --timeout=5 --max-redirect=5 --content-on-error \
        "--method=$method" -o "$out.err" -O "$out.body" "$@" "$url" || rc=$?
    sed -n 's/^  *\([A-Za-z0-9-]*: .*\)/\1/p' "$out.err" >"$out.head"
    code=$(sed -n 's|^  *HTTP/[0-9.]* \([0-9][0-9][0-9]\).*|\1|p' "$out.err" | tail -n 1)
    text=$(grep -v '^ ' "$out.err" | grep -iE 'unable|failed|error|refused|timed|cannot|certificate' | head -n 2 | tr '\n' ' ')
    case $rc:$text in
        0:* | 6:* | 8:*) kind=ok text=answered ;;
        *"roxy tunneling failed"*) kind=proxy ;;
        5:* | *"SSL connection"*) kind=tls ;;
        124:* | 137:* | *"timed out"*) kind=timeout ;;
        *"unable to resolve"*) kind=dns ;;
        *refused* | *unreachable* | *"No route"*) kind=connect ;;
        *) kind=other ;;
    esac
    [ "$kind" = ok ] || code=000
    echo "${code:-000} $kind ${text:-wget ended with $rc}"
}

# header OUT NAME: that header of the last answer.
header() {
    LC_ALL=C awk -v name="$2" '
        /^HTTP\// { value = "" }
        tolower(substr($0, 1, length(name) + 1)) == name ":" { value = substr($0, length(name) + 2) }
        END { gsub(/^[ \t]+|[ \t\r]+$/, "", value); print value }' "$1.head"
}

"""A host of the RHEL family: a folder, and an rpm and a dnf that keep their state in $STATE.

Installed packages are files `rpm-NAME` with version and release; what sources offer is a line
`REPOSITORY NAME VERSION-RELEASE` of the file `offers`, the oldest first. The lists are empty until
dnf was told to refresh them, when the file `stale` is there.
"""

from __future__ import annotations

from pathlib import Path

from tests.unit.shell_host import ShellHost, with_systemctl

ROCKY = (
    'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\nPRETTY_NAME="Rocky Linux 9.6"\n'
)

RPM = """
for name do :; done
case " $* " in
    *" --whatprovides "*) name=$(sed -n "s/^$name //p" "$STATE/provides" 2>/dev/null) ;;
    *" -qa "*) exit 0 ;;
esac
[ -n "$name" ] && [ -f "$STATE/rpm-$name" ] || { echo "package $name is not installed"; exit 1; }
case " $* " in *" --qf "*) cat "$STATE/rpm-$name" ;; *) echo "$name" ;; esac
"""

DNF = """
repo= verb= upgrades= excludes= quiet=
names=
for arg do
    case $arg in
        --repo=*) repo=${arg#*=} ;;
        --setopt=disable_excludes=*) excludes=off ;;
        --refresh) rm -f "$STATE/stale" ;;
        --upgrades) upgrades=yes ;;
        -*) ;;
        install | repoquery | makecache) [ -n "$verb" ] && names="$names $arg" || verb=$arg ;;
        *) [ -z "$verb" ] || names="$names $arg" ;;
    esac
done
[ ! -f "$STATE/fails" ] || { cat "$STATE/fails" >&2; exit 1; }
if [ -f "$STATE/stale" ] && [ "$verb" != makecache ]; then
    echo "Error: Unable to find a match" >&2
    exit 1
fi
sources=$(grep "^${repo:-.*} " "$STATE/offers" 2>/dev/null)
case $verb in
    repoquery)
        for name in $names; do
            case $name in %*) continue ;; esac
            printf '%s\\n' "$sources" | while read -r from offered version; do
                [ "$offered" = "$name" ] || continue
                if [ -n "$upgrades" ]; then
                    [ "$from" != haui-kubernetes ] || continue
                    ! grep -qs "^exclude.*$name" "$HAUI_ROOT/etc/dnf/dnf.conf" || continue
                    installed=$(cat "$STATE/rpm-$name" 2>/dev/null)
                    [ -n "$installed" ] && [ "$installed" != "$version" ] && echo "$name"
                else
                    echo "$version"
                fi
            done
        done ;;
    install)
        for name in $names; do
            found=$(printf '%s\\n' "$sources" | awk -v want="$name" '
                $2 == want || $2 "-" $3 == want { found = $2 " " $3 } END { print found }')
            [ -n "$found" ] || { echo "Error: Unable to find a match: $name" >&2; exit 1; }
            echo "${found#* }" >"$STATE/rpm-${found%% *}"
        done ;;
esac
exit 0
"""


def redhat(tmp_path: Path) -> ShellHost:
    """The host, with nothing installed and nothing offered."""
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.write("/etc/os-release", ROCKY)
    host.write("/etc/dnf/dnf.conf", "[main]\nbest=True\n")
    host.fake("rpm", RPM)
    host.fake("dnf", DNF)
    return host


def offer(host: ShellHost, *lines: str) -> None:
    """What the sources have: `REPOSITORY NAME VERSION-RELEASE`."""
    (Path(host.env["STATE"]) / "offers").write_text("".join(f"{line}\n" for line in lines))


def state(host: ShellHost, name: str, text: str = "") -> None:
    """A file of the fakes' state."""
    (Path(host.env["STATE"]) / name).write_text(text)

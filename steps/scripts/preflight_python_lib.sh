# shellcheck shell=sh
# Which Python the host has, for what a shell can not do.

# python: the Python 3 of this host; RHEL 8 has one of its own even without the package.
python() {
    command -v python3 || { [ -x /usr/libexec/platform-python ] && echo /usr/libexec/platform-python; }
}

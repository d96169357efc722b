# shellcheck shell=sh
# haui: include osfamily_lib modules_lib
# Loads the modules and lists them for the next boot. The list is written here and not rendered beforehand, because a
# module that is built in without being known to modprobe would make systemd-modules-load fail at each boot.
set -eu

extras=$(wanted_extras)
if [ -n "$extras" ]; then
    package install "$extras" || die "$extras can't be installed" \
        "the sources may have it for newer kernels only: install the newest kernel, reboot into it, then try again"
fi
listed="# Written by haui: kernel modules of Kubernetes"
for module in $HAUI_MODULES; do
    module_works "$module" || note_before module "$module" absent
    if module_loadable "$module"; then
        listed="$listed$HAUI_NEWLINE$module"
        module_works "$module" || modprobe -- "$module" ||
            die "modprobe $module failed" "install the modules of the running kernel $(uname -r), or reboot into the installed one"
    elif ! module_works "$module" && ! module_unknowable "$module"; then
        die "the kernel module $module does not exist for the running kernel $(uname -r)" \
            "install the modules of this kernel (Ubuntu: linux-modules-extra-$(uname -r), RHEL family: kernel-modules-extra-$(uname -r)), or reboot into the installed one"
    fi
done
put_line_file "${HAUI_ROOT:-}$HAUI_LIST" "$listed"

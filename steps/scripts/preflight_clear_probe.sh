# shellcheck shell=sh
# haui: include facts_lib preflight_listen_lib
# Rehearsal: takes the listeners down and looks whether anything is left. Facts:
#   alive   yes | no: whether the listeners had still been there
#   other   the cluster for which another haui listens here; its listeners are left alone
#   left    what is still there, in plain words; a row each

for_whom=$(listening_for)
if [ -n "$for_whom" ] && [ "$for_whom" != "$HAUI_CLUSTER" ]; then
    fact alive no
    fact other "$for_whom"
else
    main=$(unit_property MainPID)
    if [ -n "$for_whom" ]; then
        fact alive yes
        bounded 15 systemctl stop "$UNIT"
    else
        fact alive no
    fi
    [ -z "$(listening_for)" ] || fact left "unit $UNIT"
    [ ! -e "$FOLDER" ] || fact left "folder $FOLDER"
    # A process that has ended, but has not been buried yet, has no command line.
    if [ "${main:-0}" -gt 1 ] && [ -n "$(tr -d '\0' 2>/dev/null <"/proc/$main/cmdline")" ]; then
        fact left "process $main"
    fi
fi
facts_end
exit 0

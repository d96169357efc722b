# shellcheck shell=sh
# haui: include reset_record_lib
# Has haui anything left here but the folder of this very run, which goes when it is over?

left=$(own_remains | sed "s|^$ROOT||" | tr '\n' ' ')
want "what haui has left here" nothing "${left:-nothing}"
exit 0

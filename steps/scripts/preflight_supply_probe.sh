# shellcheck shell=sh
# haui: include facts_lib
# Packages and images as the host itself gets them, before the first change.

facts_end
exit 0

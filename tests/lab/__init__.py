"""The lab: real systemd hosts on one machine, for end-to-end tests and for contributors.

It knows nothing of haui's code: it offers machines to log in to, a package mirror and an image
registry, and writes a cluster file that describes them. Everything that haui must bring to a host
is left out of the hosts on purpose.
"""

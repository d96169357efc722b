"""The kill sweep for real: a haui process, its journal on disk, SSH, and SIGKILL.

`make sweep` kills at every event of an install; `make test` at a sample of them.
"""

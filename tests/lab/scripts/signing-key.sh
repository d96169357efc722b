#!/usr/bin/env bash
# Makes the key that signs the lab's package repositories.
# In:  WORK, OUT.   Out: $OUT/gnupg (secret), $OUT/mirror.asc (public)
set -euo pipefail

# gpg-agent's socket path must stay short, so the key is made in /tmp and copied.
GNUPGHOME=$(mktemp -d /tmp/haui-lab-gpg.XXXXXX)
export GNUPGHOME
trap 'gpgconf --kill gpg-agent; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --passphrase '' --quick-generate-key 'haui lab mirror <mirror@lab.lan>' rsa3072 sign never
mkdir -m 0700 "$OUT/gnupg"
gpg --batch --armor --export-secret-keys >"$OUT/gnupg/secret.asc"
gpg --batch --armor --export >"$OUT/mirror.asc"

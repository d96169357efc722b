# Sourced by the scripts that make a package repository.

# index_repository FOLDER ORIGIN: writes Packages, Release and their signatures for the .deb files below FOLDER.
# In: FROM_SIGNING_KEY.
index_repository() {
    local folder=$1 origin=$2
    (
        cd "$folder" || exit
        dpkg-scanpackages --multiversion . /dev/null | sed 's|^Filename: \./|Filename: |' >Packages
        gzip -9nk Packages
        apt-ftparchive -o "APT::FTPArchive::Release::Origin=$origin" -o "APT::FTPArchive::Release::Label=$origin" \
            release . >../Release
        mv ../Release Release
        GNUPGHOME=$(mktemp -d /tmp/haui-lab-gpg.XXXXXX)
        export GNUPGHOME
        trap 'gpgconf --kill gpg-agent; rm -rf "$GNUPGHOME"' EXIT
        gpg --batch --quiet --import "$FROM_SIGNING_KEY/gnupg/secret.asc"
        gpg --batch --yes --clearsign --output InRelease Release
        gpg --batch --yes --armor --detach-sign --output Release.gpg Release
    )
}

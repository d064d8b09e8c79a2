#!/bin/bash
# Apptainer where the distribution has none (Debian 12): the packages of a later release, fetched by apt itself into a
# folder and unpacked there. Nothing is installed but `patchelf`, which points the two programs at the libraries beside
# them. Prints the folder for PATH.
#
#     apptainer.sh FOLDER
set -euo pipefail

folder=$1/apptainer
root=$folder/root
libraries=$root/usr/lib/x86_64-linux-gnu
if [[ ! -x $root/usr/bin/apptainer ]]; then
    apt=$folder/apt
    mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial "$folder/debs" "$root"
    : > "$apt/status"
    # The mirror that this machine uses anyway.
    mirror=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null || true; } |
        grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$apt/sources.list"
    options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o "Dir::State::status=$apt/status" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update -qq >&2
    (cd "$folder/debs" && apt-get "${options[@]}" download -qq apptainer libc6 libseccomp2 libsqlite3-0 >&2)
    for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$root"; done
    for program in "$root/usr/bin/apptainer" "$libraries/apptainer/bin/starter"; do
        patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$libraries" "$program"
    done
    ln -sfn ../etc "$root/usr/etc"
    mkdir -p "$root"/usr/var/lib/apptainer/mnt/session "$root"/usr/lib/var/lib/apptainer/mnt/session
    # Root may have fewer rights than usual here: not all of them are asked for.
    sed -i 's/^root default capabilities = .*/root default capabilities = no/' "$root/etc/apptainer/apptainer.conf"
fi
"$root/usr/bin/apptainer" --version >&2
echo "$root/usr/bin"

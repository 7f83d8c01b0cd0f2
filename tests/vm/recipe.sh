# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # here is tests/vm/image's
#
# What is in a guest's image. Whatever changes here makes new images.

PACKAGES=(systemd systemd-sysv dbus udev initramfs-tools zstd linux-image-cloud-amd64
          libsystemd0 libbpf1 libinih1
          libpam-systemd procps util-linux attr perl-base stress-ng bpftool systemd-oomd)

# The mirror is the one this machine installs from. Before the first apt-get update the labels are not known yet.
mirror() {
    local uri
    # shellcheck disable=SC2016 # apt-get expands it
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
    # shellcheck disable=SC2016
    [ -n "$uri" ] ||
        uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -v security | head -n 1)
    [ -n "$uri" ] || die "this machine's apt sources name no Debian mirror"
    echo "$uri"
}

# mmdebstrap reads nothing of the machine's apt configuration: carry the proxy over.
proxy_options() {
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || echo "--aptopt=Acquire::http::Proxy \"$proxy\""
}

bootstrap() { # SUITE FOLDER
    local suite=$1 folder=$2 proxy without=(--dpkgopt='path-exclude=/usr/lib/*/lib'{LLVM,z3}'*')
    proxy=$(proxy_options)
    # Nothing is managed by systemd-oomd unless a scenario says so. stress-ng links with EGL, which needs LLVM only once
    # something is drawn; bpftrace does need it. The Release file of a suite in the making may be out of date on some
    # mirrors.
    case " ${MEMSTALLD_EXTRA_PACKAGES:-} " in *' bpftrace '*) without=() ;; esac
    mmdebstrap --quiet --variant=minbase --include="${PACKAGES[*]} ${MEMSTALLD_EXTRA_PACKAGES:-}" ${proxy:+"$proxy"} \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/fonts/*' \
        --dpkgopt='path-exclude=/usr/lib/systemd/*10-oomd-*' \
        "${without[@]}" --dpkgopt='path-exclude=/usr/lib/*/libgallium*' \
        --dpkgopt='path-exclude=/usr/lib/*/dri/*' \
        --setup-hook="$here/image-setup" --customize-hook="$here/image-setup" \
        "$suite" "$folder" "$(mirror)"
}

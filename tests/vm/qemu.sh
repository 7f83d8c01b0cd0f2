# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# How a guest is booted, and how files get in and out.

# /dev/kvm may be there and still not run an ordinary kernel. One that finds no root panics within a second, aloud.
kvm_works() { # FOLDER of an image
    [ -w /dev/kvm ] || return 1
    timeout 6 qemu-system-x86_64 -accel kvm -cpu host -m 512 -nic none -display none -no-reboot -serial stdio -monitor none \
        -kernel "$1/vmlinuz" -append 'console=ttyS0 panic=-1' </dev/null 2>/dev/null | grep -qa 'Kernel panic'
}

# cmpxchg16b is left out because QEMU 7.2 spoils the flags in it, and kernels from 6.12 on die of that now and then.
# With icount the guest's clock counts instructions, one a nanosecond, and both CPUs take turns in one thread: slower, and
# the same whatever else the machine does.
accelerator_flags() { # kvm|tcg|icount
    case $1 in
    kvm) echo -accel kvm -cpu host ;;
    icount) echo -accel tcg,thread=single,tb-size=1024 -icount shift=0,sleep=off -cpu max,-cx16,-la57 ;;
    *) echo -accel tcg,thread=multi,tb-size=1024 -cpu max,-cx16,-la57 ;;
    esac
}

# Starts the guest in the background, its pid in GUEST. Console and events go to files; the second disk is kept, the
# first is as new at each boot.
guest_start() { # IMAGE DISK CONSOLE EVENTS ACCELERATOR BOOT_ARGUMENTS...
    local image=$1 disk=$2 console=$3 events=$4 accelerator=$5 flags
    shift 5
    read -ra flags < <(accelerator_flags "$accelerator")
    : >"$events"
    qemu-system-x86_64 "${flags[@]}" -m 1024 -smp 2 -nic none -display none -no-reboot -monitor none \
        -kernel "$image/vmlinuz" -initrd "$image/initrd" \
        -append "root=/dev/vda rw console=ttyS0 quiet mitigations=off panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=20 $*" \
        -drive "file=$image/root.img,format=raw,if=virtio,snapshot=on" -drive "file=$disk,format=raw,if=virtio" \
        -serial "file:$console" -serial "file:$events" </dev/null >"$console.qemu" 2>&1 8>&- 9>&- &
    GUEST=$!
}

# GUEST is the pid of a process of ours; nothing else is ever ended here.
guest_end() {
    [ -n "${GUEST:-}" ] || return 0
    kill -KILL "$GUEST" 2>/dev/null || :
    wait "$GUEST" 2>/dev/null || :
    GUEST=
}

disk_make() { # FOLDER DISK
    rm -f "$2"
    mke2fs -q -t ext4 -L tests -m 0 -d "$1" "$2" 768M >/dev/null
}

# Without a loop mount: that would need more rights than the rest does. A guest that died leaves a journal to replay.
disk_read() { # DISK FOLDER: brings back what is in out/
    e2fsck -fy "$1" >/dev/null 2>&1 || :
    mkdir -p "$2"
    debugfs -R "rdump /out $2" "$1" >/dev/null 2>&1 || :
    cp -r "$2/out/." "$2/" 2>/dev/null || :
    rm -rf "$2/out"
}

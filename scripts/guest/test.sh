#!/bin/sh
# Runs the harness where its users have it: a guest with systemd, cgroup version 2 and the
# systemd cgroup driver, in which containerd, CRI-O and a kubelet are units that were there
# before. The machine is emulated, so that it needs no KVM: what it shows is that things work,
# never how long they take.
#
#   test.sh              as root, on Debian or Ubuntu; twenty minutes once it is built
#
#   OUT      where records, reports and logs are brought to (default out/guest)
#   MINUTES  after how many the guest is given up (default 30)
#
# What happens inside is in files/inside.sh.
set -eu
cd "$(dirname "$0")/../.."
OUT=${OUT:-out/guest} MINUTES=${MINUTES:-30}
files=scripts/guest/files

[ "$(uname -m)" = x86_64 ] || { echo "left out: the guest (it is built for x86_64 alone)"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "the guest's files belong to root: run this as root" >&2; exit 1; }
scripts/node/deps.sh qemu mke2fs
make build node-binaries node-crio node-kubelet
base=$(scripts/guest/base.sh)
bin=${CRI_STATS_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cri-stats-bench}/bin/current-$(go env GOARCH)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
root=$work/root
mkdir "$root"
tar -C "$root" --numeric-owner --xattrs -xf "$base/root.tar"

# What the distribution has not.
install -D -t "$root/usr/local/bin" "$bin/containerd" "$bin/containerd-shim-runc-v2" "$bin/runc" "$bin/crio" "$bin/pinns" "$bin/kubelet"
install -D -t "$root/opt/cni/bin" "$bin/bridge" "$bin/loopback" "$bin/host-local"
install -D -t "$root/opt/bench" bin/cri-stats-bench bin/podload "$files/inside.sh"
cp "$files"/*.yaml "$root/opt/bench"
images=$(timeout -s INT 5 bin/cri-stats-bench image serve --address 127.0.0.1:5000 --harness || true)
sandbox=$(echo "$images" | sed -n 1p) harness=$(echo "$images" | sed -n 2p)
(cd scripts/kubernetes && go run ./pod -image "$harness" \
	run --plan /results/plan.yaml --runtime-endpoint unix:///run/containerd/containerd.sock --out /results <job.yaml) >"$root/opt/bench/pod"
install -d "$root/etc/containerd" "$root/etc/crio" "$root/etc/cni/net.d" "$root/etc/kubernetes/manifests" "$root/var/lib/kubelet" "$root/etc/containers"
sed "s|@SANDBOX@|$sandbox|" "$files/containerd.toml" >"$root/etc/containerd/config.toml"
sed "s|@SANDBOX@|$sandbox|" "$files/crio.conf" >"$root/etc/crio/crio.conf"
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$root/etc/containers/policy.json"
cp "$files/10-bridge.conflist" "$root/etc/cni/net.d"
cp "$files/kubelet.yaml" "$root/var/lib/kubelet/config.yaml"
rm "$root/opt/bench/kubelet.yaml"
echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
echo guest >"$root/etc/hostname"
install -d "$root/etc/systemd/system/multi-user.target.wants"
for unit in "$files"/*.service; do
	install -m 644 "$unit" "$root/etc/systemd/system"
	ln -s "../${unit##*/}" "$root/etc/systemd/system/multi-user.target.wants/${unit##*/}"
done

mke2fs -q -t ext4 -d "$root" "$work/disk.img" 4G
truncate -s 512M "$work/out.img"
rm -rf "$OUT" && mkdir -p "$OUT"
# Twice: the power goes in the middle of the first boot's last run.
for boot in 1 2; do
	echo "boot $boot of the guest: its words are in $OUT/guest-$boot.log, the kernel's in $OUT/console-$boot.log"
	timeout "$((MINUTES * 60))" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 4G -display none -no-reboot -nic none \
		-kernel "$base/vmlinuz" -initrd "$base/initrd.img" -append "root=/dev/vda rw console=ttyS0 quiet psi=1" \
		-drive "file=$work/disk.img,format=raw,if=virtio,cache=unsafe" -drive "file=$work/out.img,format=raw,if=virtio,cache=unsafe" \
		-serial "file:$OUT/console-$boot.log" -serial "file:$OUT/guest-$boot.log" || echo "the guest was given up after $MINUTES minutes" >&2
	cat "$OUT/guest-$boot.log" >>"$OUT/guest.log"
done
tar -C "$OUT" -xf "$work/out.img" 2>"$work/tar.err" || { cat "$work/tar.err" "$OUT/guest.log" >&2; exit 1; }

status=0
expect() { # expect WORDS: the guest said so, as a whole line or the beginning of one
	grep -q "^$1" "$OUT/guest.log" || { echo "the guest does not say: $1" >&2; status=1; }
}
expect 'file system of /sys/fs/cgroup: cgroup2fs'
expect 'process 1: systemd'
expect 'containerd: active'
expect 'crio: active'
expect 'kubelet: active'
expect 'untouched: yes'
expect 'as a pod: done'
expect 'went on after the power went: yes'
expect 'guest: done'
# What it brought back is read here, beside records of other nodes.
for run in "$OUT"/out/*/trials.jsonl; do
	bin/cri-stats-bench report "${run%/*}" >"${run%/*}/here.txt" || status=1
	grep -q 'emulated (QEMU TCG)' "${run%/*}/here.txt" || { echo "$run: the report does not say that the machine is emulated" >&2; status=1; }
done
tail -40 "$OUT/guest.log"
[ "$status" = 0 ] && echo "the guest did all that was asked of it" || echo "something of the above did not hold" >&2
exit "$status"

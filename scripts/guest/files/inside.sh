#!/bin/sh
# What is tried in the guest, on the node that is there. The harness starts and stops nothing
# but by the command that a plan gives it.
exec >/dev/ttyS1 2>&1
set -u
bench=/opt/bench/cri-stats-bench
containerd=unix:///run/containerd/containerd.sock
crio=unix:///run/crio/crio.sock
out=/var/bench/out
mkdir -p $out
cd /var/bench || exit 1
failed=$(cat failed 2>/dev/null || echo 0)
boot=$(($(cat boot 2>/dev/null || echo 0) + 1))
echo $boot >boot

finish() {
	journalctl --no-pager -u containerd -u crio -u kubelet -u registry >$out/journal.txt
	tar -C /var/bench -cf /dev/vdb out
	sync
}
trap finish EXIT

step() { # step STATUSES COMMAND...: the command may end with one of these
	allowed=$1
	shift
	echo "== $*"
	"$@" >/tmp/step 2>&1 # this is a terminal, on which a bar would be drawn
	got=$?
	cat /tmp/step
	case " $allowed " in
	*" $got "*) echo "== status $got" ;;
	*)
		echo "== status $got, which is none of: $allowed"
		failed=$((failed + 1))
		;;
	esac
}

# whose says which processes the units have and what their configuration is.
whose() {
	systemctl show -p Id,MainPID,ActiveEnterTimestampMonotonic "$@"
	sha256sum /etc/containerd/config.toml /etc/crio/crio.conf /var/lib/kubelet/config.yaml
	ls -R /etc/kubernetes /etc/cni
	cat /proc/mounts | wc -l
}

# up waits for the units.
up() {
	for i in $(seq 60); do
		systemctl is-active --quiet containerd && systemctl is-active --quiet crio && systemctl is-active --quiet kubelet && [ -S /run/crio/crio.sock ] && [ -f /var/lib/kubelet/pki/kubelet.crt ] && return
		sleep 2
	done
}

# ends says how it went, and ends the guest's last boot.
ends() {
	echo "steps that did not end as they should: $failed"
	[ $failed = 0 ] && echo "guest: done"
	exit
}

if [ $boot = 2 ]; then
	# The power went in the middle of a run: what was on record still is, the rest is gone.
	up
	echo "boot 2: crio: $(systemctl is-active crio)"
	before=$(wc -l <$(ls $out/*-off/trials.jsonl))
	step 0 $bench cleanup -r $crio
	step 0 $bench run --resume $out/*-off -r $crio
	after=$(wc -l <$(ls $out/*-off/trials.jsonl))
	echo "trials on record: $before before, $after after"
	if [ -f $out/*-off/end.json ] && [ "$before" -ge 1 ] && [ "$after" -gt "$before" ]; then echo "went on after the power went: yes"; else failed=$((failed + 1)); fi
	ends
fi

echo "file system of /sys/fs/cgroup: $(stat -fc %T /sys/fs/cgroup)"
echo "process 1: $(cat /proc/1/comm)"
up
for unit in containerd crio kubelet; do echo "$unit: $(systemctl is-active $unit)"; done
sed 's/PodAndContainerStatsFromCRI: false/PodAndContainerStatsFromCRI: true/' /var/lib/kubelet/config.yaml >/opt/bench/on.yaml
cp /var/lib/kubelet/config.yaml /opt/bench/off.yaml
whose containerd crio kubelet >$out/before.txt

step "0 30" $bench doctor -r $containerd
step 0 $bench run --plan /opt/bench/api-kubelet.yaml -r $containerd --out $out
step 0 $bench image pull "$(sed -n 's/^pause_image = "\(.*\)"/\1/p' /etc/crio/crio.conf)" -r $crio
step 0 $bench run --plan /opt/bench/api.yaml -r $crio --out $out
step "0 1" $bench verify -r $crio
as_pod() {
	results=/var/lib/cri-stats-bench/results
	mkdir -p $results
	sed 's/^name: .*/name: pod/; s/^arms: .*/arms: [idle, cgroup, cri-pod-stats]/; s/^baseline: .*/baseline: cgroup/' /opt/bench/api-kubelet.yaml >$results/plan.yaml
	cp /opt/bench/pod /etc/kubernetes/manifests/cri-stats-bench.yaml
	for i in $(seq 240); do
		ls $results/*/end.json >/dev/null 2>&1 && break
		sleep 5
	done
	sleep 10 # it removes its pods
	rm /etc/kubernetes/manifests/cri-stats-bench.yaml
	cat /var/log/pods/*cri-stats-bench*/cri-stats-bench/*.log
	cp -r $results/*-pod $out && [ -f $out/*-pod/end.json ]
}
echo "== as a static pod"
if as_pod; then echo "as a pod: done"; else echo "as a pod: NO"; failed=$((failed + 1)); fi
step 0 $bench cleanup -r $containerd
step 0 $bench cleanup -r $crio
whose containerd crio kubelet >$out/after.txt
if cmp $out/before.txt $out/after.txt; then echo "untouched: yes"; else echo "untouched: NO"; diff $out/before.txt $out/after.txt; failed=$((failed + 1)); fi

# The kubelet is restarted by the plan's own command, which its owner has to allow.
step "2 30" $bench run --plan /opt/bench/gate.yaml -r $containerd --out $out
step 0 $bench run --plan /opt/bench/gate.yaml -r $containerd --out $out --allow-restart
whose containerd crio >$out/later.txt
whose containerd crio kubelet | grep config.yaml

# The power goes in the middle of a run.
echo $failed >failed
sed 's/^name: .*/name: off/; s/^rounds: .*/rounds: 2/; s/^truth: .*/truth: off/' /opt/bench/api.yaml >off.yaml
$bench run --plan /var/bench/off.yaml -r $crio --out $out >/tmp/step 2>&1 &
for i in $(seq 60); do
	[ -s "$(ls $out/*-off/trials.jsonl 2>/dev/null)" ] && break
	sleep 2
done
sleep 15
trap - EXIT
echo "the power goes"
echo 1 >/proc/sys/kernel/sysrq
echo o >/proc/sysrq-trigger
sleep 600

package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

const kubeletArms = `
experiment: kubelet
pods: 10
arms:
  - {name: gate-off, treatment: gate-off, intervals: {kubelet-resource: 15s, kubelet-cadvisor: 30s}, collectors: [kubelet-summary, kubelet-resource, kubelet-cadvisor]}
  - {name: gate-on, treatment: gate-on, collectors: [kubelet-summary]}
`

func TestKubelet(t *testing.T) {
	decode := func(in string) *plan.Plan {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte(in), catalog)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Warnings) > 0 {
			t.Errorf("warnings %v", p.Warnings)
		}
		roundTrip(t, p)
		return p
	}
	p := decode(kubeletArms)
	if p.Experiment != plan.Kubelet || p.Baseline != "gate-off" || p.Timeout != 10*s || p.Kubelet != nil {
		t.Errorf("experiment %s, baseline %s, timeout %v, kubelet %v", p.Experiment, p.Baseline, p.Timeout, p.Kubelet)
	}
	off := bench.Arm{
		Name: "gate-off", Collectors: []string{"kubelet-summary", "kubelet-resource", "kubelet-cadvisor"}, Treatment: bench.GateOff,
		Interval: 10 * s, Window: 120 * s, WarmUp: 40 * s,
	}
	off.Intervals = map[string]duration{"kubelet-resource": 15 * s, "kubelet-cadvisor": 30 * s}
	if diff := cmp.Diff(off, p.Arms[0]); diff != "" {
		t.Errorf("arm (-want +got):\n%s", diff)
	}

	p = decode(kubeletArms + "kubelet: {config_path: /var/lib/kubelet/config.yaml, config_off: /root/off.yaml, config_on: /root/on.yaml, restart: [systemctl, restart, kubelet], token_file: /root/token}\n")
	want := &plan.ExistingKubelet{
		Endpoint: "https://127.0.0.1:10250", CAFile: "/var/lib/kubelet/pki/kubelet.crt", TokenFile: "/root/token", StaticPods: "/etc/kubernetes/manifests",
		ConfigPath: "/var/lib/kubelet/config.yaml", ConfigOff: "/root/off.yaml", ConfigOn: "/root/on.yaml", Restart: []string{"systemctl", "restart", "kubelet"},
	}
	if diff := cmp.Diff(want, p.Kubelet); diff != "" || p.Kubelet.Untouched() {
		t.Errorf("kubelet (-want +got):\n%s", diff)
	}
	p = decode("experiment: kubelet\npods: 0\narms: kubelet-summary\nkubelet: {endpoint: https://127.0.0.1:10251}\n")
	if !p.Kubelet.Untouched() || p.Kubelet.Endpoint != "https://127.0.0.1:10251" {
		t.Errorf("kubelet %+v", p.Kubelet)
	}
}

// refuses fails unless a plan has just these mistakes, each with its place.
func refuses(t *testing.T, in string, want ...string) {
	t.Helper()
	_, err := plan.Decode("p.yaml", []byte(in), catalog)
	if err == nil {
		t.Fatalf("no error:\n%s", in)
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("%s(-want +got):\n%s", in, diff)
	}
}

func TestKubeletRefuses(t *testing.T) {
	f := func(in string, want ...string) { t.Helper(); refuses(t, in, want...) }
	f("pods: 10\narms: [{name: cgroup, treatment: gate-on}]\nkubelet: {endpoint: https://127.0.0.1:10250}\n",
		`p.yaml:2:34: arm "cgroup": the plan has nothing to treat: this key is for experiment: kubelet, and for plans with treatments`)
	f("pods: 10\narms: [cgroup]\nkubelet: {config_path: /a, config_off: /b, config_on: /c, restart: [d]}\n",
		`p.yaml:3:10: kubelet: experiment api changes none: config_path, config_off, config_on and restart are for experiment: kubelet`)
	f("pods: 10\nprofiles: [idle, nested]\narms: [cgroup]\nkubelet: {endpoint: https://127.0.0.1:10250}\n",
		`p.yaml:2:18: profile "nested": the kubelet makes the pods of this plan, and cannot be asked for such`)
	f("experiment: kubelet\npods: 10\narms: [{name: kubelet-summary, treatment: gate-in}]\n",
		`p.yaml:3:43: unknown treatment "gate-in" (did you mean "gate-on"?)`)
	f("experiment: kubelet\npods: 10\nmode: parallel\narms: [{name: kubelet-summary, treatment: gate-on}]\n",
		`p.yaml:3:7: mode: a kubelet has one gate at a time, and is restarted for each trial`)
	f("experiment: kubelet\npods: 10\narms: [{name: kubelet-summary, intervals: {kubelet-sumary: 10s, kubelet-summary: 50s}}]\n",
		`p.yaml:3:44: unknown key "kubelet-sumary" (did you mean "kubelet-summary"?)`,
		`p.yaml:3:82: arm "kubelet-summary": window 2m0s is not a multiple of the interval 50s of kubelet-summary`)
	f("experiment: kubelet\npods: 10\narms: [{name: kubelet-summary, treatment: gate-on}]\nkubelet: {endpoint: http://127.0.0.1, ca_file: kubelet.crt}\n",
		`p.yaml:4:10: kubelet names no way to restart it (config_path, config_off, config_on, restart): arms cannot ask for a treatment`,
		`p.yaml:4:21: kubelet.endpoint must be like https://127.0.0.1:10250, is "http://127.0.0.1"`,
		`p.yaml:4:48: kubelet.ca_file must be an absolute path, is "kubelet.crt"`)
	f("experiment: kubelet\npods: 10\narms: [{name: kubelet-summary, treatment: gate-on}]\nkubelet: {config_path: /a, config_off: /b}\n",
		`p.yaml:4:10: kubelet: [config_path config_off config_on restart] belong together, [config_on restart] is missing`)
}

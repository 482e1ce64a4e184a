package plan

import (
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"cri-stats-bench/bench"
)

// An ExistingKubelet is a kubelet that somebody else runs. Without ConfigOff it is
// measured as it is; with it, its configuration is replaced and it is restarted
// before each trial that asks for a treatment.
type ExistingKubelet struct {
	// Endpoint, CAFile and TokenFile are as in bench.Kubelet.
	Endpoint  string `json:"endpoint"`
	CAFile    string `json:"ca_file"`
	TokenFile string `json:"token_file,omitempty"`
	// StaticPods is the folder that it reads manifests from (staticPodPath).
	StaticPods string `json:"static_pods"`
	// ConfigPath is the file that it reads its configuration from; ConfigOff and
	// ConfigOn are files with a whole configuration for either gate.
	ConfigPath string `json:"config_path,omitempty"`
	ConfigOff  string `json:"config_off,omitempty"`
	ConfigOn   string `json:"config_on,omitempty"`
	// Restart is the command that restarts it, with its arguments.
	Restart []string `json:"restart,omitempty"`
}

// Untouched says that the kubelet is to be measured as it is.
func (k *ExistingKubelet) Untouched() bool { return k.ConfigPath == "" }

// scrapeTimeout is what Prometheus gives up a scrape after, if it is not told
// otherwise.
const scrapeTimeout = 10 * time.Second

// kubelet reads {config_path: …, config_off: …, config_on: …, restart: […]} and
// where the kubelet serves; what kubeadm makes is the default.
func (r *reader) kubelet(dst **ExistingKubelet) read {
	return func(n ast.Node, path string) {
		k := &ExistingKubelet{
			Endpoint:   "https://127.0.0.1:10250",
			CAFile:     "/var/lib/kubelet/pki/kubelet.crt",
			StaticPods: "/etc/kubernetes/manifests",
		}
		*dst = k
		r.mapping(n, path, []field{
			{"endpoint", r.endpoint(&k.Endpoint)},
			{"ca_file", r.path(&k.CAFile)},
			{"token_file", r.path(&k.TokenFile)},
			{"static_pods", r.path(&k.StaticPods)},
			{"config_path", r.path(&k.ConfigPath)},
			{"config_off", r.path(&k.ConfigOff)},
			{"config_on", r.path(&k.ConfigOn)},
			{"restart", r.list(func(n ast.Node, path string) {
				var s string
				r.text(&s)(n, path)
				k.Restart = append(k.Restart, s)
			})},
		})
		var missing []string
		all := []string{"config_path", "config_off", "config_on", "restart"}
		for _, key := range all {
			if !r.has(below(path, key)) {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 && len(missing) < len(all) {
			r.errorf(position(n), "%s: %v belong together, %v is missing", path, all, missing)
		}
	}
}

// path reads an absolute path: a plan means the same wherever the run is started.
func (r *reader) path(dst *string) read {
	return func(n ast.Node, path string) {
		if r.text(dst)(n, path); *dst != "" && !filepath.IsAbs(*dst) {
			r.errorf(position(n), "%s must be an absolute path, is %q", path, *dst)
		}
	}
}

func (r *reader) endpoint(dst *string) read {
	return func(n ast.Node, path string) {
		r.text(dst)(n, path)
		if u, err := url.Parse(*dst); err != nil || u.Scheme != "https" || u.Host == "" {
			r.errorf(position(n), "%s must be like https://127.0.0.1:10250, is %q", path, *dst)
		}
	}
}

// intervals reads {kubelet-resource: 15s} for some of the collectors.
func (r *reader) intervals(n ast.Node, path string, collectors []string) map[string]time.Duration {
	read := make([]time.Duration, len(collectors))
	fields := make([]field, len(collectors))
	for i, c := range collectors {
		fields[i] = field{c, r.duration(&read[i], time.Millisecond)}
	}
	r.mapping(n, path, fields)
	out := make(map[string]time.Duration)
	for i, c := range collectors {
		if read[i] > 0 {
			out[c] = read[i]
		}
	}
	return out
}

// resolveKubelet looks for what makes no sense in one experiment or the other.
func (r *reader) resolveKubelet(p *Plan) {
	if p.Experiment != Kubelet {
		// It makes the pods then, since it removes those that it does not know.
		if p.Kubelet != nil && !p.Kubelet.Untouched() {
			r.errorf(r.where("kubelet"), "kubelet: experiment %s changes none: config_path, config_off, config_on and restart are for experiment: %s", p.Experiment, Kubelet)
		}
		return
	}
	if !r.has("timeout") {
		p.Timeout = scrapeTimeout
	}
	if p.Mode == Parallel {
		r.errorf(r.where("mode"), "mode: a kubelet has one gate at a time, and is restarted for each trial")
	}
	treated := slices.ContainsFunc(p.Arms, func(a bench.Arm) bool { return a.Treatment != "" })
	switch {
	case p.Kubelet != nil && p.Kubelet.Untouched() && treated:
		r.errorf(r.where("kubelet"), "kubelet names no way to restart it (config_path, config_off, config_on, restart): arms cannot ask for a treatment")
	case p.Kubelet == nil && !treated:
		r.warnf(r.at[""], "no arm has a treatment: the kubelet is measured in the mode that it is started in")
	}
}

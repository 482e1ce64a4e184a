package node

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"text/template"
	"time"
)

// A runtimeSpec is what sets one runtime apart from another: a row of the table.
type runtimeSpec struct {
	// programs must be in BinDir; the first is the daemon.
	programs []programSpec
	// config is the template of the daemon's config file, executed on settings.
	config string
	// argv starts the daemon in the foreground. It is also what the daemon is
	// known by before its pid is on disk, so it must name the config file.
	argv func(daemon, config string) []string
}

type programSpec struct {
	name string
	// version is the argument that makes it print its version.
	version string
}

//go:embed containerd.toml.tmpl
var containerdConfig string

var runtimes = map[string]runtimeSpec{
	"containerd": {
		programs: []programSpec{{"containerd", "--version"}, {"containerd-shim-runc-v2", "-v"}, {"runc", "--version"}},
		config:   containerdConfig,
		argv:     func(daemon, config string) []string { return []string{daemon, "--config", config} },
	},
}

func runtimeNames() []string { return slices.Sorted(maps.Keys(runtimes)) }

// settings are what a template of a config file is made from.
type settings struct {
	Root, State, Temp   string
	Socket, ShimSockets string
	CNIConf, CNIBin     string
	Runc, RuncRoot      string
	SandboxImage        string
	Snapshotter         string
	// RestrictOOMScoreAdj is set where the process may not lower oom_score_adj.
	RestrictOOMScoreAdj bool
	StatsCollectPeriod  time.Duration
	SnapshotStatsPeriod time.Duration
}

// render writes the runtime's config file.
func (r runtimeSpec) render(s settings) ([]byte, error) {
	t, err := template.New("config").Funcs(template.FuncMap{"quote": quote}).Option("missingkey=error").Parse(r.config)
	if err != nil {
		return nil, fmt.Errorf("parse the template of the runtime's config: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("write the runtime's config: %w", err)
	}
	return b.Bytes(), nil
}

// quote writes a TOML basic string. Those of JSON are a part of them but for
// DEL, see "String" in the TOML specification, version 1.0.0.
func quote(s string) (string, error) {
	data, err := json.Marshal(s)
	return string(bytes.ReplaceAll(data, []byte{0x7f}, []byte(`\u007f`))), err
}

// cniConf is a network that containerd can load and nobody uses: pods of a
// managed node are on the host's network, but without a conf list a runtime
// does not call itself ready.
const cniConf = `{
  "cniVersion": "1.0.0",
  "name": "cri-stats-bench",
  "plugins": [{"type": "loopback"}]
}
`

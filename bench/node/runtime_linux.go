package node

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// A runtimeSpec is what sets one runtime apart from another: a row of the table.
type runtimeSpec struct {
	// programs must be there; the first is the daemon.
	programs []programSpec
	// configName is the name of the daemon's config file, config its template,
	// executed on settings.
	configName, config string
	// files are what the config names beside it, by their names in settings.Etc.
	files map[string]fileSpec
	// argv starts the daemon in the foreground. It is also what the daemon is
	// known by before its pid is on disk, so it must name the config file.
	argv func(daemon, config string) []string
	// kubeletSocket is where a kubelet's cAdvisor looks for the runtime, and nowhere
	// else (google/cadvisor, container/{containerd,crio}). A cAdvisor without a kubelet
	// can be told of another path, unless onlyKnown is set.
	kubeletSocket string
	onlyKnown     bool
	// paths are made by the runtime wherever its folders are, knownPaths where its
	// socket is kubeletSocket, each after what is in it. What else is in these folders
	// is somebody else's.
	paths, knownPaths []string
	// snapshotter shares layers by overlay mounts, copier copies them.
	snapshotter, copier string
	// statsUnit and snapshotUnit are what Config.StatsCollectPeriod and
	// SnapshotStatsPeriod must be multiples of; 0 if the runtime has no such period.
	statsUnit, snapshotUnit time.Duration
	// debug says that it can serve Go's expvar and pprof on a socket of its own; profileEnv
	// is the variable by which it serves pprof on the socket of CRI.
	debug      bool
	profileEnv string
	// hugetlb says that it needs the controller of huge pages under a kubelet.
	hugetlb bool
}

type programSpec struct {
	name string
	// version is the argument that makes it print its version, empty if it has none.
	version string
	// target of make builds it.
	target string
	// system says that it is the distribution's, and not in BinDir; below, that it is in
	// this folder of BinDir.
	system bool
	below  string
}

type fileSpec struct {
	// text is a template like the config.
	text string
	mode fs.FileMode
}

//go:embed containerd.toml.tmpl
var containerdConfig string

//go:embed containerd-v2.toml.tmpl
var containerdConfigV2 string

//go:embed crio.conf.tmpl
var crioConfig string

//go:embed runc-wrapper.sh.tmpl
var runcWrapper string

// distributionDir is where scripts/node/distribution.sh puts programs, below BinDir.
const distributionDir = "distribution"

// anyImage lets every image through, see containers-policy.json(5): those of a
// managed node come from a registry of ours on loopback.
const anyImage = `{"default": [{"type": "insecureAcceptAnything"}]}
`

// blobInfoCache is written by CRI-O at each pull of an image.
const blobInfoCache = "/var/lib/containers/cache/blob-info-cache-v1.sqlite"

// runcWrapperName is the runtime that CRI-O calls where it may not lower
// oom_score_adj.
const runcWrapperName = "runc-wrapper"

// The targets of make that build what a node needs.
const (
	targetNode    = "node-binaries"
	targetCRIO    = "node-crio"
	targetKubelet = "node-kubelet"

	targetDistribution = "node-distribution"
)

var (
	runc           = programSpec{name: "runc", version: "--version", target: targetNode}
	kubeletProgram = programSpec{name: "kubelet", version: "--version", target: targetKubelet}
)

var runtimes = map[string]runtimeSpec{
	"containerd": {
		programs: []programSpec{
			{name: "containerd", version: "--version", target: targetNode}, {name: "containerd-shim-runc-v2", version: "-v", target: targetNode}, runc,
		},
		configName:    "config.toml",
		config:        containerdConfig,
		argv:          func(daemon, config string) []string { return []string{daemon, "--config", config} },
		kubeletSocket: "/run/containerd/containerd.sock",
		knownPaths:    []string{"/run/containerd/containerd.sock", "/run/containerd/containerd.sock.ttrpc", "/run/containerd"},
		snapshotter:   "overlayfs", copier: "native",
		statsUnit: 1, snapshotUnit: time.Second,
		debug: true,
	},
	// What Debian and Ubuntu have: 1.6 or 1.7, whose config is another, and whose shims
	// listen where those of every containerd do.
	"containerd-distribution": {
		programs: []programSpec{
			{name: "containerd", below: distributionDir, version: "--version", target: targetDistribution},
			{name: "containerd-shim-runc-v2", below: distributionDir, version: "-v", target: targetDistribution}, runc,
		},
		configName:    "config.toml",
		config:        containerdConfigV2,
		argv:          func(daemon, config string) []string { return []string{daemon, "--config", config} },
		kubeletSocket: "/run/containerd/containerd.sock",
		paths:         []string{"/run/containerd/s", "/run/containerd"},
		knownPaths:    []string{"/run/containerd/containerd.sock", "/run/containerd/containerd.sock.ttrpc", "/run/containerd"},
		snapshotter:   "overlayfs", copier: "native",
		snapshotUnit: time.Second,
		debug:        true,
	},
	"crio": {
		programs: []programSpec{
			{name: "crio", version: "--version", target: targetCRIO}, {name: "pinns", target: targetCRIO},
			{name: "conmon", version: "--version", system: true}, runc,
		},
		configName: "crio.conf",
		config:     crioConfig,
		files: map[string]fileSpec{
			"policy.json":   {anyImage, 0o644},
			runcWrapperName: {runcWrapper, 0o755},
		},
		argv: func(daemon, config string) []string {
			// There is no such folder: what is in /etc/crio is another daemon's.
			return []string{daemon, "--config", config, "--config-dir", filepath.Join(filepath.Dir(config), "crio.conf.d")}
		},
		kubeletSocket: "/run/crio/crio.sock", onlyKnown: true,
		knownPaths: []string{"/run/crio/crio.sock", "/run/crio/seccomp", "/run/crio"},
		// Where layers may be found, see containers/image, pkg/blobinfocache.
		paths:       []string{blobInfoCache, blobInfoCache + "-journal", blobInfoCache + "-shm", blobInfoCache + "-wal", filepath.Dir(blobInfoCache), "/var/lib/containers"},
		snapshotter: "overlay", copier: "vfs",
		statsUnit:  time.Second,
		profileEnv: "ENABLE_PROFILE_UNIX_SOCKET=true",
		hugetlb:    true,
	},
}

func runtimeNames() []string { return slices.Sorted(maps.Keys(runtimes)) }

// settings are what the templates of config files are made from.
type settings struct {
	// Etc is where config files are.
	Etc               string
	Root, State, Temp string
	// Socket is where CRI is served, RunDir holds other sockets, ShimSockets those of
	// containerd's shims, Exits what conmon says.
	Socket, RunDir, ShimSockets, Exits string
	// Debug is where the runtime serves what it says of itself, empty for nowhere.
	Debug           string
	CNIConf, CNIBin string
	// Bridge is the interface that pods have addresses on, CNIData where it is written down
	// who has which; empty where all pods are in the node's network.
	Bridge, CNIData string
	// Programs are paths by name.
	Programs     map[string]string
	RuncRoot     string
	SandboxImage string
	Snapshotter  string
	// RestrictOOMScoreAdj is set where the process may not lower oom_score_adj.
	RestrictOOMScoreAdj bool
	StatsCollectPeriod  time.Duration
	SnapshotStatsPeriod time.Duration
}

// render makes a file of its template and what it is executed on.
func render(text string, data any) ([]byte, error) {
	t, err := template.New("file").Funcs(template.FuncMap{"quote": quote, "shell": shell}).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse the template of a config file: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("write a config file: %w", err)
	}
	return b.Bytes(), nil
}

// quote writes a TOML basic string, which is a double-quoted one of YAML too.
// Those of JSON are a part of them but for DEL, see "String" in the TOML
// specification, version 1.0.0.
func quote(s string) (string, error) {
	data, err := json.Marshal(s)
	return string(bytes.ReplaceAll(data, []byte{0x7f}, []byte(`\u007f`))), err
}

// shell writes a word of the shell.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// cniConfName is what the conf list of the network is called, below the node's folder.
const cniConfName = "cni/net.d/10-cri-stats-bench.conflist"

// networkPlugins make the network of a node with a bridge; all are in one folder.
var networkPlugins = []programSpec{
	{name: "bridge", target: targetNode}, {name: "loopback", target: targetNode}, {name: "host-local", target: targetNode},
}

// bridgeConf is that network. The bridge has no address and is no gateway: the plugin would
// switch on forwarding for the whole host.
const bridgeConf = `{
  "cniVersion": "1.0.0",
  "name": "cri-stats-bench",
  "plugins": [{
    "type": "bridge",
    "bridge": {{quote .Bridge}},
    "isGateway": false,
    "ipMasq": false,
    "ipam": {"type": "host-local", "dataDir": {{quote .CNIData}}, "ranges": [[{"subnet": "10.211.0.0/16"}]]}
  }]
}
`

// cniConf is a network that a runtime can load and nobody uses: pods of a
// managed node are on the host's network, but without a conf list a runtime
// does not call itself ready, and CRI-O not without its plugin.
const cniConf = `{
  "cniVersion": "1.0.0",
  "name": "cri-stats-bench",
  "plugins": [{"type": "loopback"}]
}
`

// cniPlugin is that plugin. It refuses to make a network, see "Section 5: Result
// Types" in the CNI specification, version 1.0.0.
const cniPlugin = `#!/bin/sh
if [ "$CNI_COMMAND" = VERSION ]; then
	echo '{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}'
	exit
fi
echo '{"cniVersion": "1.0.0", "code": 100, "msg": "pods of this node must be on the network of the host"}'
exit 1
`

package node

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"cri-stats-bench/bench/cgroupfs"
)

const (
	// loopback is where a kubelet serves, and its node name: the certificate that it
	// makes for itself is for its node name only.
	loopback = "127.0.0.1"
	// kubeletPort is what every kubelet serves on if nobody else does.
	kubeletPort = 10250
	// kubeletTimeout is how long a kubelet may take until it is ready. It takes about
	// three seconds, more with many pods.
	kubeletTimeout = time.Minute
)

//go:embed kubelet.yaml.tmpl
var kubeletTemplate string

// kubeletSettings are what the config file is made from.
type kubeletSettings struct {
	KubeletConfig
	RuntimeEndpoint     string
	Address, Port       string
	Manifests, PodLogs  string
	VolumePlugins       string
	CgroupRoot          string
	RestrictOOMScoreAdj bool
}

// newKubelet is the state of a kubelet that is about to be, on a node in s.
func newKubelet(ctx context.Context, s *State, c KubeletConfig) (*KubeletState, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	config := in("kubelet.yaml")
	return &KubeletState{
		Service: Service{
			Config: config,
			Log:    in("kubelet.log"),
			Cgroup: s.Cgroup + kubeletCgroup,
			Argv: []string{
				programPaths(s.Programs)[kubeletProgram.name], "--config", config,
				"--root-dir", in("kubelet"), "--cert-dir", in("kubelet/pki"), "--hostname-override", loopback,
			},
		},
		KubeletConfig: c,
		Endpoint:      "https://" + net.JoinHostPort(loopback, strconv.Itoa(port)),
		CertFile:      in("kubelet/pki/kubelet.crt"),
		Manifests:     in("manifests"),
		PodsCgroup:    s.Cgroup + kubeletPods + "/kubepods",
	}, nil
}

// freePort returns a port on loopback that nobody listens on, a kubelet's own if
// it is free: others may be taken by an outgoing connection between two starts.
func freePort(ctx context.Context) (port int, err error) {
	for _, port := range []int{kubeletPort, 0} {
		var l net.Listener
		if l, err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port))); err == nil {
			return l.Addr().(*net.TCPAddr).Port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a port for a kubelet: %w", err)
}

// writeKubeletConfig writes the config file and makes the folders in it.
func (s *State) writeKubeletConfig() error {
	k := s.Kubelet
	resource, err := hasCapability(unix.CAP_SYS_RESOURCE)
	if err != nil {
		return err
	}
	address, port, err := net.SplitHostPort(k.Endpoint[len("https://"):])
	if err != nil {
		return err
	}
	set := kubeletSettings{
		KubeletConfig:   k.KubeletConfig,
		RuntimeEndpoint: "unix://" + s.Socket,
		Address:         address, Port: port,
		Manifests: k.Manifests, PodLogs: filepath.Join(s.Dir, "pod-logs"),
		VolumePlugins:       filepath.Join(s.Dir, "volume-plugins"),
		CgroupRoot:          filepath.Dir(k.PodsCgroup),
		RestrictOOMScoreAdj: !resource,
	}
	data, err := render(kubeletTemplate, set)
	if err != nil {
		return err
	}
	for _, dir := range []string{set.Manifests, set.PodLogs, set.VolumePlugins} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	return os.WriteFile(k.Config, data, 0o644)
}

// Start starts the kubelet with the gate PodAndContainerStatsFromCRI off or on and
// returns when it is ready and follows the gate (see WaitReady). One that does not
// come up is ended again; the error has the lines of its log that say why.
func (k *Kubelet) Start(ctx context.Context, gate bool) error {
	unlock, err := k.node.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return k.node.startKubelet(ctx, gate)
}

// Stop ends the kubelet. Its pods go on. That it does not run is no error.
func (k *Kubelet) Stop(ctx context.Context) error {
	unlock, err := k.node.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return k.node.stopKubelet(ctx)
}

// Restart ends the kubelet and starts it with the gate off or on. Its pods go on
// meanwhile.
func (k *Kubelet) Restart(ctx context.Context, gate bool) error {
	if err := k.Stop(ctx); err != nil {
		return err
	}
	return k.Start(ctx, gate)
}

// lock keeps others from taking the node down, and says if they have.
func (n *Node) lock() (unlock func(), err error) {
	unlock, err = lockDir(n.State.Dir)
	if err != nil {
		return nil, err
	}
	now, err := readState(n.State.Dir)
	if err == nil && !now.Created.Equal(n.State.Created) {
		err = fmt.Errorf("use the node in %s: it is gone, and another one is in its place", n.State.Dir)
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// startKubelet is Start for who has the lock. A kubelet that does not serve in time
// is started once more, as a service manager would: now and then one hangs at its
// start, on an idle machine too.
func (n *Node) startKubelet(ctx context.Context, gate bool) error {
	err := n.tryKubelet(ctx, gate)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		if again := n.tryKubelet(ctx, gate); again != nil {
			return errors.Join(err, again)
		}
		return nil
	}
	return err
}

// tryKubelet starts a kubelet, and ends it again if it is not ready in time.
func (n *Node) tryKubelet(ctx context.Context, gate bool) (err error) {
	s, k := &n.State, n.State.Kubelet
	running, err := k.running(s.BootID)
	if err == nil && running {
		err = fmt.Errorf("%w: a kubelet, process %d", ErrInUse, k.PID)
	}
	if err != nil {
		return fmt.Errorf("start a kubelet in %s: %w", s.Dir, err)
	}
	hierarchies, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		return err
	}
	groups := cgroups{hierarchies}
	k.StatsFromCRI = gate
	if err := s.writeKubeletConfig(); err != nil {
		return err
	}
	// It takes a root for its pods only where that is in every hierarchy.
	if err := groups.make(filepath.Dir(k.PodsCgroup)); err != nil {
		return err
	}
	if info, err := os.Stat(k.Log); err == nil {
		k.LogStart = info.Size()
	}
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), termTimeout+killTimeout)
			defer cancel()
			err = errors.Join(err, n.stopKubelet(ctx))
		}
	}()
	if n.kubeletEnded, err = k.start(ctx, groups, s.Dir, s.environment()); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	readyCtx, cancel := context.WithTimeout(ctx, kubeletTimeout)
	defer cancel()
	return n.Kubelet().WaitReady(readyCtx)
}

// stopKubelet is Stop for who has the lock.
func (n *Node) stopKubelet(ctx context.Context) error {
	return n.end(ctx, &n.State.Kubelet.Service, n.kubeletEnded)
}

//go:build !linux

package node

import (
	"context"

	"cri-stats-bench/bench"
)

// Up brings up a node, on Linux.
func Up(context.Context, Config) (*Node, error) { return nil, needsLinux("a managed node") }

// Find finds a node, on Linux.
func Find(string) (*Node, error) { return nil, needsLinux("a managed node") }

// Down takes down the node in a folder, on Linux.
func Down(context.Context, string) error { return needsLinux("a managed node") }

// Down takes the node down, on Linux.
func (n *Node) Down(context.Context) error { return needsLinux("a managed node") }

// Status says how the node is, on Linux.
func (n *Node) Status(context.Context) (Status, error) {
	return Status{State: n.State}, needsLinux("a managed node")
}

// Restart ends the runtime and starts it anew, on Linux.
func (n *Node) Restart(context.Context, Variant) error { return needsLinux("a managed node") }

// KeepsPods says whether pods survive a restart, on Linux.
func (n *Node) KeepsPods(context.Context, Variant) (bool, error) {
	return false, needsLinux("a managed node")
}

// Runs says which variant runs, on Linux.
func (n *Node) Runs() (string, error) { return "", needsLinux("a managed node") }

// Start starts the kubelet, on Linux.
func (k *Kubelet) Start(context.Context, bool) error { return needsLinux("a kubelet") }

// Stop ends the kubelet, on Linux.
func (k *Kubelet) Stop(context.Context) error { return needsLinux("a kubelet") }

// Restart ends the kubelet and starts it anew, on Linux.
func (k *Kubelet) Restart(context.Context, bool) error { return needsLinux("a kubelet") }

// WaitReady waits until the kubelet is ready, on Linux.
func (k *Kubelet) WaitReady(context.Context) error { return needsLinux("a kubelet") }

// Provider asks the kubelet for its provider, on Linux.
func (k *Kubelet) Provider(context.Context) (string, error) { return "", needsLinux("a kubelet") }

// Status says how the kubelet is, on Linux.
func (k *Kubelet) Status(context.Context) (KubeletStatus, error) {
	return KubeletStatus{}, needsLinux("a kubelet")
}

// Discover finds the daemon behind a socket, on Linux.
func Discover(context.Context, string) (*Daemon, error) {
	return nil, needsLinux("finding a runtime's daemon")
}

// DiscoverKubelet finds the kubelet that serves on a port, on Linux.
func DiscoverKubelet(string) (*Daemon, error) { return nil, needsLinux("finding a kubelet's process") }

func needsLinux(what string) error { return &bench.UnsupportedError{What: what, Needs: "Linux"} }

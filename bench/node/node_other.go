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

// Discover finds the daemon behind a socket, on Linux.
func Discover(context.Context, string) (*Daemon, error) {
	return nil, needsLinux("finding a runtime's daemon")
}

func needsLinux(what string) error { return &bench.UnsupportedError{What: what, Needs: "Linux"} }

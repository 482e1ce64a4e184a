package node

import (
	"errors"
	"fmt"
	"strings"
)

// A Node is a managed node, brought up by this process or found. It is to be used
// by one goroutine at a time.
type Node struct {
	State State
	// config and own are what Up was given and found, zero in a node that this process did
	// not bring up.
	config Config
	own    []Program
	// ended and kubeletEnded are nil for daemons that this process did not start.
	ended, kubeletEnded <-chan struct{}
}

// Endpoint is where the runtime serves CRI, as in the flags of crictl.
func (n *Node) Endpoint() string { return "unix://" + n.State.Socket }

// Ended is closed when the daemon has ended. It is nil, and so blocks for ever,
// for a node that this process did not bring up.
func (n *Node) Ended() <-chan struct{} { return n.ended }

// ErrInUse is returned by Up where a live node is in the way.
var ErrInUse = errors.New("a node runs there already")

// A Status says how a node is.
type Status struct {
	State State `json:"state"`
	ServiceStatus
	// Kubelet is how the kubelet is, nil if the node has none.
	Kubelet *KubeletStatus `json:"kubelet,omitempty"`
}

// A ServiceStatus says how a daemon is.
type ServiceStatus struct {
	// Running says that the process of the daemon lives; Ready that it answers and
	// says that it can run pods.
	Running bool `json:"running"`
	Ready   bool `json:"ready"`
	// Problem says why it is not ready.
	Problem string `json:"problem,omitempty"`
}

// A KubeletStatus says how a kubelet is.
type KubeletStatus struct {
	ServiceStatus
	// Provider is who makes the stats of pods, as the kubelet says: "cri" or
	// "cadvisor"; empty while it says nothing.
	Provider string `json:"provider,omitempty"`
}

// A LeftError says what of a node is left after Down. The state file is then
// left too, so that Down can be tried again.
type LeftError struct {
	Dir string
	// Left names each thing and where it is.
	Left []string
	// Err joins what went wrong on the way.
	Err error
}

// Error lists what is left.
func (e *LeftError) Error() string {
	text := fmt.Sprintf("take down the node in %s: left are: %s", e.Dir, strings.Join(e.Left, "; "))
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what went wrong on the way.
func (e *LeftError) Unwrap() error { return e.Err }

package node

import "cri-stats-bench/bench"

// A Kubelet is the one of a managed node. It runs without an API server: its pods
// are the manifests in KubeletState.Manifests, and they outlive it when it is
// restarted.
type Kubelet struct{ node *Node }

// Kubelet returns the node's kubelet, nil if the node has none.
func (n *Node) Kubelet() *Kubelet {
	if n.State.Kubelet == nil {
		return nil
	}
	return &Kubelet{n}
}

// State returns what is to be known of it, as it is now.
func (k *Kubelet) State() KubeletState { return *k.node.State.Kubelet }

// Ended is closed when the process that was started last has ended. It is nil, and
// so blocks for ever, for a kubelet that this process did not start.
func (k *Kubelet) Ended() <-chan struct{} { return k.node.kubeletEnded }

// Serves says where it serves, and the certificate that it is known by.
func (k KubeletState) Serves() bench.Kubelet {
	return bench.Kubelet{Endpoint: k.Endpoint, CAFile: k.CertFile}
}

package pods

import "fmt"

// What a pod takes of the node's memory beyond what its containers hold, in
// bytes. Measured on containerd 2.4 with runc, idle, as the fall of MemAvailable
// per pod: FIGURES.
const (
	podBytes       = 16 << 20 // shim, pause process, cgroups, mounts
	containerBytes = 6 << 20  // its process, cgroups, mounts
)

// A MemoryError says that the node has too little memory for the pods asked for:
// the node is unfit for the plan, nothing is wrong with the harness.
type MemoryError struct {
	Pods      int   // that were to be added
	Need      int64 // bytes, estimated
	Available int64 // bytes
}

// Error gives both numbers in MiB.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("too little memory for %d more pods: needs about %d MiB, %d MiB are available",
		e.Pods, e.Need>>20, e.Available>>20)
}

// checkMemory returns a *MemoryError unless there is memory for n more pods.
func (w *Workload) checkMemory(n int, s spec) error {
	if w.cfg.AvailableMemory == nil || n <= 0 {
		return nil
	}
	available, err := w.cfg.AvailableMemory()
	if err != nil {
		return fmt.Errorf("is there memory for %d more pods: %w", n, err)
	}
	need := int64(n) * (podBytes + int64(s.Containers)*(containerBytes+s.memory))
	if need > available {
		return &MemoryError{Pods: n, Need: need, Available: available}
	}
	return nil
}

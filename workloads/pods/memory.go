package pods

import "fmt"

// What a pod takes of the node's memory beyond what its containers hold, in
// bytes, on the safe side. On containerd 2.4 with runc, idle, MemAvailable fell by
// 8 to 13 MiB per pod of one container, a third of it page cache, and by 1.5 MiB
// for each further container; the PSS of a shim was 5.2 MiB (and grows for the
// first minutes), of a podload 0.8 MiB.
const (
	podBytes       = 11 << 20 // shim, pause process, cgroups, mounts
	containerBytes = 2 << 20  // its process, cgroups, mounts
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
	return CheckMemory(n, s.Containers, s.memory, w.cfg.AvailableMemory)
}

// Memory is about what n pods of so many containers take, each of which holds so many
// bytes.
func Memory(n, containers int, memory int64) int64 {
	return int64(n) * (podBytes + int64(containers)*(containerBytes+memory))
}

// CheckMemory returns a *MemoryError unless there is memory for n more pods of so
// many containers, each of which holds so many bytes. Without available it asks
// nobody.
func CheckMemory(n, containers int, memory int64, available func() (int64, error)) error {
	if available == nil || n <= 0 {
		return nil
	}
	free, err := available()
	if err != nil {
		return fmt.Errorf("is there memory for %d more pods: %w", n, err)
	}
	if need := Memory(n, containers, memory); need > free {
		return &MemoryError{Pods: n, Need: need, Available: free}
	}
	return nil
}

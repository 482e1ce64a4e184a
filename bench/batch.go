package bench

import "slices"

// An Entity is what a Sample is about. A container has both ids, a pod sandbox
// only Pod, anything else on the node (a slice, the root cgroup) neither. Ids
// are the runtime's own, whole.
type Entity struct {
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	// Cgroup is the path below the hierarchy's root, where the source tells it.
	Cgroup string `json:"cgroup,omitempty"`
}

// A Sample is one value of one metric at one instant.
type Sample struct {
	Metric *Metric
	// Entity is an index into the batch's Entities.
	Entity int32
	// Labels are the values that tell series of one metric and entity apart (an
	// interface, a device, a failure type), in the source's order. The slice may
	// belong to the answer it came from.
	Labels []string
	Value  float64
	// At is the instant the source claims for the value, in nanoseconds since
	// 1970; 0 where it claims none. It is a claim: agreement checks it.
	At int64
}

// A Batch is the normal form of one answer, the same for every source, so that
// each collector does the same work after its read. A collector appends to it;
// the agent resets and reuses it, so that a steady call allocates nothing here.
type Batch struct {
	Entities []Entity
	Samples  []Sample
	// Bytes is the size of the answer on the wire (CRI), as text (Prometheus
	// exposition) or read from files (cgroup); 0 where nothing is transferred.
	Bytes int64
	// Warnings are what a reader of the answer should know although it is usable.
	Warnings []error
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	clear(b.Samples) // drop references into the last answer
	b.Entities = b.Entities[:0]
	b.Samples = b.Samples[:0]
	b.Warnings = b.Warnings[:0]
	b.Bytes = 0
}

// Entity appends e and returns its index for Add.
func (b *Batch) Entity(e Entity) int32 {
	b.Entities = append(b.Entities, e)
	return int32(len(b.Entities) - 1)
}

// Add appends one value. at is the source's timestamp in nanoseconds since
// 1970, 0 where there is none.
func (b *Batch) Add(m *Metric, entity int32, value float64, at int64) {
	b.Samples = append(b.Samples, Sample{Metric: m, Entity: entity, Value: value, At: at})
}

// Names returns the metrics that the batch has samples of, sorted, each once.
func (b *Batch) Names() []string {
	seen := make(map[*Metric]bool)
	var names []string
	for i := range b.Samples {
		if m := b.Samples[i].Metric; !seen[m] {
			seen[m] = true
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names) // a name may come as a counter and as a gauge
}

// Pods returns how many pod sandboxes the batch has an entity of their own for.
func (b *Batch) Pods() int {
	n := 0
	for i := range b.Entities {
		if b.Entities[i].Pod != "" && b.Entities[i].Container == "" {
			n++
		}
	}
	return n
}

// Containers returns how many containers the batch has an entity for.
func (b *Batch) Containers() int {
	n := 0
	for i := range b.Entities {
		if b.Entities[i].Container != "" {
			n++
		}
	}
	return n
}

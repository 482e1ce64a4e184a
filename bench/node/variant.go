package node

// A Variant is another build or another configuration of a node's runtime: what
// Node.Restart starts in place of what Up started.
type Variant struct {
	// Name is what it is called in State.Variant.
	Name string
	// Programs is a folder with programs that take the place of the node's own of the same
	// names; those that it lacks stay. Empty for none.
	Programs string
	// Config is TOML that is laid over the node's config file: tables are joined, all
	// else is replaced.
	Config string
	// Env are variables of the daemon's environment beside those that every node has,
	// NAME=VALUE.
	Env []string
}

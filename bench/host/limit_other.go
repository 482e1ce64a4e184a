//go:build !unix

package host

// maxOpenFiles has no answer where there is no such limit.
func maxOpenFiles() *uint64 { return nil }

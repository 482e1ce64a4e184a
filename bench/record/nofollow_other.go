//go:build !unix

package record

// noFollow is for systems whose links and pipes are no files that a run could have.
const noFollow = 0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package host

import (
	"fmt"
	"os"
	"runtime"
)

func openLock(path string) (*os.File, error) {
	return nil, fmt.Errorf("%s: a lock that ends with its process is not supported on %s", path, runtime.GOOS)
}

func tryLock(*os.File) error { return nil }

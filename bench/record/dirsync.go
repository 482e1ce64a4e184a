//go:build !windows

package record

import (
	"errors"
	"fmt"
	"os"
)

// syncDir makes the names in a directory durable: a file that is synced can
// still be lost with its name.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("create run: sync directory %s: %w", dir, err)
	}
	return nil
}

package node

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// trusted refuses a program that another user could have put there, or could exchange: the
// node's daemons run as this process's user, which is root. It looks at the file and at
// every folder above it. Programs that a plan or a flag names are whoever's it says.
func trusted(path string) error {
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil {
			return fmt.Errorf("see whose %s is: %w", path, err)
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return fmt.Errorf("see whose %s is: the system does not tell", path)
		}
		if why := exchangeable(info.Mode(), stat.Uid, stat.Gid, uint32(os.Geteuid())); why != "" {
			return fmt.Errorf("run %s: %s %s: build it as the user that runs this (make node-binaries), in a folder that is this user's alone", path, at, why)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// exchangeable says why somebody else than root and the user could exchange a file, or what
// is in a folder; "" where nobody can.
func exchangeable(mode fs.FileMode, owner, group, user uint32) string {
	sticky := mode.IsDir() && mode&fs.ModeSticky != 0 // where everybody may remove his own alone
	switch {
	case owner != 0 && owner != user:
		return fmt.Sprintf("belongs to user %d", owner)
	case mode.Perm()&0o002 != 0 && !sticky:
		return "may be written by everybody"
	case mode.Perm()&0o020 != 0 && group != 0 && !sticky:
		return fmt.Sprintf("may be written by group %d", group)
	}
	return ""
}

// named takes a program as it is: whoever runs this has named its folder.
func named(string) error { return nil }

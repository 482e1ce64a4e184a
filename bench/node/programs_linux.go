package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// systemPath is where the daemons find mount, modprobe and the like.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// findPrograms finds and tries the programs of a node, once check has nothing against them.
func findPrograms(ctx context.Context, dir string, all []programSpec, check func(path string) error) ([]Program, error) {
	var programs []Program
	var errs []error
	for _, want := range all {
		path, hint := filepath.Join(dir, want.below, want.name), "build it first (make "+want.target+")"
		if want.system {
			path, hint = systemProgram(want.name), "install the distribution's package (scripts/node/deps.sh "+want.name+")"
		}
		name, err := filepath.EvalSymlinks(path)
		if errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("find %s: %w: %s", path, fs.ErrNotExist, hint))
			continue
		}
		if err == nil {
			name, err = filepath.Abs(name)
		}
		if err == nil {
			if err := check(name); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		var out []byte
		if err == nil && want.version != "" {
			out, err = exec.CommandContext(ctx, name, want.version).Output()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ask %s for its version: %w", path, err))
			continue
		}
		programs = append(programs, Program{want.name, name, strings.Join(strings.Fields(string(out)), " ")})
	}
	return programs, errors.Join(errs...)
}

// programPaths returns paths by name.
func programPaths(programs []Program) map[string]string {
	paths := make(map[string]string, len(programs))
	for _, p := range programs {
		paths[p.Name] = p.Path
	}
	return paths
}

// programPath is a PATH on which the node's own programs come first.
func programPath(programs []Program) string {
	var path strings.Builder
	for _, p := range programs {
		path.WriteString(filepath.Dir(p.Path) + ":")
	}
	return path.String() + systemPath
}

// systemProgram returns where the distribution has put a program, or where it
// would be.
func systemProgram(name string) string {
	dirs := filepath.SplitList(systemPath)
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name)
		}
	}
	return filepath.Join(dirs[len(dirs)-1], name)
}

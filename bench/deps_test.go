package bench_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "cri-stats-bench"

// rules say which package must not depend on what, and why. A pattern that ends
// in "/..." stands for all below it.
var rules = []struct{ pkg, bad, why string }{
	{"bench/stat", module + "/...", "statistics are numbers in, numbers out"},
	{"bench/stat", "google.golang.org/...", "statistics are numbers in, numbers out"},
	{"bench", module + "/...", "the vocabulary stands below everything"},
	{"bench/...", module + "/cmd/...", "nothing imports the program"},
	{"bench/...", module + "/collectors/...", "the engine knows collectors by their interface"},
	{"bench/...", module + "/workloads/...", "the engine knows workloads by their interface"},
	{"bench/...", module + "/reports/...", "the engine does not print"},
	{"collectors/...", module + "/workloads/...", "shelves do not know each other"},
	{"collectors/...", module + "/reports/...", "shelves do not know each other"},
	{"workloads/...", module + "/collectors/...", "shelves do not know each other"},
	{"workloads/...", module + "/reports/...", "shelves do not know each other"},
	{"reports/...", module + "/collectors/...", "shelves do not know each other"},
	{"reports/...", module + "/workloads/...", "shelves do not know each other"},
	{"collectors/...", module + "/cmd/...", "nothing imports the program"},
	{"workloads/...", module + "/cmd/...", "nothing imports the program"},
	{"reports/...", module + "/cmd/...", "nothing imports the program"},
}

// belowRecords are the packages that work on records alone: on any machine, with
// no node and no root.
var belowRecords = []string{"bench/record", "bench/analysis", "bench/runs", "bench/trend", "bench/stat", "bench/plan", "bench/agreement", "reports/..."}

// nodeOnly is what such a package must not pull in.
var nodeOnly = []string{
	"google.golang.org/grpc", "k8s.io/...", "github.com/google/cadvisor/...", "github.com/google/go-containerregistry/...",
	"github.com/prometheus/procfs",
	module + "/bench/meter", module + "/bench/host", module + "/bench/node", module + "/bench/agent", module + "/bench/criconn", module + "/bench/cgroupfs",
}

func matches(pattern, path string) bool {
	prefix, all := strings.CutSuffix(pattern, "/...")
	return path == prefix || all && strings.HasPrefix(path, prefix+"/")
}

func TestImports(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps, Dir: ".."}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(loaded) > 0 || len(loaded) < 10 {
		t.Fatalf("only %d packages could be read", len(loaded))
	}
	type rule struct{ pkg, bad, why string }
	all := make([]rule, 0, len(rules))
	for _, r := range rules {
		all = append(all, rule(r))
	}
	for _, pkg := range belowRecords {
		for _, bad := range nodeOnly {
			all = append(all, rule{pkg, bad, "what reads records needs no node, no root, no Linux"})
		}
	}
	for _, r := range all {
		found := false
		for _, pkg := range loaded {
			if !matches(module+"/"+r.pkg, pkg.PkgPath) {
				continue
			}
			found = true
			packages.Visit([]*packages.Package{pkg}, nil, func(dep *packages.Package) {
				if dep.PkgPath != pkg.PkgPath && matches(r.bad, dep.PkgPath) {
					t.Errorf("%s depends on %s, but: %s", pkg.PkgPath, dep.PkgPath, r.why)
				}
			})
		}
		if !found {
			t.Errorf("the rule for %s is about no package", r.pkg)
		}
	}
}

// renames may stand outside of package durable for these reasons.
var renames = map[string]string{
	"bench/durable/durable.go":         "it is what the others call",
	"workloads/staticpods/manifest.go": "who restarts after a power loss makes its pods anew: what counts is that a kubelet never sees half a manifest",
}

// A file that takes another one's name without its folder being synced may be gone after a
// power loss, with what it was to be remembered by: package durable alone does that.
func TestRename(t *testing.T) {
	found := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == "Rename" && isName(call.X, "os") {
				name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
				if found[name] = true; renames[name] == "" {
					t.Errorf("%s renames by itself: use durable.WriteFile, or say in this test why not", name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(renames) {
		t.Errorf("renames stand in %v, and %d reasons", found, len(renames))
	}
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

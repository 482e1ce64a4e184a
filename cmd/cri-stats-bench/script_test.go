package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// childVariable makes the test binary be the program when the program starts
// itself again, as an agent or as the in-memory runtime.
const childVariable = "CRI_STATS_BENCH_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"cri-stats-bench": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv(childVariable, "1")
			return nil
		},
		RequireExplicitExec: true,
	})
}

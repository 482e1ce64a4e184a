package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/workloads/image"
)

func newDoctor() *cobra.Command {
	var f endpointFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say whether this node is fit to measure on, and what to do if not",
		Long: `doctor prints one line per requirement: ok, warn, fail or unknown, with the
remedy. It ends with status 30 if a run would fail here. It changes nothing.`,
		Example: indent(`
cri-stats-bench doctor
cri-stats-bench doctor -r unix:///run/crio/crio.sock`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := host.Describe(cmd.Context(), host.Options{Probe: hostProbe})
			if err != nil {
				return err
			}
			checks := append(host.Preflight(h), checkPodload(f.podload))
			if endpoint := f.existing(); endpoint != "" {
				checks = append(checks, checkEndpoint(cmd.Context(), endpoint)...)
				if pid := kubeletOf(h); pid != 0 {
					checks = append(checks, host.Check{Name: "kubelet", Status: host.Warn, Detail: removesPods(pid), Remedy: "see cri-stats-bench plan show kep: the key kubelet, of which endpoint, ca_file and static_pods are enough"})
				}
			} else {
				checks = append(checks, checkBinaries())
			}
			if err := cmd.Context().Err(); err != nil {
				return err // what was interrupted is not what is wrong with the node
			}
			return tell(cmd.OutOrStdout(), checks)
		},
	}
	f.add(cmd)
	return cmd
}

// tell prints the checks and fails if one of them did.
func tell(w io.Writer, checks []host.Check) error {
	failed := 0
	for _, c := range checks {
		fmt.Fprintf(w, "%-8s %-22s %s\n", c.Status, c.Name, format.Plain(c.Detail))
		if c.Status != host.OK && c.Remedy != "" {
			fmt.Fprintf(w, "%31s-> %s\n", "", format.Plain(c.Remedy))
		}
		if c.Status == host.Fail {
			failed++
		}
	}
	if ok, reasons := host.Publishable(checks); !ok {
		fmt.Fprintf(w, "\nnot for publication:\n")
		for _, reason := range reasons {
			fmt.Fprintf(w, "  %s\n", format.Plain(reason))
		}
	}
	if failed > 0 {
		return statusError{exitUnfit, fmt.Errorf("%d of %d requirements are not met", failed, len(checks))}
	}
	return nil
}

// checkBinaries says whether a private node could be started.
func checkBinaries() host.Check {
	const name = "private node"
	bin, err := node.DefaultBinDir(os.Getenv)
	for _, program := range []string{"containerd", "containerd-shim-runc-v2", "runc"} {
		if err == nil {
			_, err = os.Stat(filepath.Join(bin, program))
		}
	}
	if err != nil {
		return host.Check{Name: name, Status: host.Fail, Detail: err.Error(), Remedy: "make node-binaries, or give the --runtime-endpoint of this node's runtime"}
	}
	return host.Check{Name: name, Status: host.OK, Detail: "containerd, its shim and runc are in " + bin}
}

// checkEndpoint says who answers and which calls it knows.
func checkEndpoint(ctx context.Context, endpoint string) (checks []host.Check) {
	conn, err := criconn.Dial(ctx, endpoint)
	if err != nil {
		var e *criconn.EndpointError
		if errors.As(err, &e) {
			return []host.Check{{Name: "runtime", Status: host.Fail, Detail: fmt.Sprintf("%s %s", e.Endpoint, e.Problem), Remedy: e.Remedy}}
		}
		return []host.Check{{Name: "runtime", Status: host.Fail, Detail: err.Error()}}
	}
	defer func() {
		if err := conn.Close(); err != nil {
			checks = append(checks, host.Check{Name: "runtime", Status: host.Warn, Detail: err.Error()})
		}
	}()
	checks = append(checks, host.Check{Name: "runtime", Status: host.OK, Detail: fmt.Sprintf("%s at %s", conn, conn.Endpoint)})
	if _, err := node.Discover(ctx, conn.Endpoint); err != nil {
		checks = append(checks, host.Check{Name: "runtime's process", Status: host.Fail, Detail: err.Error(), Remedy: "run as root, in the host's pid namespace"})
	}
	checks = append(checks, checkVersions(ctx, conn), checkPause(ctx, conn))
	for _, spec := range collectors {
		if spec.CRI == "v1" && spec.Name != bench.ControlCollector {
			checks = append(checks, checkCollector(ctx, spec.CollectorSpec, bench.Source{Endpoint: conn.Endpoint, Runtime: conn.Version.GetRuntimeName()}))
		}
	}
	return checks
}

// checkVersions says which versions of the CRI the socket serves.
func checkVersions(ctx context.Context, conn *criconn.Conn) host.Check {
	detail := "v1"
	if _, err := conn.Alpha().Version(ctx, &runtimev1.VersionRequest{}); err == nil {
		detail = "v1 and v1alpha2"
	}
	return host.Check{Name: "CRI versions", Status: host.OK, Detail: detail}
}

// checkPodload says whether the program that pods run is there.
func checkPodload(path string) host.Check {
	const name = "program of the pods"
	if _, err := podloadImage(path); err != nil {
		return host.Check{Name: name, Status: host.Fail, Detail: err.Error(), Remedy: "make build, or give --podload"}
	}
	return host.Check{Name: name, Status: host.OK, Detail: "podload is there and fit for an image"}
}

// checkPause says whether the runtime can make sandboxes without asking a registry.
func checkPause(ctx context.Context, conn *criconn.Conn) host.Check {
	const name = "sandbox image"
	switch p, known, err := image.PauseOf(ctx, conn.Runtime, conn.Images); {
	case err != nil:
		return host.Check{Name: name, Status: host.Unknown, Detail: err.Error()}
	case !known:
		return host.Check{Name: name, Status: host.Unknown, Detail: "the runtime does not say which it is"}
	case !p.There:
		return host.Check{Name: name, Status: host.Fail, Detail: p.Ref + " is not there, so that the first pod waits for a registry", Remedy: "pull or import it: ctr -n k8s.io images import FILE"}
	case !p.Pinned:
		return host.Check{Name: name, Status: host.Warn, Detail: p.Ref + " is there, but not pinned: a kubelet short of disk may remove it in the middle of a run", Remedy: "pin it: ctr -n k8s.io images label " + p.Ref + " io.cri-containerd.pinned=pinned"}
	default:
		return host.Check{Name: name, Status: host.OK, Detail: p.Ref + " is there and pinned"}
	}
}

// checkCollector makes one call and says whether the runtime can answer it.
func checkCollector(ctx context.Context, spec bench.CollectorSpec, s bench.Source) host.Check {
	check := host.Check{Name: spec.Name, Status: host.OK, Detail: "answers"}
	err := collectOnce(ctx, spec, s, new(bench.Batch))
	var unsupported *bench.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		check.Status, check.Remedy = host.Warn, unsupported.What+" needs "+unsupported.Needs
		check.Detail = fmt.Sprintf("%s is not supported: arms with the collector %s will be left out", unsupported.What, spec.Name)
	case err != nil:
		check.Status, check.Detail = host.Fail, err.Error()
	}
	return check
}

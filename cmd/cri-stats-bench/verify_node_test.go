//go:build node

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/workloads/pods"
)

// churnPods makes and removes pods of a run of its own until ctx ends, and says how
// often it did.
func churnPods(ctx context.Context, t *testing.T, conn *criconn.Conn) int {
	images, err := conn.Images.ListImages(ctx, &runtimev1.ListImagesRequest{})
	if err != nil || len(images.GetImages()) != 1 {
		t.Errorf("images of the node: %v, %v", images, err)
		return 0
	}
	w, err := pods.New(conn.Runtime, pods.Config{
		Run: "churn", NamePrefix: "churn", Image: images.GetImages()[0].GetId(), CgroupFS: cgroupfs.Root, Settle: time.Millisecond,
	})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer func() {
		if err := w.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	changes := 0
	for n := 0; ctx.Err() == nil; n = (n + 2) % 5 {
		if _, err := w.Scale(ctx, bench.Cell{Pods: n, ContainersPerPod: 1, Profile: "active"}); err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			break
		}
		changes++
	}
	return changes
}

// verifyNode verifies a runtime that is there and returns what was found.
func verifyNode(t *testing.T, args ...string) *agreement.Report {
	t.Helper()
	cmd := program(t, append([]string{"verify", "--format", "json"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitDone && code != exitFailed {
		t.Fatalf("verify: status %d\n%s", code, stderr.String())
	}
	doc := verifyDocument{Report: new(agreement.Report)}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
		t.Fatalf("verify: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	for _, f := range doc.Findings {
		t.Log(f.String())
	}
	return doc.Report
}

// On a real runtime, with pods that come and go all the time, nothing is called
// missing, old or wrong that is not; pods of others stay.
func TestNodeVerify(t *testing.T) {
	nothingLeft(t)
	load := podload(t)
	conn := privateNode(t, load)
	ctx, stop := context.WithCancel(t.Context())
	changes := make(chan int)
	go func() { changes <- churnPods(ctx, t, conn) }()
	report := verifyNode(t, "-r", conn.Endpoint, "--podload", load)
	stop()
	if n := <-changes; n < 5 {
		t.Errorf("%d changes while verify ran: that is no churn", n)
	}
	if !report.Referenced || len(report.Sources) != 7 {
		t.Errorf("%d sources, left out %v, cgroups read: %t", len(report.Sources), report.Unsupported, report.Referenced)
	}
	for _, f := range report.Findings {
		// What is known to be wrong on cgroup version 1, see QUANTITIES.md.
		known := f.Source == "cadvisor" && slices.Equal(f.Quantities, []string{bench.PageFaults.Name}) ||
			slices.Equal(f.Quantities, []string{bench.SwapUsage.Name})
		if f.Severity == agreement.Defect && !known {
			t.Errorf("found %v", f)
		}
	}
	for _, s := range report.Sources {
		if s.Failed > 0 || s.Calls < 4 || s.Containers == 0 {
			t.Errorf("%s: %d calls, %d failed, %.1f containers", s.Name, s.Calls, s.Failed, s.Containers)
		}
		if s.Form == agreement.PodSandboxStats.Name && (s.Age == nil || s.Age.P50 > 1) {
			t.Errorf("%s: age %+v", s.Name, s.Age)
		}
	}
	left, err := pods.Leftovers(t.Context(), conn.Runtime)
	if err != nil || len(left) > 0 {
		t.Errorf("left after verify: %v, %v", left, err)
	}
}

// Without burners verify makes nothing and gives the runtime nothing.
func TestNodeVerifyReadOnly(t *testing.T) {
	conn := privateNode(t, podload(t))
	report := verifyNode(t, "-r", conn.Endpoint, "--burners", "0", "--duration", "2s", "--source", "cri-pod-stats")
	if len(report.Sources) != 1 || report.Sources[0].Calls < 4 {
		t.Errorf("report of an empty node: %+v", report)
	}
	// Nothing ran, so nothing was found true, and nothing else is wrong.
	for _, f := range report.Findings {
		if f.Severity == agreement.Defect && f.Kind != agreement.NotJudged {
			t.Errorf("found %v", f)
		}
	}
	if report.Defects() == 0 {
		t.Error("an empty node was found true")
	}
}

// A verification that is interrupted removes all that it made.
func TestNodeVerifyInterrupt(t *testing.T) {
	load := podload(t)
	for _, after := range []time.Duration{1500, 3500, 8000, 15000} {
		if code, says := interrupt(t, after*time.Millisecond, "verify", "--podload", load); code != exitInterrupted {
			t.Errorf("status %d, %s", code, says)
		}
		nothingLeft(t)
	}
}

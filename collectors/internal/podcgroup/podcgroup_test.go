package podcgroup

import (
	"strings"
	"testing"

	"cri-stats-bench/bench"
)

func TestOf(t *testing.T) {
	pod, ctr := strings.Repeat("a", 64), strings.Repeat("b", 64)
	x, err := NewIndex([]bench.Pod{{ID: pod, Containers: []string{ctr}}})
	if err != nil {
		t.Fatal(err)
	}
	f := func(cgroup string, kind Kind, wantPod, wantContainer string) {
		t.Helper()
		gotKind, gotPod, gotContainer := x.Of(cgroup)
		if gotKind != kind || gotPod != wantPod || gotContainer != wantContainer {
			t.Errorf("Of(%q) = %d, %.4q, %.4q, want %d, %.4q, %.4q", cgroup, gotKind, gotPod, gotContainer, kind, wantPod, wantContainer)
		}
	}
	f("/cristatsbench/podu1/"+ctr, Container, pod, ctr)
	f("/cristatsbench/podu1/"+pod, Sandbox, pod, "")
	f("/cristatsbench.slice/cristatsbench-podu1.slice/cri-containerd-"+ctr+".scope", Container, pod, ctr)
	f("/cristatsbench.slice/cristatsbench-podu1.slice/cri-containerd-"+pod+".scope", Sandbox, pod, "")
	f("/cristatsbench.slice/cristatsbench-podu1.slice/crio-"+ctr+".scope", Container, pod, ctr)
	f("/cristatsbench.slice/cristatsbench-podu1.slice/crio-"+pod, Sandbox, pod, "")
	f("/cristatsbench/podu1/crio-"+ctr, Container, pod, ctr)
	f("/cristatsbench/podu1/crio-conmon-"+ctr, Other, "", "")
	f("/cristatsbench.slice/cristatsbench-podu1.slice/crio-conmon-"+ctr+".scope", Other, "", "")
	f("/cristatsbench/podu1/"+ctr+"/container", Other, "", "") // crun's child
	f("/cristatsbench/podu1/"+strings.Repeat("c", 64), Other, "", "")
	f("/cristatsbench/podu1", Other, "", "")
	f("/", Other, "", "")
	f("", Other, "", "")
}

func TestPod(t *testing.T) {
	x, err := NewIndex([]bench.Pod{{ID: "p", Containers: []string{"c"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Pod("c"); got != "p" {
		t.Errorf("pod of c is %q, want p", got)
	}
	if got := x.Pod("p"); got != "" {
		t.Errorf("the sandbox was taken for a container of pod %q", got)
	}
}

func TestNewIndexRefuses(t *testing.T) {
	f := func(pods ...bench.Pod) {
		t.Helper()
		if _, err := NewIndex(pods); err == nil {
			t.Errorf("NewIndex(%v) made an index", pods)
		}
	}
	f(bench.Pod{})
	f(bench.Pod{ID: "a"}, bench.Pod{ID: "a"})
	f(bench.Pod{ID: "a", Containers: []string{"c", "c"}})
	f(bench.Pod{ID: "a", Containers: []string{"c"}}, bench.Pod{ID: "b", Containers: []string{"c"}})
	f(bench.Pod{ID: "a", Containers: []string{""}})
}

func FuzzID(f *testing.F) {
	f.Add("cri-containerd-0123.scope")
	f.Add("crio-crio-x.scope.scope")
	f.Fuzz(func(t *testing.T, base string) {
		if id := ID(base); !strings.Contains(base, id) || len(base)-len(id) > len("cri-containerd-.scope") {
			t.Errorf("ID(%q) = %q", base, id)
		}
	})
}

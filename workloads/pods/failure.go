package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// failure says why the pod does not run and never will; nil if it runs or may yet.
func (w *Workload) failure(ctx context.Context, m member) error {
	name := m.sandbox.GetMetadata().GetName()
	if m.sandbox.GetState() != runtimev1.PodSandboxState_SANDBOX_READY {
		return fmt.Errorf("pod %s is not ready: its sandbox ended", name)
	}
	for _, c := range m.containers {
		switch c.GetState() {
		case runtimev1.ContainerState_CONTAINER_CREATED, runtimev1.ContainerState_CONTAINER_RUNNING:
		default:
			return w.containerFailure(ctx, m, c)
		}
	}
	return nil
}

// containerFailure asks how a container ended and adds the end of its log.
func (w *Workload) containerFailure(ctx context.Context, m member, c *runtimev1.Container) error {
	meta := m.sandbox.GetMetadata()
	what := fmt.Sprintf("container %s of pod %s", c.GetMetadata().GetName(), meta.GetName())
	resp, err := w.client.ContainerStatus(ctx, &runtimev1.ContainerStatusRequest{ContainerId: c.GetId()})
	if err != nil {
		return fmt.Errorf("%s does not run; ask for its status: %w", what, err)
	}
	st := resp.GetStatus()
	text := fmt.Sprintf("%s does not run: status %d, %s", what, st.GetExitCode(), st.GetReason())
	if st.GetMessage() != "" {
		text += ", " + st.GetMessage()
	}
	if w.cfg.LogDir == "" {
		return errors.New(text)
	}
	tail, err := logTail(filepath.Join(w.logDir(meta.GetName(), meta.GetUid()), logName(c.GetMetadata().GetName())))
	if err != nil {
		return fmt.Errorf("%s; %w", text, err)
	}
	return fmt.Errorf("%s; its log ends:\n%s", text, tail)
}

// How much of a log goes into an error.
const (
	tailBytes = 4 << 10
	tailLines = 5
)

// logTail reads the last lines of a container's log.
func logTail(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open its log: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("stat its log: %w", err)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-tailBytes), tailBytes))
	if err != nil {
		return "", fmt.Errorf("read its log: %w", err)
	}
	return lastLines(string(data)), nil
}

// lastLines cuts the last tailLines messages out of the end of a log in the CRI's
// format (k8s.io/cri-client/pkg/logs), of which each line is
//
//	2016-10-06T00:17:09.669794202Z stderr F The message
//
// A line in another form, such as a first one that is cut, is kept as it is.
func lastLines(log string) string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	for i, line := range lines {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) == 4 && (fields[1] == string(runtimev1.Stdout) || fields[1] == string(runtimev1.Stderr)) {
			lines[i] = fields[3]
		}
	}
	return strings.Join(lines, "\n")
}

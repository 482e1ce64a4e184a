package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// statusTimeout is how long a daemon may take to answer.
const statusTimeout = 5 * time.Second

// Status says how the node is now. A node that does not run or does not answer
// is no error: Problem says so.
func (n *Node) Status(ctx context.Context) (_ Status, err error) {
	st := Status{State: n.State}
	running, err := n.running()
	if err != nil {
		return st, err
	}
	if st.Running = running; !running {
		st.Problem = "its daemon does not run"
		if n.State.PID == 0 {
			st.Problem = "its daemon was never started"
		}
		return st, nil
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	conn, err := dial(n.State.Socket)
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := ask(ctx, conn); err != nil {
		st.Problem = err.Error()
		return st, nil
	}
	st.Ready = true
	return st, nil
}

// running says whether the daemon's process lives: that very one, not another
// that has its pid now.
func (n *Node) running() (bool, error) {
	s := n.State
	boot, err := os.ReadFile(filepath.Join(procRoot, "sys/kernel/random/boot_id"))
	if err != nil {
		return false, err
	}
	if s.PID == 0 || s.BootID != strings.TrimSpace(string(boot)) {
		return false, nil
	}
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		return false, err
	}
	p, err := readProcess(proc, s.PID)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read process %d: %w", s.PID, err)
	}
	return p.start == s.StartTicks, nil
}

package node

import (
	"context"
	"errors"
	"time"
)

// statusTimeout is how long a daemon may take to answer.
const statusTimeout = 5 * time.Second

// Status says how the node is now. A node that does not run or does not answer
// is no error: Problem says so.
func (n *Node) Status(ctx context.Context) (_ Status, err error) {
	st := Status{State: n.State}
	if k := n.Kubelet(); k != nil {
		kubelet, err := k.Status(ctx)
		if err != nil {
			return st, err
		}
		st.Kubelet = &kubelet
	}
	running, err := n.State.running(n.State.BootID)
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

package criconn

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// The names of the service: the messages of v1alpha2 are those of v1, under an older
// package name (Kubernetes 1.20 to 1.26 knew both). containerd 1.x and CRI-O before 1.26
// serve it on the same socket.
const (
	serviceV1    = "/runtime.v1."
	serviceAlpha = "/runtime.v1alpha2."
)

// Alpha returns a client of CRI v1alpha2 on the same connection. Whether the runtime
// serves it shows in the first call.
func (c *Conn) Alpha() runtimev1.RuntimeServiceClient {
	return runtimev1.NewRuntimeServiceClient(alpha{c.conn})
}

// alpha asks for the same methods of the older service.
type alpha struct{ conn grpc.ClientConnInterface }

func older(method string) string { return strings.Replace(method, serviceV1, serviceAlpha, 1) }

func (a alpha) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return a.conn.Invoke(ctx, older(method), args, reply, opts...)
}

func (a alpha) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return a.conn.NewStream(ctx, desc, older(method), opts...)
}

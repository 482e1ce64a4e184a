package kubeletconn

import (
	"context"
	"encoding/json"
	"fmt"
)

// A Pod is what a kubelet says of one of its pods.
type Pod struct {
	Name   string
	Labels map[string]string
	// Trouble is why it does not run, with the reason first; empty of a pod that does.
	Trouble string
}

// podList is as much of a v1 PodList as is looked at.
type podList struct {
	Items []struct {
		Metadata struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Status struct {
			because
			ContainerStatuses []struct {
				Name  string `json:"name"`
				State struct {
					Waiting because `json:"waiting"`
				} `json:"state"`
			} `json:"containerStatuses"`
		} `json:"status"`
	} `json:"items"`
}

// because is how the API says why.
type because struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func (b because) String() string {
	if b.Message == "" {
		return b.Reason
	}
	return b.Reason + ": " + b.Message
}

// Pods reads /pods. A pod that the kubelet has refused is in no list of the runtime;
// here it is, with the reason:
//
//	{"items":[{"metadata":{"name":"a-node",…},
//	  "status":{"phase":"Failed","reason":"UnexpectedAdmissionError","message":"Pod was rejected: …"}}]}
//
// Of a pod whose container does not come the container says why:
//
//	"containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ErrImageNeverPull","message":"…"}}}]
func (c *Conn) Pods(ctx context.Context) ([]Pod, error) {
	data, err := c.Get(ctx, "/pods", "application/json", nil)
	if err != nil {
		return nil, err
	}
	pods, err := parsePods(data)
	if err != nil {
		return nil, fmt.Errorf("read /pods of the kubelet at %s: %w", c.endpoint.Host, err)
	}
	return pods, nil
}

func parsePods(data []byte) ([]Pod, error) {
	var list podList
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	pods := make([]Pod, len(list.Items))
	for i, item := range list.Items {
		pods[i] = Pod{item.Metadata.Name, item.Metadata.Labels, item.Status.String()}
		for _, container := range item.Status.ContainerStatuses {
			if why := container.State.Waiting.String(); why != "" && pods[i].Trouble == "" {
				pods[i].Trouble = "container " + container.Name + ": " + why
			}
		}
	}
	return pods, nil
}

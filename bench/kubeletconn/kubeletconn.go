// Package kubeletconn speaks to a kubelet over HTTPS: it pins the kubelet's own
// certificate, shows a token where one is asked for, and reads what the kubelet
// says of itself: which stats provider is in force, how often and how long it has
// asked the runtime, how it is configured.
//
// Collectors scrape through a [Conn]; package gate asks it which treatment is in
// force. Package criconn is the same for the runtime.
//
// It never skips the verification of a certificate: who has no certificate to
// show for a kubelet gets no connection.
package kubeletconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// A Conn is a client of one kubelet. It keeps its connection open between calls,
// as Prometheus and metrics-server do.
type Conn struct {
	endpoint  *url.URL
	tokenFile string
	client    *http.Client
}

// MaxAnswer is the largest answer that is read. /metrics/cadvisor of a node with
// 500 pods is about 100 MB.
const MaxAnswer = 512 << 20

// New reads the certificates of the kubelet. It does not connect.
func New(k bench.Kubelet) (*Conn, error) {
	endpoint, err := url.Parse(k.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("kubelet endpoint: %w", err)
	}
	if endpoint.Scheme != "https" || endpoint.Host == "" || endpoint.Path != "" && endpoint.Path != "/" {
		return nil, fmt.Errorf("kubelet endpoint %q: must be https://HOST:PORT", k.Endpoint)
	}
	data, err := os.ReadFile(k.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of the kubelet: %w", err)
	}
	trusted, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of the kubelet in %s: %w", k.CAFile, err)
	}
	transport := &http.Transport{
		TLSClientConfig:     trusted.config(endpoint.Hostname()),
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 1,
	}
	return &Conn{endpoint: endpoint, tokenFile: k.TokenFile, client: &http.Client{Transport: transport}}, nil
}

// Close closes the connections that are idle.
func (c *Conn) Close() { c.client.CloseIdleConnections() }

// Get reads one path, which may have a query, to its end and appends the answer, decompressed, to to. An
// answer with another status than 200, or that is cut, is an error.
func (c *Conn) Get(ctx context.Context, path, accept string, to []byte) ([]byte, error) {
	body, err := c.get(ctx, path, accept, to)
	if err != nil {
		return to, fmt.Errorf("get %s from the kubelet at %s: %w", path, c.endpoint.Host, err)
	}
	return body, nil
}

func (c *Conn) get(ctx context.Context, path, accept string, to []byte) (_ []byte, err error) {
	address, err := c.endpoint.Parse(path)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	if c.tokenFile != "" {
		// Read each time: a token of a service account is renewed every hour.
		token, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("read the token: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, plain(err)
	}
	defer func() { _ = response.Body.Close() }() // it is read to its end, or of no use
	if response.StatusCode != http.StatusOK {
		return nil, refused(response)
	}
	buffer := bytes.NewBuffer(to)
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("after %d bytes: %w", n, plain(err))
	case n > MaxAnswer:
		return nil, fmt.Errorf("more than %d bytes", MaxAnswer)
	}
	return buffer.Bytes(), nil
}

// plain drops the method and the address, which the error says anyway.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refused is the error of an answer with another status, with its first line.
func refused(r *http.Response) error {
	const enough = 300
	text, err := io.ReadAll(io.LimitReader(r.Body, enough))
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if err != nil || line == "" {
		return errors.New(r.Status)
	}
	return fmt.Errorf("%s: %s", r.Status, line)
}

// certificates are those that a kubelet is known by.
type certificates []*x509.Certificate

// parseCertificates reads PEM, in which other things than certificates may stand.
func parseCertificates(data []byte) (certificates, error) {
	var out certificates
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return out, nil
}

// config trusts a server whose own certificate is among them, whatever name it is
// for: a kubelet makes itself one for its host name, and is reached by address.
// Another server must have a certificate for host that one of them has signed.
func (trusted certificates) config(host string) *tls.Config {
	roots := x509.NewCertPool()
	for _, c := range trusted {
		roots.AddCert(c)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The standard verification knows no pinning; VerifyConnection does both.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			leaf := s.PeerCertificates[0]
			if slices.ContainsFunc(trusted, leaf.Equal) {
				return nil
			}
			intermediates := x509.NewCertPool()
			for _, c := range s.PeerCertificates[1:] {
				intermediates.AddCert(c)
			}
			_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates})
			return err
		},
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// remote is a running server as the commands that administrate it reach it:
// over REST, with the flags and credentials of `kurir send`.
type remote struct {
	options sendOptions
	client  sendClient
}

// remoteHelp stands at the end of what --help says of such a command.
const remoteHelp = `

Servers and credentials are found as by kurir send: flags, then KURIR_SERVER, KURIR_KEY, KURIR_USER and KURIR_PASSWORD,
then the folder of a demo.`

// flags adds the remote's flags to a command and those below it.
func (r *remote) flags(cmd *cobra.Command) {
	cmd.Long += remoteHelp
	f := cmd.PersistentFlags()
	r.options.remoteFlags(f)
	f.DurationVar(&r.options.timeout, "timeout", time.Minute, "how long to wait for a server")
	f.BoolVar(&r.options.asDoc, "json", false, "print the answer as JSON")
}

// do makes one request of the first server that can be reached and reads its
// answer. The body is written as JSON; nil is none. What the server says against
// it becomes the error.
func (r *remote) do(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	if r.client.http == nil {
		if err := r.options.resolve(); err != nil {
			return err
		}
		r.client = sendClient{http: &http.Client{Timeout: r.options.timeout}, options: &r.options}
		defer r.client.http.CloseIdleConnections()
	}
	var failures []error
	for _, server := range r.options.servers {
		var answer json.RawMessage
		status, err := r.client.ask(ctx, method, server+path, text, &answer)
		var lost *lostAnswerError
		switch {
		case errors.As(err, &lost) && method == http.MethodGet:
			failures = append(failures, unreached(server, lost.err))
			continue
		case errors.As(err, &lost):
			return &exitError{exitUncertain, err}
		case err != nil:
			failures = append(failures, err)
			continue
		case status >= http.StatusBadRequest:
			return r.refusal(server, status, answer)
		}
		if into == nil {
			return nil
		}
		if err := json.Unmarshal(answer, into); err != nil {
			return fmt.Errorf("%s does not answer as Kurir does: %w", server, err)
		}
		return nil
	}
	return noServer(failures)
}

// open makes a GET of the first server that can be reached, whose answer may go on
// for as long as it brings something. The caller closes its body.
func (r *remote) open(ctx context.Context, path string) (server string, resp *http.Response, err error) {
	if err := r.options.resolve(); err != nil {
		return "", nil, err
	}
	client := &sendClient{http: &http.Client{}, options: &r.options}
	var failures []error
	for _, server := range r.options.servers {
		req, err := client.request(ctx, http.MethodGet, server+path, nil)
		if err != nil {
			return "", nil, err
		}
		resp, err := client.http.Do(req)
		if err != nil {
			failures = append(failures, unreached(server, err))
			continue
		}
		if resp.StatusCode >= http.StatusBadRequest {
			answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxReply)) // without it there is still the status
			_ = resp.Body.Close()
			return "", nil, r.refusal(server, resp.StatusCode, answer)
		}
		return server, resp, nil
	}
	return "", nil, noServer(failures)
}

func noServer(failures []error) error {
	return &exitError{exitNoServer, fmt.Errorf("no server can be reached: %w", errors.Join(failures...))}
}

// answer makes one request and reads its answer; or prints it as it came, if
// --json asks for that, and says so.
func (r *remote) answer(ctx context.Context, out io.Writer, method, path string, body, into any) (printed bool, err error) {
	var answer json.RawMessage
	if err := r.do(ctx, method, path, body, &answer); err != nil || r.printed(out, answer) {
		return err == nil, err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	return false, nil
}

// refusal is what a server said against a request.
func (r *remote) refusal(server string, status int, answer []byte) error {
	reply := &sendReply{}
	_ = json.Unmarshal(answer, reply) // without it there is still the status
	if why := r.options.nobody(); why != "" && status == http.StatusUnauthorized {
		return &exitError{exitRefused, &refusedError{status, fmt.Errorf("%s: %s", server, why)}}
	}
	return &exitError{exitRefused, &refusedError{status, fmt.Errorf("%s: %s", server, reply.describe(status))}}
}

// refusedError is what a server said against a request, with its status.
type refusedError struct {
	status int
	err    error
}

// Error gives the server's words.
func (e *refusedError) Error() string { return e.err.Error() }

// final tells whether an error says that nothing was done, and that the same request would be refused again.
func final(err error) bool {
	var usage *exitError
	if errors.As(err, &usage) && usage.code == exitUsage {
		return true
	}
	var refused *refusedError
	return errors.As(err, &refused) && refused.status < http.StatusInternalServerError
}

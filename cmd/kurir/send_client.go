package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"time"
)

// sendClient speaks to the servers.
type sendClient struct {
	http    *http.Client
	options *sendOptions
	server  string // that accepted
}

// body is the request: only the fields that were given.
func (c *sendClient) body() ([]byte, error) {
	o := c.options
	fields := map[string]any{"to": o.to, "text": o.text}
	for name, value := range map[string]string{
		"from": o.from, "priority": o.priority, "reference": o.reference, "validity": o.validity, "send_at": o.sendAt, "encoding": o.encoding, "tag": o.tag,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	if len(o.dimensions) > 0 {
		fields["dimensions"] = o.dimensions
	}
	if o.flash {
		fields["flash"] = true
	}
	if o.atomic {
		fields["atomic"] = true
	}
	return json.Marshal(fields)
}

// send tries the servers in order until one accepts or refuses for good, or has
// been given the message and leaves open what became of it.
func (c *sendClient) send(ctx context.Context) (*sendReply, error) {
	body, err := c.body()
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	path := "/v1/messages"
	if c.options.link != "" {
		path = "/v1/links/" + url.PathEscape(c.options.link) + "/messages"
	}
	var failures []error
	for _, server := range c.options.servers {
		reply := &sendReply{}
		status, err := c.ask(ctx, http.MethodPost, server+path, body, reply)
		var lost *lostAnswerError
		switch {
		case errors.As(err, &lost):
			return nil, &exitError{exitUncertain, err}
		case err != nil:
			failures = append(failures, err)
		case status == http.StatusAccepted:
			c.server = server
			return reply, nil
		case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
			failures = append(failures, fmt.Errorf("%s: %s", server, reply.describe(status)))
		case status == http.StatusUnauthorized && c.options.nobody() != "":
			return nil, exitWith(exitRefused, "%s: %s", server, c.options.nobody())
		case status >= 500: // 504 says so itself; what a proxy or a broken server did is not known
			return nil, &exitError{exitUncertain, &lostAnswerError{server, errors.New(reply.describe(status))}}
		default:
			return nil, exitWith(exitRefused, "%s: %s", server, reply.describe(status))
		}
	}
	return nil, &exitError{exitNoServer, fmt.Errorf("no server accepted the message: %w", errors.Join(failures...))}
}

// nobody says what to do when a server does not know who asks and nobody has said
// it by a flag or in the environment; empty: somebody has.
func (o *sendOptions) nobody() string {
	const give = "give --key, or KURIR_KEY in the environment (or --user and --password)"
	switch {
	case o.fromDemo:
		return "the key in ./kurir-demo is not one of this server's: " + give
	case o.key == "" && o.user == "":
		return "it wants to know who asks: " + give
	}
	return ""
}

// unreached says why a server cannot be reached, without the layers of the
// network's errors.
func unreached(address string, err error) error {
	server := address
	if u, parsed := url.Parse(address); parsed == nil {
		server = u.Scheme + "://" + u.Host
	}
	why := err
	if e, ok := errors.AsType[*url.Error](why); ok {
		if why = e.Err; e.Timeout() {
			return fmt.Errorf("%s: it could not be reached in time", server)
		}
	}
	if e, ok := errors.AsType[*net.OpError](why); ok {
		why = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](why); ok {
		why = e.Err
	}
	if e, ok := errors.AsType[*net.DNSError](why); ok {
		return fmt.Errorf("%s: %s", server, e.Err)
	}
	return fmt.Errorf("%s: %w", server, why)
}

// describe is what a server said against a request.
func (r *sendReply) describe(status int) string {
	if r.Detail == "" {
		return http.StatusText(status)
	}
	text := r.Detail
	for _, e := range r.Errors {
		if e.Detail != r.Detail {
			text += "; " + e.To + " " + e.Detail
		}
	}
	return text
}

// lostAnswerError says that a server was given a request, and not what became
// of it.
type lostAnswerError struct {
	server string
	err    error
}

// Error implements error.
func (e *lostAnswerError) Error() string {
	return fmt.Sprintf("%s may have accepted it or not: %v", e.server, e.err)
}

// Unwrap gives the error itself.
func (e *lostAnswerError) Unwrap() error { return e.err }

// request makes a request with the credentials that there are.
func (c *sendClient) request(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if revision := c.options.revision; revision != "" {
		req.Header.Set("If-Match", `"`+revision+`"`)
	}
	switch o := c.options; {
	case o.key != "":
		req.Header.Set("Authorization", "Bearer "+o.key)
	case o.user != "":
		req.SetBasicAuth(o.user, o.password)
	}
	return req, nil
}

// ask makes one request and reads its JSON. The error is a *lostAnswerError if
// a server was reached and its answer was not.
func (c *sendClient) ask(ctx context.Context, method, address string, body []byte, into any) (int, error) {
	reached := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached = true }})
	req, err := c.request(ctx, method, address, body)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil && reached {
		return 0, &lostAnswerError{address, err}
	}
	if err != nil {
		return 0, unreached(address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return resp.StatusCode, nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(into); err != nil && resp.StatusCode < 300 {
		if resp.StatusCode == http.StatusAccepted {
			return 0, &lostAnswerError{address, err}
		}
		return 0, fmt.Errorf("%s does not answer as Kurir does: %w", address, err)
	}
	return resp.StatusCode, nil
}

// wait asks for the messages' states until all are what --wait wants, one is
// lost, or the time is up.
func (c *sendClient) wait(ctx context.Context, reply *sendReply) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.timeout)
	defer cancel()
	pause := time.NewTimer(firstPoll)
	defer pause.Stop()
	for next := firstPoll; ; next = min(2*next, slowestPoll) {
		open, lost := 0, 0
		for i := range reply.Messages {
			m := &reply.Messages[i]
			if !settled(m.State) && !c.reached(m.State) {
				if _, err := c.ask(ctx, http.MethodGet, c.server+"/v1/messages/"+m.ID, nil, m); err != nil && ctx.Err() == nil {
					return &exitError{exitNotInTime, fmt.Errorf("accepted, but the server cannot be asked any more: %w", err)}
				}
			}
			switch {
			case c.reached(m.State):
			case settled(m.State):
				lost++
			default:
				open++
			}
		}
		switch {
		case open == 0 && lost == 0:
			return nil
		case open == 0:
			return exitWith(exitRefused, "not %s: %d of %d", c.options.wait, lost, len(reply.Messages))
		}
		pause.Reset(next)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return exitWith(exitNotInTime, "accepted, but not %s within %v: %d of %d", c.options.wait, c.options.timeout, open, len(reply.Messages))
		}
	}
}

// reached tells whether a state is what --wait asks for, or better.
func (c *sendClient) reached(state string) bool {
	return state == "delivered" || c.options.wait == "sent" && (state == "sent" || state == "enroute")
}

// settled tells whether a state is final.
func settled(state string) bool {
	switch state {
	case "scheduled", "queued", "sending", "enroute":
		return false
	}
	return true
}

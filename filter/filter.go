package filter

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"kurir/program"
)

// Question is a message as a filter sees it.
type Question struct {
	Filter    string `json:"filter"`
	Account   string `json:"account"`
	Interface string `json:"interface"`
	From      string `json:"from"`
	To        string `json:"to"`
	Text      string `json:"text,omitempty"`
	Data      string `json:"data,omitempty"` // of a binary message, in hexadecimal digits
	UDH       string `json:"udh,omitempty"`
	Priority  string `json:"priority"`
	Reference string `json:"reference,omitempty"`
	Tag       string `json:"tag,omitempty"`
	Secret    bool   `json:"secret,omitempty"`
}

// Answer is what a filter says. The zero Answer allows the message as it is.
type Answer struct {
	Action string `json:"action"` // allow, change or refuse; empty is allow
	Reason string `json:"reason"` // of a refusal, for the customer
	// What is changed; nil is as it was.
	Text *string `json:"text"`
	From *string `json:"from"`
	To   *string `json:"to"`
	Tag  *string `json:"tag"`
}

// The actions.
const (
	Allow  = "allow"
	Change = "change"
	Refuse = "refuse"
)

// mostAnswer bounds an answer, in octets.
const mostAnswer = 64 << 10

// waitingPerPlace is how many may wait for each place.
const waitingPerPlace = 100

// ErrBusy says that too many wait for the filter already.
var ErrBusy = errors.New("too many messages wait for the filter")

// Filter asks one program or URL. It is safe for concurrent use.
type Filter struct {
	cfg     Config
	timeout time.Duration
	places  chan struct{}
	waiting atomic.Int64
	client  *http.Client

	said, unsaid atomic.Int64 // see Unanswered: Unix milliseconds, messages
}

// New makes the filter of a configuration that Validate found nothing wrong with.
func New(c Config) *Filter {
	f := &Filter{cfg: c, timeout: cmp.Or(c.Timeout, defaultTimeout), places: make(chan struct{}, cmp.Or(c.AtOnce, defaultAtOnce))}
	if c.URL != "" {
		f.client = &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: cap(f.places), IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return f
}

// Name returns the filter's name.
func (f *Filter) Name() string { return f.cfg.Name }

// AllowsUnanswered tells whether messages are allowed about which there is no answer.
func (f *Filter) AllowsUnanswered() bool { return f.cfg.Unanswered == unansweredAllow }

// Close gives up connections that nobody uses.
func (f *Filter) Close() {
	if f.client != nil {
		f.client.CloseIdleConnections()
	}
}

// Ask asks about a message. The error is ErrBusy, that of ctx, or says why there is no answer; it never has the text.
func (f *Filter) Ask(ctx context.Context, q *Question) (Answer, error) {
	var a Answer
	if f.waiting.Add(1) > int64(cap(f.places)*(waitingPerPlace+1)) {
		f.waiting.Add(-1)
		return a, ErrBusy
	}
	defer f.waiting.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	select {
	case f.places <- struct{}{}:
		defer func() { <-f.places }()
	case <-ctx.Done():
		return a, fmt.Errorf("wait for the filter %s: %w", f.cfg.Name, ctx.Err())
	}
	body, err := json.Marshal(q)
	if err != nil {
		return a, fmt.Errorf("write the question: %w", err)
	}
	ask := f.askProgram
	if f.client != nil {
		ask = f.askURL
	}
	said, err := ask(ctx, body)
	if err != nil {
		return a, fmt.Errorf("ask the filter %s: %w", f.cfg.Name, err)
	}
	if len(bytes.TrimSpace(said)) == 0 {
		return a, nil
	}
	if json.Unmarshal(said, &a) != nil || a.Action != "" && a.Action != Allow && a.Action != Change && a.Action != Refuse {
		return Answer{}, fmt.Errorf("the answer of the filter %s is not {\"action\": \"allow\"}, change or refuse", f.cfg.Name)
	}
	return a, nil
}

// askURL posts the question.
func (f *Filter) askURL(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("it answered with status %d", resp.StatusCode)
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	if err == nil && len(said) > mostAnswer {
		err = errLong
	}
	return said, err
}

var errLong = fmt.Errorf("the answer has more than %d octets", mostAnswer)

// askProgram starts the program and hands it the question.
func (f *Filter) askProgram(ctx context.Context, body []byte) ([]byte, error) {
	got := program.Run(ctx, program.Spec{
		Path: f.cfg.Command[0], Args: f.cfg.Command[1:], User: f.cfg.User, Input: body, Most: mostAnswer,
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case got.Over:
		return nil, errLong
	case got.Err != nil:
		return nil, got.Err // a program that answers ends with 0
	}
	return got.Output, nil
}

// unansweredEvery is the least time between two lines of the log about a filter.
const unansweredEvery = time.Minute

// Unanswered counts a message about which there was no answer, and tells whether it is to be said, and of how many.
func (f *Filter) Unanswered(now time.Time) (n int64, say bool) {
	n = f.unsaid.Add(1)
	last := f.said.Load()
	if now.UnixMilli()-last < unansweredEvery.Milliseconds() || !f.said.CompareAndSwap(last, now.UnixMilli()) {
		return n, false
	}
	f.unsaid.Add(-n)
	return n, true
}

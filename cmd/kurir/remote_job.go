package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// jobState is what every job of a server has, in its answer.
type jobState struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Error string `json:"error"`
}

func (j *jobState) state() *jobState { return j }

// shownJob is a job as the server last told of it: its numbers only grow.
type shownJob interface {
	state() *jobState
	describe() string // how far it has come
}

const pollJob = 200 * time.Millisecond

// runJob begins a job, shows how it goes on and waits for its end, and stops it
// when ctx ends; or just begins it. answer is what the server said last.
func (r *remote) runJob(ctx context.Context, errOut io.Writer, path string, body any, job shownJob, noWait bool) (answer json.RawMessage, err error) {
	ask := func(ctx context.Context, method, path string, body any) error {
		if err := r.do(ctx, method, path, body, &answer); err != nil {
			return err
		}
		return json.Unmarshal(answer, job)
	}
	if err := ask(ctx, http.MethodPost, path, body); err != nil || noWait {
		return answer, err
	}
	at, live := "/v1/jobs/"+job.state().ID, isTerminal(errOut)
	for job.state().State == "running" && err == nil {
		if live {
			fmt.Fprintf(errOut, "\r\x1b[K%s", job.describe())
		}
		pause(ctx, pollJob)
		if err = ask(ctx, http.MethodGet, at, nil); ctx.Err() == nil {
			continue
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.timeout)
		defer cancel()
		for err = ask(stopping, http.MethodDelete, at, nil); err == nil && job.state().State == "running"; {
			pause(stopping, pollJob)
			err = ask(stopping, http.MethodGet, at, nil)
		}
		if err != nil {
			err = fmt.Errorf("job %s could not be stopped: %w", job.state().ID, err)
		}
	}
	if live {
		fmt.Fprint(errOut, "\r\x1b[K")
	}
	return answer, err
}

// jobEnded says what has become of a job; stopped is said of one that was.
func (r *remote) jobEnded(out io.Writer, answer json.RawMessage, job shownJob, stopped string) error {
	s := job.state()
	if !r.printed(out, answer) {
		fmt.Fprintf(out, "job %s %s: %s\n", s.ID, s.State, job.describe())
	}
	switch s.State {
	case "stopped":
		return exitWith(exitRefused, "stopped; %s", stopped)
	case "failed":
		return exitWith(exitRefused, "%s", s.Error)
	}
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// isTerminal tells whether somebody watches what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

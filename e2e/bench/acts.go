package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// actJob is what the gateway says of an act.
type actJob struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Ended    string `json:"ended"`
	Messages int64  `json:"messages"`
	Refused  int64  `json:"refused"`
}

// acts measures how long acts take on many messages that wait for a link that is
// down, and what somebody who sends 200 a second meanwhile notices.
func acts(ctx context.Context, o options) error {
	r, err := newRig(ctx, o, o.kurir, scenario{name: "acts", spare: true})
	if err != nil {
		return err
	}
	defer r.close()
	r.simulator.stop()
	r.simulator = nil
	if _, err := generate(ctx, o.kurir, "http", "http://"+r.http, "--key", key, "--connections", "10",
		"--per-request", "100", "--no-receipts", "--count", strconv.Itoa(o.waiting)); err != nil {
		return err
	}
	quiet, err := r.bystander(ctx, o)
	if err != nil {
		return err
	}
	for _, act := range []struct{ name, body string }{
		{"count", `{"link": "op1"}`},
		{"pause", `{"link": "op1"}`},
		{"resume", `{"link": "op1"}`},
		{"lane", `{"link": "op1", "priority": "bulk"}`},
		{"move", `{"link": "op1", "move_to": "op2"}`},
		{"cancel", `{"link": "op2"}`},
	} {
		began := time.Now()
		job, err := r.act(ctx, "/v1/queues/"+act.name, act.body)
		if err != nil {
			return fmt.Errorf("%s: %w", act.name, err)
		}
		busy, err := r.bystander(ctx, o)
		if err != nil {
			return err
		}
		took, err := r.awaitAct(ctx, job.ID, began)
		if err != nil {
			return fmt.Errorf("%s: %w", act.name, err)
		}
		u, err := r.gateway.usage()
		if err != nil {
			return err
		}
		fmt.Printf("%-18s %-6s %d messages in %.1f s, %.0f/s, refused %d; acceptance of 200/s beside it p50 %.1f p99 %.1f ms (alone %.1f and %.1f); resident %d MiB\n",
			"acts", act.name, took.Messages, took.seconds, float64(took.Messages)/took.seconds, took.Refused, busy.P50, busy.P99, quiet.P50, quiet.P99, u.resident>>20)
	}
	return nil
}

// bystander sends a little for five seconds, and returns how long acceptance took.
func (r *rig) bystander(ctx context.Context, o options) (latency, error) {
	rep, err := generate(ctx, o.kurir, "http", "http://"+r.http, "--key", key, "--connections", "10",
		"--no-receipts", "--rate", "200", "--duration", "5s")
	return latency{rep.Acceptance.P50, rep.Acceptance.P99}, err
}

type latency struct{ P50, P99 float64 }

// actTook is an act that has ended.
type actTook struct {
	actJob
	seconds float64
}

// awaitAct waits until an act is done.
func (r *rig) awaitAct(ctx context.Context, id string, began time.Time) (actTook, error) {
	for {
		job, err := r.act(ctx, "/v1/jobs/"+id, "")
		switch {
		case err != nil:
			return actTook{}, err
		case job.State == "done":
			ended, err := time.Parse(time.RFC3339, job.Ended)
			if err != nil {
				return actTook{}, err
			}
			return actTook{job, ended.Sub(began).Seconds()}, nil
		case job.State != "running":
			return actTook{}, fmt.Errorf("the job is %s", job.State)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return actTook{}, ctx.Err()
		}
	}
}

// act posts an act, or gets a job where there is no body.
func (r *rig) act(ctx context.Context, path, body string) (job actJob, err error) {
	err = r.post(ctx, path, body, &job)
	return job, err
}

// asAccount gets something as the account that sends.
func (r *rig) asAccount(ctx context.Context, path string) (string, error) {
	var text json.RawMessage
	err := r.post(ctx, path, "", &text)
	return string(text), err
}

// post posts to the gateway, or gets where there is no body, and reads the answer.
func (r *rig) post(ctx context.Context, path, body string, answer any) error {
	return r.postAs(ctx, key, path, body, answer)
}

// postAs is post with the key of an account.
func (r *rig) postAs(ctx context.Context, key, path, body string, answer any) error {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+r.http+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, text)
	}
	return json.Unmarshal(text, answer)
}

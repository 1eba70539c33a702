package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
)

// keyedRequest is a request with an Idempotency-Key, and what was answered to it first.
type keyedRequest struct {
	key, body string
	answer    string
}

// once sends a request with its key; status 0 says that there was no answer.
func once(ctx context.Context, client *http.Client, s *server, k *keyedRequest) (status int, answer string, replayed bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.rest.base+"/v1/messages", bytes.NewReader([]byte(k.body)))
	if err != nil {
		return 0, err.Error(), false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.rest.key)
	req.Header.Set("Idempotency-Key", k.key)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error(), false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error(), false
	}
	return resp.StatusCode, string(text), resp.Header.Get("Idempotent-Replayed") != ""
}

// keyedPoster sends requests of three messages each, every one again until it is answered, and counts them.
func keyedPoster(ctx context.Context, s *server, name string, random *rand.Rand, answered *atomic.Int64) (done []keyedRequest, again int, err error) {
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		k := keyedRequest{key: fmt.Sprintf("%s-%06d", name, n)}
		k.body = fmt.Sprintf(`{"to":["+467%08d","+467%08d","+467%08d"],"text":"%s","reference":"%[4]s"}`, random.IntN(1e8), random.IntN(1e8), random.IntN(1e8), k.key)
		for {
			status, answer, replayed := once(context.WithoutCancel(ctx), client, s, &k)
			if status == http.StatusAccepted {
				k.answer = answer
				if replayed {
					again++
				}
				break
			}
			if status != 0 && status != http.StatusConflict && status != http.StatusServiceUnavailable {
				return done, again, fmt.Errorf("%s is answered with %d %s", k.key, status, answer)
			}
			time.Sleep(20 * time.Millisecond) // the server is down
		}
		answered.Add(1)
		done = append(done, k)
	}
	return done, again, nil
}

// TestKillWithKeys kills the program in the middle of requests with keys, each of which is sent again until it is
// answered. At the end every key has made one set of messages, and is answered as it was the first time.
func TestKillWithKeys(t *testing.T) {
	t.Parallel()
	random := faults(t)
	sim := startSimulator(t, simulator.Options{Phones: -1})
	s := startServer(t, sim, serverOptions{binary: plainBinary(t)})
	linked(t, sim)
	load, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	var all []keyedRequest
	var again int
	var answered atomic.Int64
	var senders sync.WaitGroup
	for i := range 8 {
		mine := rand.New(rand.NewPCG(random.Uint64(), 0))
		senders.Go(func() {
			done, n, err := keyedPoster(load, s, fmt.Sprint("k", i), mine, &answered)
			mu.Lock()
			defer mu.Unlock()
			if all, again = append(all, done...), again+n; err != nil {
				t.Error(err)
			}
		})
	}
	for range 10 {
		before := answered.Load()
		eventually(t, "requests are answered", func() bool { return answered.Load() >= before+10 })
		time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond) // at any moment
		s.proc.kill()
		judge(t, s.proc.name, s.proc.out.String())
		s.launch()
		s.proc.out.wait(t, "kurir starts")
	}
	stop()
	senders.Wait()
	t.Logf("%d requests, %d of them had been accepted when nothing was heard", len(all), again)
	if len(all) < 100 {
		t.Fatalf("only %d requests were answered", len(all))
	}
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for i := range all {
		wantOnce(t, client, s, &all[i])
	}
}

// wantOnce sends a request again: its answer is the first, and its messages are those that there are.
func wantOnce(t *testing.T, client *http.Client, s *server, k *keyedRequest) {
	t.Helper()
	status, answer, replayed := once(t.Context(), client, s, k)
	if status != http.StatusAccepted || answer != k.answer || !replayed {
		t.Errorf("%s was answered with %s, and then with %d %s", k.key, k.answer, status, answer)
		return
	}
	var made, there struct{ Messages []viewed }
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		t.Errorf("%s: %v", k.key, err)
	}
	s.fetch("/v1/messages?reference="+k.key, &there)
	ids := func(list []viewed) (ids []string) {
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		return ids
	}
	if want, got := ids(made.Messages), ids(there.Messages); len(want) != 3 || !slices.Equal(want, got) {
		t.Errorf("%s made %v, and there are %v", k.key, want, got)
	}
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

// keyed is a request of acme's with a key.
func (w *world) keyed(key, body string) *Keyed {
	k := &Keyed{Account: "acme", Key: key}
	copy(k.Request[:], body)
	k.Answer = func(results []Result) []byte {
		out := body
		for _, r := range results {
			out += fmt.Sprintf(" %s", r.ID)
			for _, id := range r.More {
				out += fmt.Sprintf("+%s", id)
			}
			if r.Failure != nil {
				out += "!" + r.Failure.Kind.Code()
			}
		}
		return []byte(out)
	}
	return k
}

// ask does what an interface does with a request: it returns the answer, kept
// or new.
func (w *world) ask(k *Keyed, subs ...*Submission) (answer string, again bool, err error) {
	kept, err := w.Claim(context.Background(), k)
	if err != nil || kept != nil {
		return string(kept), true, err
	}
	defer w.Release(k)
	for _, s := range subs {
		s.Keyed = k
	}
	results, err := w.Submit(context.Background(), subs)
	if err != nil {
		return "", false, err
	}
	return string(k.Answer(results)), false, nil
}

func (w *world) wantAsk(k *Keyed, again bool, subs ...*Submission) string {
	w.t.Helper()
	answer, repeated, err := w.ask(k, subs...)
	if err != nil || repeated != again {
		w.t.Fatalf("key %s: answer %q, repeated %v, %v", k.Key, answer, repeated, err)
	}
	return answer
}

// acceptedOnDisk counts the messages there are.
func (w *world) acceptedOnDisk() int {
	w.t.Helper()
	list, _, err := w.Messages(context.Background(), Filter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// TestSameKeyAtOnce: many requests with one key at the same time make one set
// of messages and have one answer. In false time, for by the clock a repetition is
// refused when a slow disk has the first request for longer than it waits.
func TestSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		var all sync.WaitGroup
		var made atomic.Int32
		answers := make([]string, 64)
		for i := range answers {
			all.Go(func() {
				key := fmt.Sprint("k", i%4)
				answer, again, err := w.ask(w.keyed(key, "three"), w.untold("46100001", "a"), w.untold("46100002", "b"), w.untold("12a", "c"))
				if err != nil {
					t.Error(err)
				}
				if answers[i] = answer; !again {
					made.Add(1)
				}
			})
		}
		all.Wait()
		for i, a := range answers {
			if a == "" || a != answers[i%4] || !strings.Contains(a, "!bad_recipient") {
				t.Errorf("request %d is answered with %q, the first with its key with %q", i, a, answers[i%4])
			}
		}
		if n := w.acceptedOnDisk(); made.Load() != 4 || n != 8 {
			t.Errorf("%d requests with four keys made %d messages, want 8", made.Load(), n)
		}
		if len(w.underWay.claims) > 0 {
			t.Errorf("%d claims are left", len(w.underWay.claims))
		}
	})
}

// TestKeyLife: another request under a key is refused; what made nothing leaves
// the key free; a key is known after a restart and a day long, of its account
// only.
func TestKeyLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		if answer := w.wantAsk(w.keyed("k", "bad"), false, w.untold("12a", "hello")); !strings.Contains(answer, "!bad_recipient") {
			t.Errorf("the answer is %q", answer)
		}
		begun := time.Now()
		first := w.wantAsk(w.keyed("k", "good"), false, w.untold("46100001", "hello"))
		if _, _, err := w.ask(w.keyed("k", "other"), w.untold("46100001", "hello")); !errors.Is(err, ErrOtherRequest) {
			t.Errorf("another request: %v", err)
		}
		beta := w.keyed("k", "other")
		beta.Account = "beta"
		w.wantAsk(beta, false, w.untold("46100001", "hello"))
		k := w.keyed("thing", "made")
		if kept, err := w.Claim(t.Context(), k); kept != nil || err != nil {
			t.Fatal(kept, err)
		}
		if err := w.Remember(t.Context(), k, []byte("a thing")); err != nil {
			t.Fatal(err)
		}
		w.Release(k)
		for range 2 {
			if again := w.wantAsk(w.keyed("k", "good"), true); again != first {
				t.Errorf("the answer is %q, and repeated %q", first, again)
			}
			if again := w.wantAsk(w.keyed("thing", "made"), true); again != "a thing" {
				t.Errorf("the answer to something else is repeated as %q", again)
			}
			w.end()
			w = start(t, dir, Options{}, nil)
		}
		for _, at := range []struct {
			after time.Duration
			want  error
		}{{24*time.Hour - time.Second, nil}, {24*time.Hour + time.Second, store.ErrNotFound}} {
			if _, err := w.store.Idempotent(t.Context(), "acme", "k", begun.Add(at.after).UnixMilli()); !errors.Is(err, at.want) {
				t.Errorf("after %s the store says %v, want %v", at.after, err, at.want)
			}
		}
	})
}

// TestKeyUnderWay: a repetition waits for the first request 5 s, and is refused
// then; when the commit fails, the key is free again.
func TestKeyUnderWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		release := make(chan error)
		w := start(t, dir, Options{}, func(w *world) {
			w.commit = func(b *store.Batch) error {
				if len(b.Accepted) > 0 {
					if err := <-release; err != nil {
						return err
					}
				}
				return w.store.Commit(b)
			}
		})
		begin := func() chan string {
			answered := make(chan string, 1)
			go func() {
				answer, again, err := w.ask(w.keyed("k", "hello"), w.untold("46100001", "hello"))
				answered <- fmt.Sprint(answer, again, err)
			}()
			synctest.Wait()
			return answered
		}
		one, began := begin(), time.Now()
		two := begin()
		if _, _, err := w.ask(w.keyed("k", "other")); !errors.Is(err, ErrOtherRequest) {
			t.Errorf("another request under the key: %v", err)
		}
		if got := <-two; got != fmt.Sprint(true, ErrUnderWay) || time.Since(began) != 5*time.Second {
			t.Errorf("a repetition is answered after %s with %s", time.Since(began), got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if _, err := w.Claim(ctx, w.keyed("k", "hello")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a repetition whose client has gone: %v", err)
		}
		cancel()
		three := begin()
		release <- store.ErrFull
		if got := <-one; !strings.Contains(got, "!store_full") {
			t.Errorf("the first, whose commit failed, is answered with %s", got)
		}
		if got := <-three; !strings.Contains(got, "!store_full") {
			t.Errorf("who waited for it, while the disk is full, is answered with %s", got)
		}
		time.Sleep(time.Second) // the disk is tried again
		four := begin()
		five := begin()
		release <- nil
		if a, b := <-four, <-five; strings.Contains(a, "!") || strings.Replace(a, "false", "true", 1) != b {
			t.Errorf("later requests are answered with %s and %s", a, b)
		}
		if n := w.acceptedOnDisk(); n != 1 {
			t.Errorf("there are %d messages, want one", n)
		}
	})
}

// TestKeyOneCommit: what a request becomes, also a long text in pieces of their
// own, comes on disk with its key in one commit.
func TestKeyOneCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var commits []string
		w := start(t, dir, Options{}, func(w *world) {
			w.commit = func(b *store.Batch) error {
				if n := len(b.Accepted); n+len(b.Idempotency) > 0 {
					commits = append(commits, fmt.Sprint(n, len(b.Idempotency)))
				}
				return w.store.Commit(b)
			}
		})
		long := w.untold("46100001", strings.Repeat("a long text ", 30))
		long.Text = &message.TextRules{Long: message.LongSeparate}
		longer := *long
		longer.Content.Text += longer.Content.Text
		first := w.wantAsk(w.keyed("k", "several"), false, w.untold("46100001", "a"), long, w.untold("12a", "c"), &longer, w.untold("46100002", "d"))
		if want := "[10 1]"; fmt.Sprint(commits) != want {
			t.Errorf("messages and keys came on disk as %v, want %s", commits, want)
		}
		if strings.Count(first, "+") != 2+4 || strings.Count(first, "!") != 1 {
			t.Errorf("the answer is %q", first)
		}
		if again := w.wantAsk(w.keyed("k", "several"), true); again != first {
			t.Errorf("the answer is %q, and repeated %q", first, again)
		}
	})
}

package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Two hundred viewers of one thing cost one sample every so often, get the same octets, and whoever is slow gets what changed
// since in one. With the last of them the sampling ends.
func TestLiveShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		l := newLive(ctx, liveShare)
		var samples atomic.Int64
		sample := func(context.Context) (parts, error) {
			n := samples.Add(1)
			if n == 3 {
				return nil, errors.New("not now")
			}
			return parts{"count": fmt.Sprint("<b>", n, "</b>"), "calm": "same"}, nil
		}
		leave := make([]func(), 0, 200)
		var shared *topic
		for i := range 200 {
			topic, away, err := l.join("console en", fmt.Sprint("user", i), 2*time.Second, sample)
			if err != nil {
				t.Fatal(err)
			}
			shared, leave = topic, append(leave, away)
		}
		synctest.Wait()
		first, had, more := shared.since(0)
		if text := string(first); text != "event: parts\ndata: {\"calm\":\"same\",\"count\":\"<b>1</b>\"}\n\n" {
			t.Errorf("the first frame is %q", text)
		}
		time.Sleep(2 * time.Second)
		<-more
		a, _, _ := shared.since(had)
		b, _, _ := shared.since(had)
		if string(a) != "event: parts\ndata: {\"count\":\"<b>2</b>\"}\n\n" || &a[0] != &b[0] {
			t.Errorf("the second frame is %q, made twice: %v", a, &a[0] != &b[0])
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if late, now, _ := shared.since(had); !strings.Contains(string(late), `{"count":"<b>5</b>"}`) || now != 4 || samples.Load() != 5 {
			t.Errorf("who was slow gets %q of version %d after %d samples", late, now, samples.Load())
		}
		for _, away := range leave {
			away()
			away() // once is enough
		}
		time.Sleep(time.Minute)
		if samples.Load() > 6 || len(l.topics) != 0 || l.viewers != 0 || len(l.of) != 0 || len(l.begun) != 0 {
			t.Errorf("after the last viewer: %d samples, %+v", samples.Load(), l)
		}
	})
}

// What is live is bounded in all, for each user, and in what is looked at.
func TestLiveBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l := newLive(ctx, liveShare)
		none := func(context.Context) (parts, error) { return nil, nil }
		for range liveOf {
			if _, _, err := l.join("a", "anna", time.Second, none); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := l.join("a", "anna", time.Second, none); !errors.Is(err, errManyViewers) {
			t.Errorf("one more of a user: %v", err)
		}
		for i := 1; i < liveTopics; i++ {
			if _, _, err := l.join(fmt.Sprint("topic", i), fmt.Sprint("user", i), time.Second, none); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := l.join("another", "olle", time.Second, none); !errors.Is(err, errManyViewers) {
			t.Errorf("one more topic: %v", err)
		}
		for l.viewers < liveViewers {
			if _, _, err := l.join("a", fmt.Sprint("many", l.viewers), time.Second, none); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := l.join("a", "olle", time.Second, none); !errors.Is(err, errManyViewers) {
			t.Errorf("one more viewer: %v", err)
		}
		stop()
	})
}

// A few users do not take the room of all: each begins so many topics, looks at those of others besides, and is reckoned for what was
// begun by who has gone.
func TestLiveShareOfEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l := newLive(ctx, liveShare)
		leave := map[string]func(){}
		joins := func(user, key string) error {
			_, away, err := l.join(key, user, time.Second, func(context.Context) (parts, error) { return nil, nil })
			leave[user+" "+key] = away
			return err
		}
		for i := range liveOf {
			for u := range 5 {
				if err := joins(fmt.Sprint("user", u), fmt.Sprint("user", u, "'s ", i)); errors.Is(err, errManyViewers) != (i >= liveShare) {
					t.Fatalf("topic %d of a user: %v", i, err)
				}
			}
		}
		for _, one := range []struct {
			user, key string
			refused   bool
		}{
			{"anna", "anna's", false},  // there is room for others
			{"user0", "anna's", false}, // which all look at
			{"user0", "user0's more", true},
			{"anna", "anna's second", false},
		} {
			if err := joins(one.user, one.key); errors.Is(err, errManyViewers) != one.refused {
				t.Errorf("%s looks at %s: %v", one.user, one.key, err)
			}
		}
		leave["anna anna's"]() // now it is user0's
		leave["user0 user0's 0"]()
		if err := joins("user0", "user0's more"); !errors.Is(err, errManyViewers) {
			t.Errorf("with what another began: %v", err)
		}
		leave["user0 user0's 1"]()
		if err := joins("user0", "user0's more"); err != nil || l.begun["user0"] != liveShare || l.begun["anna"] != 1 {
			t.Errorf("when one has ended: %v, %v", err, l.begun)
		}
		stop()
	})
}

// BenchmarkLive is a sample for two hundred viewers.
func BenchmarkLive(b *testing.B) {
	t := &topic{parts: map[string]part{}, changed: make(chan struct{})}
	html := strings.Repeat("<tr><td>op1</td><td>41.2</td></tr>", 100)
	for i := 0; b.Loop(); i++ {
		t.put(parts{"links": html + fmt.Sprint(i), "alarms": html})
		for range 200 {
			if frame, _, _ := t.since(uint64(i)); frame == nil {
				b.Fatal("nothing")
			}
		}
	}
}

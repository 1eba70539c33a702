package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

const clockOff = 7 * time.Minute

// TestClusterClockAhead: the wall clock of one of three servers is ahead by minutes.
func TestClusterClockAhead(t *testing.T) {
	t.Parallel()
	clockExperiment(t, "5 clock of a server is 7 min ahead", clockOff)
}

// TestClusterClockBehind: the wall clock of one of three servers is behind by minutes.
func TestClusterClockBehind(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	clockExperiment(t, "5 clock of a server is 7 min behind", -clockOff)
}

// clockExperiment has one server's clock be off, under load. Messages that are valid for less than that, and such as are to be sent
// later, are handed to each server; then one of those that are right is killed, so that the wrong one takes over from it.
func clockExperiment(t *testing.T, name string, by time.Duration) {
	right := plainBinary(t)
	x := clusterExperiment{
		name: name, faults: 1, gap: time.Second, limit: 3 * time.Second, share: .15, every: 20 * time.Second,
		twice: clusterSessions * 2 * clusterWindow, binaries: []string{right, withClockOff(t, right, by), right},
	}
	x.fault = func(i int, _ *rand.Rand) {
		x.timely(t, i)
		s := x.nodes[2*(i%2)]
		s.proc.kill()
		x.again(t, s)
	}
	x.run(t)
}

// timely hands over messages that are valid for less than the clock is off, and messages to be sent in some seconds, at each server: none may
// expire, be sent early or late, or have been accepted at another time.
func (x *clusterExperiment) timely(t *testing.T, round int) {
	t.Helper()
	const later = 4 * time.Second
	due := time.Now().Add(later)
	ids := map[string]string{}
	for n, s := range x.nodes {
		for i := range 6 {
			fields := `"validity":"2m"`
			if i%2 == 1 {
				fields = fmt.Sprintf(`"send_at":%q`, due.UTC().Format(time.RFC3339Nano))
			}
			ref := fmt.Sprintf("t%d-%d-%d", round, n, i)
			status, body := s.post(fmt.Sprintf(`{"to":"+46701234567","text":"%s %s",%s}`, ref, textMark, fields))
			var accepted struct{ Messages []viewed }
			if status != http.StatusAccepted || json.Unmarshal(body, &accepted) != nil || len(accepted.Messages) != 1 {
				t.Errorf("%s at server %d: %d %s", fields, n, status, body)
				continue
			}
			ids[ref] = accepted.Messages[0].ID
		}
	}
	for ref, id := range ids {
		var v viewed
		within(t, 2*patience, ref+" is final", func() bool { v = x.nodes[0].message(id); return final[v.State] })
		if v.State != "delivered" {
			text, _ := x.nodes[0].trace(id)
			t.Errorf("%s is %s: %s", ref, v.State, text)
		}
		created, err := time.Parse(time.RFC3339, v.Created)
		if off := created.Sub(due.Add(-later)); err != nil || off.Abs() > soon {
			t.Errorf("%s was accepted %v after it was handed over", ref, off)
		}
	}
	if took := time.Since(due); took > soon {
		t.Errorf("what was to be sent in %v was delivered %v after", later, took)
	}
}

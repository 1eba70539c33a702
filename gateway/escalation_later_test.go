package gateway

import (
	"testing"
	"time"

	"kurir/message"
)

// later sends to the rota in a while.
func (e *escalating) later(text string, at time.Time) message.ID {
	e.t.Helper()
	m := &Mailing{Account: "acme", Common: *e.untold("", text), To: []MailTo{{To: "rota:ward"}}}
	m.Common.SendAt = at
	list, _, err := e.AddressSome(e.t.Context(), m, 10)
	if err != nil || len(list) != 1 {
		e.t.Fatalf("%d are on duty: %v", len(list), err)
	}
	return e.submit(m.submission(&list[0]))[0]
}

// What is to be sent later is taken by no answer before: it means what was asked.
func TestEscalationLater(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		id, later := e.begin("now"), e.later("later", e.now().Add(time.Hour))
		e.want(true, "1 now")
		e.write("46100000001", "ok")
		e.wantEscalationState(id, EscalationTaken)
		e.wantEscalationState(later, EscalationAsking)
		e.write("46100000001", "ok")
		e.wantEscalationState(later, EscalationAsking)
		time.Sleep(time.Hour + 2*time.Second)
		e.want(true, "1 later")
		e.write("46100000001", "ok")
		e.wantEscalationState(later, EscalationTaken)
	})
}

// Who cancels the message that was to be sent wants nobody asked in its place.
func TestEscalationCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		later := e.later("later", e.now().Add(time.Hour))
		if _, err := e.Cancel(t.Context(), "acme", later); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		e.want(true, "")
		e.wantEscalationState(later, EscalationStopped)
		time.Sleep(2 * time.Hour)
		e.want(true, "")
	})
}

// The time of those on duty follows when their message is to be sent, also over a restart.
func TestEscalationMoved(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		dir, copied := t.TempDir(), t.TempDir()
		e := startEscalating(t, dir, nil)
		e.people(1)
		later, sooner := e.later("later", e.now().Add(time.Hour)), e.later("sooner", e.now().Add(time.Hour))
		for id, at := range map[message.ID]time.Time{later: e.now().Add(3 * time.Hour), sooner: e.now().Add(-time.Hour)} {
			if _, err := e.ReplaceMessage(t.Context(), id, &Replacement{Account: e.acme, SendAt: at, Validity: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		e.want(true, "1 sooner")
		copyStore(t, dir, copied)
		e.end()
		e = startEscalating(t, copied, nil)
		e.n = 1000
		e.write("46100000001", "ok")
		e.wantEscalationState(sooner, EscalationTaken)
		time.Sleep(2 * time.Hour)
		e.want(true, "")
		time.Sleep(time.Hour)
		e.want(true, "1 later")
		time.Sleep(5*time.Minute + 2*time.Second)
		e.want(true, "2 later")
		e.wantEscalationState(later, EscalationAsking)
	})
}

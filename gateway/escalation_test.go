package gateway

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/alarm"
	"kurir/message"
	"kurir/rota"
)

// escalating is a gateway with a rota in which Anna is on duty, then two are asked one after the other, then everyone.
type escalating struct {
	*world
	op    *fakeLink
	log   *logBuffer
	alarm *alarm.Book
	n     int
}

func escalatingSnapshot() *Snapshot {
	snap := testSnapshot()
	snap.Rotas = rota.NewSet([]rota.Rota{{Name: "ward", Account: "acme", Else: []string{"contact:Anna"}, Escalation: rota.Ladder{
		Words: []string{"ok", "tar"}, Wait: 5 * time.Minute,
		Then: []rota.Rung{{Who: []string{"+46100000002", "+46100000003"}, Wait: 2 * time.Minute}, {Everyone: true}},
	}}})
	snap.Inbound = NewInboundTable([]InboundRule{{Do: []InboundAction{{Forward: []string{"rota:ward"}}}, Account: "acme", Keyword: []string{"help"}}})
	return snap
}

func startEscalating(t *testing.T, dir string, set func(*world)) *escalating {
	t.Helper()
	e := &escalating{log: &logBuffer{}, alarm: alarm.NewBook()}
	e.world = start(t, dir, Options{Snapshot: escalatingSnapshot(), Log: slog.New(slog.NewTextHandler(e.log, nil)), Alarms: e.alarm}, set)
	e.op = e.fakeLink("op1")
	e.op.core.SessionUp(1, 100)
	return e
}

// begin sends to the rota.
func (e *escalating) begin(text string) message.ID {
	e.t.Helper()
	m := &Mailing{Account: "acme", Common: *e.untold("", text), To: []MailTo{{To: "rota:ward"}}}
	list, _, err := e.AddressSome(e.t.Context(), m, 10)
	if err != nil || len(list) != 1 {
		e.t.Fatalf("%d are on duty: %v", len(list), err)
	}
	return e.submit(m.submission(&list[0]))[0]
}

// sent gives who got what since the last time, and has it arrive, or not.
func (e *escalating) sent(arrives bool) string {
	e.t.Helper()
	synctest.Wait()
	var all []string
	for _, o := range e.op.take() {
		e.n++
		id := fmt.Sprint("id", e.n)
		e.op.answer(1, o, id)
		state := message.Delivered
		if !arrives {
			state = message.Undeliverable
		}
		<-e.op.report(id, state, o.Message.To.Number)
		all = append(all, o.Message.To.Number[len(o.Message.To.Number)-1:]+" "+o.Message.Content.Text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (e *escalating) want(arrives bool, want string) {
	e.t.Helper()
	if got := e.sent(arrives); got != want {
		e.t.Errorf("%s: sent are %q, want %q", time.Now().UTC().Format("15:04:05"), got, want)
	}
}

// write has a phone write.
func (e *escalating) write(from, text string) {
	e.t.Helper()
	in := &message.Inbound{
		From: message.Address{TON: message.TONInternational, NPI: 1, Number: from}, To: message.Address{TON: message.TONInternational, NPI: 1, Number: "4611111"},
		Content: message.Content{Text: text, Class: -1},
	}
	if err := <-e.op.inbound(in); err != nil {
		e.t.Fatal(err)
	}
}

func (e *escalating) wantEscalation(id message.ID, state EscalationState, by string, steps int) {
	e.t.Helper()
	synctest.Wait()
	v, err := e.Escalation(e.t.Context(), "acme", id)
	if err != nil {
		e.t.Fatal(err)
	}
	if v.State != state || v.By != by || len(v.Steps) != steps {
		e.t.Errorf("it is %s by %q after %d steps, want %s by %q after %d", v.State, v.By, len(v.Steps), state, by, steps)
	}
	if open := e.Stats().Escalations > 0; open != v.Ended.IsZero() {
		e.t.Errorf("it has ended: %v, and is open in memory: %t", v.Ended, open)
	}
}

// Whoever is on duty is asked, then one after the other, then everyone; when nobody answers the operator hears of it.
func TestEscalationExhausted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		id := e.begin("bed 7")
		e.want(true, "1 bed 7")
		time.Sleep(4 * time.Minute)
		e.want(true, "")
		time.Sleep(time.Minute + 2*time.Second)
		e.want(true, "2 bed 7")
		time.Sleep(2*time.Minute + 2*time.Second)
		e.want(true, "3 bed 7")
		e.wantEscalation(id, EscalationAsking, "", 3)
		time.Sleep(2*time.Minute + 2*time.Second)
		e.want(true, "1 bed 7, 2 bed 7, 3 bed 7")
		time.Sleep(4 * time.Minute)
		if len(e.alarm.Events()) > 0 {
			t.Error("an alarm while the last are asked")
		}
		time.Sleep(time.Minute + 2*time.Second)
		e.want(true, "")
		e.wantEscalation(id, EscalationExhausted, "", 4)
		if events := e.alarm.Events(); len(events) != 1 || events[0].Kind != alarm.Escalation || strings.Contains(events[0].Text, "bed 7") {
			t.Errorf("the alarms are %+v", events)
		}
		if len(e.log.lines("nobody has taken a message")) != 1 || len(e.log.lines("bed 7")) > 0 {
			t.Error("the log does not say so, or more than that")
		}
		list, _, err := e.store.Messages(t.Context(), Filter{Account: "acme", Reference: id.String(), Limit: 10})
		if err != nil || len(list) != 5 {
			t.Errorf("%d messages refer to the first, %v", len(list), err)
		}
	})
}

// An agreed word of anybody who was asked ends it, also of who had his time; the others hear who has taken it. Other words, other
// phones and other accounts do not.
func TestEscalationAcknowledged(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		id := e.begin("bed 7 " + strings.Repeat("x", 80))
		e.sent(true)
		e.write("46100000002", "OK")      // was not asked
		e.write("46100000001", "I can't") // is no agreed word
		e.wantEscalation(id, EscalationAsking, "", 1)
		time.Sleep(5*time.Minute + 2*time.Second)
		e.sent(true)
		e.write("46100000001", " Tar. On my way")
		time.Sleep(2 * time.Second)
		e.want(true, "2 Anna has taken: bed 7 "+strings.Repeat("x", 54)+"...")
		e.wantEscalation(id, EscalationTaken, "Anna", 2)
		time.Sleep(time.Hour)
		e.want(true, "")
		if list, _ := e.Escalations(t.Context(), "beta"); len(list) > 0 {
			t.Errorf("another account sees %d", len(list))
		}
	})
}

// The next is asked at once when no message of those asked arrives, or none is accepted.
func TestEscalationFails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		id := e.begin("x")
		e.want(false, "1 x")
		time.Sleep(3 * time.Second)
		e.want(false, "2 x")
		time.Sleep(3 * time.Second)
		e.want(true, "3 x")
		v, err := e.Escalation(t.Context(), "acme", id)
		if err != nil || v.Steps[0].Asked[0].Failed != "" && v.Steps[0].Asked[0].Failed != "undeliverable" || len(v.Steps) != 3 {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := e.AcknowledgeEscalation(t.Context(), "beta", id, "beta"); err != ErrNotFound {
			t.Errorf("another account: %v", err)
		}
		v, err = e.AcknowledgeEscalation(t.Context(), "acme", id, "acme")
		if err != nil || v.State != EscalationTaken || v.By != "acme" {
			t.Errorf("%+v, %v", v, err)
		}
		time.Sleep(2 * time.Second)
		e.want(true, "1 acme has taken: x, 2 acme has taken: x, 3 acme has taken: x")
		e.wantEscalation(id, EscalationTaken, "acme", 3)
		v, err = e.AcknowledgeEscalation(t.Context(), "acme", id, "root") // too late
		if err != nil || v.By != "acme" {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

// An inbound rule begins one as a request does, and the answer goes where its rules send it.
func TestEscalationForwarded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		e.write("46100000009", "help me")
		time.Sleep(time.Second)
		e.want(true, "1 +46100000009: help me")
		list, err := e.Escalations(t.Context(), "acme")
		if err != nil || len(list) != 1 {
			t.Fatalf("%d, %v", len(list), err)
		}
		time.Sleep(5*time.Minute + 2*time.Second)
		e.want(true, "2 +46100000009: help me")
		e.write("46100000002", "Help, I can't") // whose answer begins none
		time.Sleep(time.Second)
		e.want(true, "1 +46100000002: Help, I can't")
		e.write("46100000002", "ok")
		e.wantEscalation(list[0].ID, EscalationTaken, "+46100000002", 2)
	})
}

// An answer by mail to the message from a phone that began one takes it, if it begins with an agreed word.
func TestEscalationAnsweredByMail(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		e.write("46100000009", "help me")
		time.Sleep(time.Second)
		e.sent(true)
		list, _, err := e.InboundList(t.Context(), Filter{Account: "acme", Limit: 1})
		if err != nil || len(list) != 1 {
			t.Fatalf("%d, %v", len(list), err)
		}
		for _, c := range []struct {
			account, text string
			of            message.ID
			want          bool
		}{
			{"acme", "I can't", list[0].ID, false},
			{"beta", "OK", list[0].ID, false},
			{"acme", "OK", list[0].ID + 1, false},
			{"acme", "OK, on my way", list[0].ID, true},
			{"acme", "OK", list[0].ID, false}, // somebody has
		} {
			if taken, err := e.AnswerEscalation(t.Context(), c.account, c.of, "anna@b.c", c.text); taken != c.want || err != nil {
				t.Errorf("%+v: %t, %v", c, taken, err)
			}
		}
		time.Sleep(2 * time.Second)
		e.want(true, "1 anna@b.c has taken: +46100000009: help me")
	})
}

// However a crash cuts it short, it goes on where it was: nobody is asked twice, and nothing that was said is forgotten.
func TestEscalationRestart(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		dirs := []string{t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()}
		e := startEscalating(t, dirs[0], nil)
		e.people(1)
		id := e.begin("x")
		e.want(true, "1 x")
		time.Sleep(time.Second)
		crash := func(n int) {
			t.Helper()
			copyStore(t, dirs[n-1], dirs[n])
			e.end()
			e = startEscalating(t, dirs[n], nil)
			e.n = 1000 * n
		}
		crash(1)
		e.wantEscalation(id, EscalationAsking, "", 1)
		time.Sleep(4 * time.Minute)
		e.want(true, "")
		time.Sleep(time.Minute + 2*time.Second)
		e.want(true, "2 x")
		time.Sleep(time.Second)
		crash(2)
		e.want(true, "")
		e.wantEscalation(id, EscalationAsking, "", 2)
		e.write("46100000002", "ok") // who hears of it is not told yet when it crashes
		crash(3)
		time.Sleep(2 * time.Second)
		e.want(true, "1 +46100000002 has taken: x")
		e.wantEscalation(id, EscalationTaken, "+46100000002", 2)
		time.Sleep(time.Hour)
		e.want(true, "")
	})
}

// What cannot be written is not asked, and is when it can; nobody is left out.
func TestEscalationFullDisk(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var full atomic.Bool
		e := startEscalating(t, t.TempDir(), func(w *world) { fullDisk(w, &full) })
		e.people(1)
		id := e.begin("x")
		e.want(true, "1 x")
		time.Sleep(4*time.Minute + 58*time.Second)
		full.Store(true)
		time.Sleep(10 * time.Minute)
		e.want(true, "")
		e.mu.Lock()
		if state := e.escalations.open[id].body.State; !slices.Equal(state.Asked, []string{"46100000001"}) {
			t.Errorf("asked are %v", state.Asked)
		}
		e.mu.Unlock()
		full.Store(false)
		time.Sleep(5 * time.Second)
		e.want(true, "2 x")
		e.wantEscalation(id, EscalationAsking, "", 2)

		e.write("46100000002", "ok")
		full.Store(true) // those who are told
		time.Sleep(10 * time.Second)
		e.want(true, "")
		full.Store(false)
		time.Sleep(5 * time.Second)
		e.want(true, "1 +46100000002 has taken: x")
		e.wantEscalation(id, EscalationTaken, "+46100000002", 2)

		full.Store(true)
		m := &Mailing{Account: "acme", Common: *e.untold("", "y"), To: []MailTo{{To: "rota:ward"}}}
		list, _, err := e.AddressSome(t.Context(), m, 10)
		if err != nil {
			t.Fatal(err)
		}
		results, err := e.Submit(t.Context(), []*Submission{m.submission(&list[0])})
		if err != nil || results[0].Failure == nil || e.Stats().Escalations != 0 {
			t.Errorf("%+v, %v; %d are open", results, err, e.Stats().Escalations)
		}
		full.Store(false)
		time.Sleep(5 * time.Second)
		if list, err := e.Escalations(t.Context(), ""); err != nil || len(list) != 1 {
			t.Errorf("%d are kept, %v", len(list), err)
		}
	})
}

func (e *escalating) wantEscalationState(id message.ID, want EscalationState) {
	e.t.Helper()
	synctest.Wait()
	if v, err := e.Escalation(e.t.Context(), "acme", id); err != nil || v.State != want {
		e.t.Errorf("%+v, %v; want %s", v, err, want)
	}
}

// Who is asked at the very moment when somebody takes the message hears of it, too.
func TestEscalationTakenWhileAsking(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		id := e.begin("x")
		e.want(true, "1 x")
		lists := e.nextAsked(e.now().Add(6 * time.Minute))
		e.write("46100000001", "ok")
		e.wantEscalationState(id, EscalationTaken)
		for _, subs := range lists {
			e.Accept(subs, func(results []Result) { e.settleAsking(subs, results) })
		}
		e.want(true, "2 x")
		time.Sleep(3 * time.Second)
		e.want(true, "2 Anna has taken: x")
		e.wantEscalation(id, EscalationTaken, "Anna", 2)
	})
}

// Those who are told hear it however few parts the message may have.
func TestEscalationToldParts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		text := strings.Repeat("я", 65)
		m := &Mailing{Account: "acme", Common: *e.untold("", text), To: []MailTo{{To: "rota:ward"}}}
		m.Common.MaxParts = 1
		list, _, err := e.AddressSome(t.Context(), m, 10)
		if err != nil {
			t.Fatal(err)
		}
		id := e.submit(m.submission(&list[0]))[0]
		e.sent(true)
		if _, err := e.AcknowledgeEscalation(t.Context(), "acme", id, "acme"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if got := e.sent(true); !strings.HasPrefix(got, "1 ") {
			t.Errorf("told are %q", got)
		}
	})
}

// Who was to be asked at the moment when somebody took the message, and is not, for the disk was full, hears nothing.
func TestEscalationTakenWhileRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var full atomic.Bool
		e := startEscalating(t, t.TempDir(), func(w *world) { fullDisk(w, &full) })
		e.people(1)
		id := e.begin("x")
		e.want(true, "1 x")
		lists := e.nextAsked(e.now().Add(6 * time.Minute))
		e.write("46100000001", "ok")
		e.wantEscalationState(id, EscalationTaken)
		full.Store(true)
		for _, subs := range lists {
			e.Accept(subs, func(results []Result) { e.settleAsking(subs, results) })
		}
		time.Sleep(10 * time.Second)
		full.Store(false)
		time.Sleep(10 * time.Second)
		e.want(true, "")
		e.wantEscalationState(id, EscalationTaken)
		if n := e.Stats().Escalations; n != 0 {
			t.Errorf("%d are open", n)
		}
	})
}

// TestEscalationNamedTwice: whoever is on duty and is named besides gets one message, and is asked by it.
func TestEscalationNamedTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		e := startEscalating(t, t.TempDir(), nil)
		e.people(1)
		for _, to := range []string{"contact:Anna", "+46100000009"} {
			m := &Mailing{Account: "acme", Common: *e.untold("", "Fire"), To: []MailTo{{To: to}, {To: "rota:ward"}}}
			list, _, err := e.AddressSome(t.Context(), m, 10)
			if err != nil {
				t.Fatal(err)
			}
			asked := 0
			for i := range list {
				if list[i].Escalates != nil {
					asked++
				}
			}
			if want := map[string]int{"contact:Anna": 1, "+46100000009": 2}[to]; len(list) != want || asked != 1 {
				t.Errorf("%s and the rota: %d messages, %d of them ask; want %d and 1", to, len(list), asked, want)
			}
		}
	})
}

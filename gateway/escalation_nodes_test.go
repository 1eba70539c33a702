package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/rota"
)

// escalatingNodes are two gateways, of which the second has the operator's session.
func escalatingNodes(t *testing.T, dir string) (first, second *escalating) {
	t.Helper()
	snap := escalatingSnapshot()
	plain := *snap.Rotas.All()[0].Rota
	plain.Else = []string{"+46100000001"}
	snap.Rotas = rota.NewSet([]rota.Rota{plain})
	nodes := nodesWith(t, dir, 2, func(w *world) {
		w.Replace(snap)
		w.acme = snap.Accounts.ByName("acme")
	})
	first, second = &escalating{world: nodes[0]}, &escalating{world: nodes[1]}
	second.op = second.fakeLink("op1")
	second.op.core.SessionUp(1, 100)
	first.op = second.op
	first.HeldElsewhere([]string{"op1"})
	return first, second
}

// An answer that comes to another gateway than the one that has the escalation is known there, and so is one over REST.
func TestEscalationNodes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		first, second := escalatingNodes(t, t.TempDir())
		id, other := first.begin("x"), first.begin("y")
		time.Sleep(2 * time.Second)
		second.want(true, "1 x, 1 y")
		time.Sleep(5 * time.Minute)
		second.want(true, "2 x, 2 y")
		time.Sleep(2 * time.Second)
		if first.Stats().Escalations != 2 || second.Stats().Escalations != 0 {
			t.Errorf("the gateways have %d and %d", first.Stats().Escalations, second.Stats().Escalations)
		}
		second.write("46100000001", "ok")
		second.write("46100000002", "ok") // means the other
		time.Sleep(3 * time.Second)
		if got := second.sent(true); !strings.HasPrefix(got, "1 +46100000002 has taken: ") || !strings.Contains(got, ", 2 +46100000001 has taken: ") {
			t.Errorf("told are %s", got)
		}
		for _, id := range []message.ID{id, other} {
			v, err := second.Escalation(t.Context(), "acme", id)
			if err != nil || v.State != EscalationTaken || v.Ended.IsZero() {
				t.Errorf("%+v, %v", v, err)
			}
		}
		third := first.begin("z")
		time.Sleep(2 * time.Second)
		second.want(true, "1 z")
		v, err := second.AcknowledgeEscalation(t.Context(), "acme", third, "acme")
		if err != nil || v.By != "acme" {
			t.Errorf("%+v, %v", v, err)
		}
		time.Sleep(3 * time.Second)
		second.want(true, "1 acme has taken: z")
		if first.Stats().Escalations != 0 {
			t.Error("one is open still")
		}
	})
}

// Whoever takes over what a dead gateway had goes on with its escalations, and asks nobody twice.
func TestEscalationTakenOver(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		first, second := escalatingNodes(t, t.TempDir())
		first.begin("x")
		time.Sleep(2 * time.Second)
		second.want(true, "1 x")
		first.halt()
		second.takesOver(0)
		time.Sleep(4 * time.Minute)
		second.want(true, "")
		time.Sleep(time.Minute)
		second.want(true, "2 x")
		second.write("46100000001", "ok")
		time.Sleep(2 * time.Second)
		second.want(true, "2 +46100000001 has taken: x")
		synctest.Wait()
		if second.Stats().Escalations != 0 {
			t.Error("it is open still")
		}
	})
}

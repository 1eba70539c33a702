package gateway

import (
	"testing"
	"time"

	"kurir/message"
)

// TestLanesElsewhere: a link is behind with the messages of one account. What another account submits is sent in turn with
// them, and what is urgent before them, within a second, whichever gateways accept it and hold the sessions.
func TestLanesElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sessions []int // the gateways that have one
		behind   int   // which gateway has accepted what waits
		by       int   // which accepts the new ones
	}{
		"behind at the holder":    {[]int{0}, 0, 1},
		"behind elsewhere":        {[]int{0}, 1, 0},
		"both elsewhere":          {[]int{0}, 1, 2},
		"two holders":             {[]int{0, 1}, 0, 1},
		"two holders, a stranger": {[]int{0, 1}, 0, 2},
	} {
		dir := t.TempDir()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				const rate = 50 // a second and session
				nodes := nodesOn(t, dir, 3)
				var operators []*pacedOperator
				for i, w := range nodes {
					snap := *w.Snapshot()
					links := map[string]LinkSettings{}
					for name, set := range snap.Links {
						set.Rate = rate
						links[name] = set
					}
					snap.Links = links
					w.Replace(&snap)
					operators = append(operators, takesAll(w.fakeLink("op1")))
					if len(c.sessions) == 2 || i != c.sessions[0] {
						w.HeldElsewhere([]string{"op1"})
					}
				}
				for _, i := range c.sessions {
					operators[i].core.SessionUp(1, 20)
				}
				send := func(by int, account string, n int, p message.Priority) {
					w := nodes[by]
					subs := make([]*Submission, n)
					for i := range subs {
						subs[i] = w.untold("46170000001", "text")
						subs[i].Account, subs[i].Priority = w.Snapshot().Accounts.ByName(account), p
					}
					w.submit(subs...)
				}
				had := func(account string) (n int) {
					for _, op := range operators {
						n += op.had(account)
					}
					return n
				}
				send(c.behind, "acme", 1000, message.Normal)
				time.Sleep(5 * time.Second)

				whole := rate * len(c.sessions)
				before := had("acme")
				send(c.by, "beta", 500, message.Normal)
				time.Sleep(time.Second) // by now it has its turns
				begun := had("beta")
				time.Sleep(2 * time.Second)
				if n := had("beta") - begun; n < whole*8/10 || n > whole*12/10 {
					t.Errorf("%d of the other account went in 2 s, of %d in all", n, 2*whole)
				}
				if n := had("acme") + had("beta") - before; n < 3*whole*9/10 {
					t.Errorf("%d went in 3 s, where %d could", n, 3*whole)
				}
				urgent := had("beta")
				send(c.by, "beta", 10, message.Urgent)
				time.Sleep(time.Second)
				if n := had("beta") - urgent; n < 10+(whole-10)/2*8/10 {
					t.Errorf("%d of the other account went in a second in which it had 10 that were urgent", n)
				}
			})
		})
	}
}

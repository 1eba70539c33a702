package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// simFate is what the world knows of one message, found by its recipient.
type simFate struct {
	number, from  string
	account, text string
	parts         int
	once          bool
	priority      message.Priority
	validity      time.Duration
	sendAt        time.Time
	receipts      message.Receipts
	target        message.Target

	asked     time.Time       // first
	ids       []message.ID    // that customers were told
	failed    map[string]bool // why it was refused
	cancelled bool            // a customer was told so
	sent      map[uint8]int   // on wires, by part
	again     int             // answers after which it may be sent again
	told      map[message.State]int
	settled   map[message.State]*simLife // by whom it was acknowledged
	inFlight  map[message.State]*simLife
}

// simRequest is a request, which may come again.
type simRequest struct {
	key    string // empty: it has none
	fates  []*simFate
	answer string // to a request with a key, once it has made something
}

// submit submits some messages at a server.
func (s *sim) submit(l *simLife) {
	s.mu.Lock()
	r := &simRequest{}
	account := []string{"acme", "beta"}[s.rng.IntN(2)]
	for range 1 + s.rng.IntN(3) {
		r.fates = append(r.fates, s.fate(account))
	}
	if s.chance(30) {
		r.key = fmt.Sprint("key", len(s.requests))
	}
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	s.ask(l, r)
	if s.chance(8) { // at both at the same time
		s.repeat(s.live())
	}
}

// repeat lets one of the last requests come again: with the same key, or with texts whose repeats are refused.
func (s *sim) repeat(l *simLife) {
	s.mu.Lock()
	var list []*simRequest
	for _, r := range s.requests[max(0, len(s.requests)-5):] {
		if r.key != "" || r.fates[0].account == "beta" {
			list = append(list, r)
		}
	}
	s.mu.Unlock()
	if len(list) > 0 && l != nil {
		s.ask(l, list[s.rng.IntN(len(list))])
	}
}

func (s *sim) fate(account string) *simFate {
	n := len(s.fates) + 1
	prefix := []string{"461", "462", "463"}[s.rng.IntN(3)]
	x := &simFate{
		number: fmt.Sprintf("%s%06d", prefix, n), from: strings.ToUpper(account), account: account, parts: 1, once: prefix == "463",
		priority: message.Priority(s.rng.IntN(message.Priorities)), validity: time.Second + time.Duration(s.rng.Int64N(int64(simValidity-time.Second))),
		asked: time.Now(), failed: map[string]bool{}, sent: map[uint8]int{},
		told: map[message.State]int{}, settled: map[message.State]*simLife{}, inFlight: map[message.State]*simLife{},
	}
	x.text = "m" + x.number
	if s.chance(15) {
		x.parts = 2 + s.rng.IntN(2)
		x.text = strings.Repeat("0123456789", 15*x.parts)
	}
	if s.chance(10) {
		x.sendAt = time.Now().Add(time.Duration(s.rng.IntN(8)) * time.Second)
	}
	if s.chance(85) {
		x.receipts = message.ReceiptFinal
	}
	if s.chance(30) {
		x.receipts |= message.ReceiptIntermediate
	}
	switch s.rng.IntN(4) {
	case 0, 1:
		x.target.Kind = message.SMPPTarget
	case 2:
		x.target = message.Target{Kind: message.WebhookTarget, Address: "http://127.0.0.1/x"}
	}
	s.fates = append(s.fates, x)
	s.byNumber[x.number] = x
	return x
}

func (s *sim) submission(x *simFate) *Submission {
	return &Submission{
		Account: s.snap.Accounts.ByName(x.account), Via: message.ViaREST, To: "+" + x.number, Content: message.Content{Text: x.text, Class: -1},
		Priority: x.priority, Reference: x.number, Validity: x.validity, SendAt: x.sendAt, Receipts: x.receipts, Target: x.target,
	}
}

// ask asks a server as an interface does.
func (s *sim) ask(l *simLife, r *simRequest) {
	subs := make([]*Submission, len(r.fates))
	for i, x := range r.fates {
		subs[i] = s.submission(x)
	}
	if r.key == "" {
		s.accept(l, r, nil, subs)
		return
	}
	k := &Keyed{Account: r.fates[0].account, Key: r.key}
	copy(k.Request[:], r.key)
	k.Answer = func(results []Result) []byte { return []byte(answerOf(results)) }
	s.tasks.Go(func() {
		kept, err := l.g.Claim(context.Background(), k)
		switch {
		case err != nil:
		case kept != nil:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.answered(l, r, string(kept))
		default:
			for i := range subs {
				subs[i].Keyed = k
			}
			s.accept(l, r, k, subs)
		}
	})
}

// answerOf is the answer to a request with a key; empty if it has made nothing.
func answerOf(results []Result) string {
	out, made := "", false
	for _, r := range results {
		if r.Failure != nil {
			out += " " + r.Failure.Kind.Code()
			continue
		}
		out += " " + r.ID.String()
		made = true
	}
	if !made {
		return ""
	}
	return out
}

func (s *sim) accept(l *simLife, r *simRequest, k *Keyed, subs []*Submission) {
	s.mu.Lock()
	l.asked++
	s.mu.Unlock()
	l.g.Accept(subs, func(results []Result) {
		if k != nil {
			defer l.g.Release(k)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		l.asked--
		if k != nil {
			switch answer, err := k.Lost(); {
			case err != nil:
				s.wrongf("request %s: %v", r.key, err)
				return
			case answer != nil:
				s.answered(l, r, string(answer))
				return
			}
			s.answered(l, r, answerOf(results))
		}
		if l.dead {
			return // the answer did not leave
		}
		for i, x := range r.fates {
			if f := results[i].Failure; f != nil {
				s.logf("node %d refused %s: %s", l.node.num, x.number, f.Kind.Code())
				x.failed[f.Kind.Code()] = true
				continue
			}
			s.logf("node %d accepted %s %s %s", l.node.num, x.number, results[i].ID, results[i].State)
			x.ids = append(x.ids, results[i].ID)
		}
	})
}

// answered compares the answers to a request with a key; s.mu is held.
func (s *sim) answered(l *simLife, r *simRequest, answer string) {
	if l.dead || answer == "" {
		return
	}
	s.logf("node %d answers %s:%s", l.node.num, r.key, answer)
	if r.answer != "" && r.answer != answer {
		s.wrongf("request %s was answered with%s and with%s", r.key, r.answer, answer)
	}
	r.answer = answer
}

// cancel cancels one of the last messages, wherever it is.
func (s *sim) cancel(l *simLife) {
	s.mu.Lock()
	var list []*simFate
	for _, x := range s.fates[max(0, len(s.fates)-8):] {
		if len(x.ids) > 0 {
			list = append(list, x)
		}
	}
	s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	x := list[s.rng.IntN(len(list))]
	id := x.ids[0]
	s.tasks.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
		defer stop()
		m, err := l.g.Cancel(ctx, "", id)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil || l.dead {
			return
		}
		s.logf("node %d cancelled %s", l.node.num, x.number)
		x.cancelled = true
		if m.State != message.Deleted {
			s.wrongf("%s was cancelled and is %s", x.number, m.State)
		}
	})
}

// topUp pays something in, under a key that may have come before.
func (s *sim) topUp() {
	l := s.live()
	if l == nil {
		return
	}
	top := TopUp{Account: "acme", Key: fmt.Sprint("paid", s.rng.IntN(3)), Amount: euro}
	s.tasks.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		_, _, err := l.g.TopUpBalance(ctx, top)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil && !l.dead {
			s.logf("node %d topped up %s", l.node.num, top.Key)
			s.topUps[top.Key] = true
		}
	})
}

func (s *sim) presence(l *simLife, here bool) {
	s.mu.Lock()
	name := []string{"acme", "beta"}[s.rng.IntN(2)]
	s.come(l, name, here)
	s.mu.Unlock()
	if here {
		l.g.Wake(message.SMPPTarget, name)
	}
}

// come binds an account at a server, or lets it leave; s.mu is held.
func (s *sim) come(l *simLife, name string, here bool) {
	if here && !l.here[name] {
		l.session[name]++
	}
	l.here[name] = here
	s.logf("node %d: %s bound %t", l.node.num, name, here)
}

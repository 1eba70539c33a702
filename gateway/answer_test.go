package gateway

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

const answerPhone, answerOurs = "46100000001", "4611111"

// answering starts a gateway with rules, and a link whose session has room.
func answering(t *testing.T, dir string, rules []InboundRule, set func(*world)) (*world, *fakeLink) {
	t.Helper()
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{
		{
			Name: "acme", Senders: []string{"ACME"}, MaxParts: 20, Numbers: []string{"+" + answerOurs}, Country: "46", OptOut: &account.OptOut{},
			Lists: []account.List{{Name: "staff", Numbers: []string{"+46100000002", "+46100000003", "+" + answerPhone}}},
		},
		{Name: "beta", Numbers: []string{"+4622222"}},
	}, nil)
	for i := range rules {
		rules[i].Validate(func(field, problem string) { t.Errorf("inbound[%d].%s %s", i, field, problem) })
	}
	s.Inbound = NewInboundTable(rules)
	w := start(t, dir, Options{Snapshot: s}, set)
	op := w.fakeLink("op1")
	op.core.SessionUp(1, 100)
	return w, op
}

// phoneWrites has a phone write to a number of ours, and waits.
func phoneWrites(t *testing.T, op *fakeLink, from, to, text string) {
	t.Helper()
	in := &message.Inbound{
		From: message.Address{TON: message.TONInternational, NPI: 1, Number: from}, To: message.Address{TON: message.TONInternational, NPI: 1, Number: to},
		Content: message.Content{Text: text, Class: -1},
	}
	if err := <-op.inbound(in); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	time.Sleep(time.Second)
	synctest.Wait()
}

// texts are what was sent, as "recipient: text".
func texts(out []*connector.Outgoing) []string {
	var list []string
	for _, o := range out {
		list = append(list, o.Message.To.Number+": "+o.Message.Content.Text)
	}
	return list
}

func wantTexts(t testing.TB, out []*connector.Outgoing, want ...string) {
	t.Helper()
	if got := texts(out); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAnswers: one rule answers, forwards to a number and a list but not to whoever wrote, and tells a session, once
// each; the tag goes with all of it, and nothing comes again after a restart.
func TestAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		rules := []InboundRule{{Keyword: route.Patterns{"info"}, Do: []InboundAction{
			{Tag: "info"},
			{Reply: "Hej {from}, {{{keyword}} {rest} [{tag}]"},
			{Forward: route.Patterns{"+46100000009", "staff"}, Text: "{to} got: {text}"},
			{SMPP: "beta"},
		}}}
		r := &fakeReceiver{limit: 10}
		set := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w, op := answering(t, dir, rules, set)
		phoneWrites(t, op, answerPhone, answerOurs, "Info, vad {to} kostar?")
		out := op.take()
		wantTexts(t, out,
			answerPhone+": Hej +"+answerPhone+", {Info} vad {to} kostar? [info]",
			"46100000009: +4611111 got: Info, vad {to} kostar?",
			"46100000002: +4611111 got: Info, vad {to} kostar?",
			"46100000003: +4611111 got: Info, vad {to} kostar?")
		for _, o := range out {
			if o.Message.From.Number != answerOurs || o.Message.Account != "acme" || o.Message.Tag() != "info" {
				t.Errorf("sent by %s from %s with tag %q", o.Message.Account, o.Message.From, o.Message.Tag())
			}
		}
		items := r.take()
		if len(items) != 1 || items[0].Inbound.Tag != "info" || items[0].Target.Account != "beta" {
			t.Fatalf("delivered %+v", items)
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		synctest.Wait()
		in := w.lastInbound()
		if in.Owed != 0 || in.Tag != "info" {
			t.Errorf("stored: %+v", in)
		}
		w.end()

		_, op = answering(t, dir, rules, set)
		time.Sleep(time.Minute)
		op.take() // what was granted is uncertain and sent again
		phoneWrites(t, op, answerPhone, answerOurs, "other")
		wantTexts(t, op.take())
	})
}

// lastInbound reads the newest message from a phone.
func (w *world) lastInbound() *message.Inbound {
	w.t.Helper()
	list, _, err := w.InboundList(w.t.Context(), Filter{Limit: 1})
	if err != nil || len(list) != 1 {
		w.t.Fatalf("%d messages from phones are stored, %v", len(list), err)
	}
	return list[0]
}

// TestAnswersEnd: two machines that answer each other come to an end, and neither names, services, our own numbers nor
// who has opted out get automatic answers.
func TestAnswersEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, op := answering(t, t.TempDir(), []InboundRule{{Do: []InboundAction{{Reply: "I am a machine", Most: 3}}}}, nil)
		for range 10 {
			phoneWrites(t, op, answerPhone, answerOurs, "I am a machine, too")
		}
		if n := len(op.take()); n != 3 {
			t.Errorf("%d answers within an hour, want 3", n)
		}
		if n := w.Stats().AnswersHeld; n != 7 {
			t.Errorf("%d are counted as held back, want 7", n)
		}
		phoneWrites(t, op, "46100000007", answerOurs, "another phone")
		time.Sleep(time.Hour)
		phoneWrites(t, op, answerPhone, answerOurs, "and later")
		if n := len(op.take()); n != 2 {
			t.Errorf("%d answers to another phone and an hour later, want 2", n)
		}
		phoneWrites(t, op, "72456", answerOurs, "a service")
		phoneWrites(t, op, "SMSBANK", answerOurs, "a name")
		phoneWrites(t, op, "4622222", answerOurs, "a number of beta's")
		phoneWrites(t, op, "46100000008", answerOurs, "STOP")
		op.take() // the answer to STOP
		phoneWrites(t, op, "46100000008", answerOurs, "hello")
		wantTexts(t, op.take())
		if in := w.lastInbound(); in.Owed != 0 || !strings.Contains(string(in.Log), "opted out") {
			t.Errorf("the last is stored as %+v", in)
		}
	})
}

// TestAnswersAtNight: who writes at night is answered then, whatever the hours of the account and the route; what is
// forwarded wakes nobody.
func TestAnswersAtNight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		hours := message.Hours{Times: []string{"03:00-04:00"}, Zone: "UTC"}
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", MaxParts: 20, Numbers: []string{"+" + answerOurs}, OptOut: &account.OptOut{}, Hours: hours}}, nil)
		s.Routes = route.NewTable([]route.Rule{{To: route.Patterns{"4610*"}, Via: route.Via{{Link: "op1"}}}, {Via: route.Via{{Link: "op1"}}, Hours: &hours}})
		s.Inbound = NewInboundTable([]InboundRule{{Do: []InboundAction{{Reply: "We are open 9 to 18"}, {Forward: route.Patterns{"+46100000009"}}}}})
		w := start(t, dir, Options{Snapshot: s}, nil)
		op := w.fakeLink("op1")
		phoneWrites(t, op, answerPhone, answerOurs, "stop")
		phoneWrites(t, op, answerPhone, answerOurs, "start")
		phoneWrites(t, op, "46200000001", answerOurs, "when?")
		w.end()
		w = start(t, dir, Options{Snapshot: s}, nil) // they wait for the link
		op = w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if sent := texts(op.take()); len(sent) != 3 || sent[2] != "46200000001: We are open 9 to 18" {
			t.Errorf("at night there were sent %q", sent)
		}
		list, _, err := w.store.Messages(t.Context(), Filter{Account: "acme", Limit: 1})
		if err != nil || len(list) != 1 || list[0].To.Number != "46100000009" || list[0].State != message.Scheduled {
			t.Errorf("forwarded at night: %+v, %v", list, err)
		}
	})
}

// TestAnswerIsPaid: an answer that the balance or a limit does not allow is still owed, and comes when it does, once.
func TestAnswerIsPaid(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := moneySnapshot(t, func(group, acme *account.Account) {
			acme.Numbers, acme.OptOut, group.Limits.Messages.Hour = []string{"+" + answerOurs}, &account.OptOut{}, 1
		})
		s.Inbound = NewInboundTable([]InboundRule{{Do: []InboundAction{{Reply: "Thanks"}}}})
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		phoneWrites(t, op, answerPhone, answerOurs, "hello")
		wantTexts(t, op.take())
		if in := w.lastInbound(); in.Owed != 1 {
			t.Errorf("with an empty balance it is owed: %d, %q", in.Owed, in.Log)
		}
		w.topUp("group", "1", euro)
		time.Sleep(10 * time.Minute)
		wantTexts(t, op.take(), answerPhone+": Thanks")
		phoneWrites(t, op, answerPhone, answerOurs, "STOP") // beyond the limit of the hour
		wantTexts(t, op.take())
		time.Sleep(75 * time.Minute)
		if sent := texts(op.take()); len(sent) != 1 {
			t.Errorf("in the next hour there were sent %q", sent)
		}
		if in := w.lastInbound(); in.Owed&^1 != 0 { // the first of STOP is acme's, who is not there
			t.Errorf("still owed: %+v", in)
		}
	})
}

// TestForwardToAll: of several to whom a message is forwarded, those for whom money or the hour's limit does not
// suffice get it when it does; each gets it once, also over a restart, and whoever cannot get it holds up nobody.
func TestForwardToAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		begin := func() (*world, *fakeLink) {
			s := moneySnapshot(t, func(group, acme *account.Account) {
				acme.Numbers, acme.Country, group.Limits.Messages.Hour = []string{"+" + answerOurs}, "46", 2
				acme.Lists = []account.List{{Name: "staff", Numbers: []string{"+46100000002", "+46100000003", "+46100000004", "+46100000005"}}}
				acme.Destination = []message.AddressRule{{Pattern: "^46100000005$", Replace: "46100000006"}}
			})
			s.Inbound = NewInboundTable([]InboundRule{{Do: []InboundAction{{Forward: route.Patterns{"staff", "+46100000003", "+4412345678"}, Text: "{text}"}}}})
			w := start(t, dir, Options{Snapshot: s}, nil)
			op := w.fakeLink("op1")
			op.core.SessionUp(1, 100)
			return w, op
		}
		w, op := begin()
		w.topUp("group", "first", euro/10) // for one
		phoneWrites(t, op, answerPhone, answerOurs, "fire")
		wantTexts(t, op.take(), "46100000002: fire")
		w.topUp("group", "second", 5*euro)
		time.Sleep(30 * time.Minute)
		out := op.take()
		wantTexts(t, out, "46100000003: fire") // and that was the limit
		op.answer(1, out[0], "x")
		w.end()
		w, op = begin()
		time.Sleep(time.Minute)
		op.take() // what was granted is uncertain and sent again
		time.Sleep(2 * time.Hour)
		wantTexts(t, op.take(), "46100000004: fire", "46100000006: fire")
		if in := w.lastInbound(); in.Owed != 0 {
			t.Errorf("still owed: %q", in.Log)
		}
		time.Sleep(30 * time.Minute)
		wantTexts(t, op.take())
	})
}

// TestForwardTwice: two texts that a rule forwards to the same phones come both; what nobody can get is given up, though
// the phone is answered.
func TestForwardTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		phones := route.Patterns{"+46100000002", "+46100000003", "+46100000002"}
		w, op := answering(t, t.TempDir(), []InboundRule{
			{Keyword: route.Patterns{"abroad"}, Do: []InboundAction{{Reply: "thanks"}, {Forward: route.Patterns{"+4412345678", "+4412345679"}}}},
			{Do: []InboundAction{{Forward: phones, Text: "one"}, {Forward: phones, Text: "two"}}},
		}, nil)
		phoneWrites(t, op, answerPhone, answerOurs, "fire")
		wantTexts(t, op.take(), "46100000002: one", "46100000003: one", "46100000002: two", "46100000003: two")
		phoneWrites(t, op, answerPhone, answerOurs, "abroad")
		wantTexts(t, op.take(), answerPhone+": thanks")
		if in := w.lastInbound(); in.Owed != 0 || !gaveUp(in.Log, in.ID, 0, 2) {
			t.Errorf("what has no route: %d is owed, %q", in.Owed, in.Log)
		}
	})
}

// TestAnswerOnce: an answer that cannot be accepted, because the disk is full, is refused and comes when it can be; what
// is on disk says at every moment whether it is still owed, so that a restart in between sends it once, too. What was
// refused does not count towards the answers that the phone may get.
func TestAnswerOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		restart bool
		text    string
	}{{false, "hello"}, {true, "hello"}, {true, "STOP"}} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			var full atomic.Bool
			rules := []InboundRule{{Do: []InboundAction{{Reply: "Thanks", Most: 1}}}}
			w, op := answering(t, dir, rules, func(w *world) { fullDisk(w, &full) })
			w.receivers[message.ReplyTarget] = &fullFirst{answerer: answerer{w.Gateway}, full: &full}
			phoneWrites(t, op, answerPhone, answerOurs, c.text)
			time.Sleep(time.Minute)
			wantTexts(t, op.take())
			full.Store(false)
			if c.restart {
				time.Sleep(time.Second) // what is gathered can be written now
				w.end()
				w, op = answering(t, dir, rules, nil)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if sent := texts(op.take()); len(sent) != 1 || c.text == "hello" && sent[0] != answerPhone+": Thanks" {
				t.Errorf("%+v: sent %q", c, sent)
			}
			if in := w.lastInbound(); in.Owed&^1 != 0 || c.text == "hello" && in.Owed != 0 { // the first of STOP is acme's, who is not there
				t.Errorf("still owed: %+v", in)
			}
			time.Sleep(30 * time.Minute)
			wantTexts(t, op.take())
		})
	}
}

// fullFirst fills the disk when the first answer is about to be accepted.
type fullFirst struct {
	answerer
	full *atomic.Bool
	once sync.Once
}

// Deliver implements Receiver.
func (f *fullFirst) Deliver(account string, items []*Item) {
	f.once.Do(func() { f.full.Store(true) })
	f.answerer.Deliver(account, items)
}

// TestWebhookAnswers: what a webhook answers goes to the phone once, although the webhook is called again because the
// answer could not be accepted at first.
func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var full atomic.Bool
		r := &fakeReceiver{limit: 10}
		w, op := answering(t, t.TempDir(), []InboundRule{{Do: []InboundAction{{Webhook: "http://127.0.0.1/in", Answer: true}}}}, func(w *world) {
			fullDisk(w, &full)
			w.Receive(message.WebhookTarget, r)
		})
		phoneWrites(t, op, answerPhone, answerOurs, "hello")
		items := r.take()
		if len(items) != 1 || items[0].Target.Mask != defaultMost {
			t.Fatalf("the webhook gets %+v", items)
		}
		full.Store(true)
		w.Delivered([]Delivered{{Item: items[0], Code: 200, Reply: "You wrote"}})
		synctest.Wait()
		full.Store(false)
		time.Sleep(time.Hour)
		wantTexts(t, op.take())
		if items = r.take(); len(items) != 1 {
			t.Fatalf("the webhook is called %d times more, want 1", len(items))
		}
		w.Delivered([]Delivered{{Item: items[0], Code: 200, Reply: "You wrote"}})
		synctest.Wait()
		time.Sleep(time.Hour)
		wantTexts(t, op.take(), answerPhone+": You wrote")
		if in := w.lastInbound(); in.Owed != 0 {
			t.Errorf("still owed: %+v", in)
		}
	})
}

// TestActionProblems names the field of what is wrong.
func TestActionProblems(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]InboundAction{
		"do[0]":            {},
		"do[0] ":           {Reply: "a", Tag: "b"},
		"do[0].reply":      {Reply: "{name}"},
		"do[0].reply ":     {Reply: "{from"},
		"do[0].text":       {Forward: route.Patterns{"1"}, Text: "{x}"},
		"do[0].text ":      {Reply: "a", Text: "b"},
		"do[0].answer":     {Reply: "a", Answer: true},
		"do[0].most":       {Reply: "a", Most: 256},
		"do[0].most ":      {Webhook: "http://127.0.0.1/", Most: 2},
		"do[0].forward[1]": {Forward: route.Patterns{"1", "a,b"}},
		"do[0].tag":        {Tag: "two words\n"},
		"do[0].webhook":    {Webhook: "ftp://127.0.0.1/"},
	} {
		var got []string
		r := InboundRule{Do: []InboundAction{a}}
		r.Validate(func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != strings.TrimSpace(want) {
			t.Errorf("%+v: problems with %q, want %q", a, got, want)
		}
	}
}

// TestExplainAnswers: explain shows what the phone would be answered, and why it would not.
func TestExplainAnswers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := answering(t, t.TempDir(), []InboundRule{{Do: []InboundAction{
			{Reply: "Hi {from}"}, {Forward: route.Patterns{"staff"}}, {Webhook: "http://127.0.0.1/in", Answer: true},
		}}}, nil)
		for from, want := range map[string]string{
			answerPhone: `reply "Hi +46100000001", at most 5 to the phone within an hour`,
			"72456":     "no reply: the sender is not the number of a phone",
			"4622222":   "no reply: the sender is a number of ours",
		} {
			e := w.ExplainInbound(&message.Inbound{
				From: message.Address{TON: message.TONInternational, Number: from}, To: message.Address{Number: answerOurs}, Content: message.Content{Text: "Hello"},
			}, time.Now())
			if len(e.Goes) != 3 || e.Goes[0] != want || !strings.HasPrefix(e.Goes[1], "forward to staff: ") || e.Goes[2] != "webhook http://127.0.0.1/in, which answers the phone" {
				t.Errorf("from %s: %q", from, e.Goes)
			}
		}
	})
}

// TestPushAnswersNobodyAgain: what is pushed again goes to customers' systems, to phones only what they did not get.
func TestPushAnswersNobodyAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 10}
		w, op := answering(t, t.TempDir(), []InboundRule{{Do: []InboundAction{
			{Reply: "Thanks"}, {Forward: route.Patterns{"+46100000009"}}, {Webhook: "http://127.0.0.1/in", Answer: true},
		}}}, func(w *world) { w.Receive(message.WebhookTarget, r) })
		hook := func() {
			t.Helper()
			items := r.take()
			if len(items) != 1 {
				t.Fatalf("the webhook got %d items, want 1", len(items))
			}
			w.Delivered([]Delivered{{Item: items[0], Code: 200, Reply: "You wrote"}})
			synctest.Wait()
			time.Sleep(time.Second)
		}
		phoneWrites(t, op, answerPhone, answerOurs, "hello")
		hook()
		if n := len(op.take()); n != 3 {
			t.Fatalf("%d messages were sent, want 3", n)
		}
		if _, err := w.Push("acme", PushRequest{Account: "acme", Inbound: true}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		hook()
		wantTexts(t, op.take())
		if in := w.lastInbound(); in.Owed != 0 {
			t.Errorf("still owed: %+v", in)
		}
	})
}

package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/rota"
)

// onDutySnapshot has rotas by which nobody is on duty in this minute, Anna in the next, everybody in the third, an empty group
// in the fourth, and nobody from then on.
func onDutySnapshot() *Snapshot {
	layer := func(minute int, who ...string) rota.Layer {
		clock := func(minute int) string { return minuteAt(minute).Format("15:04") }
		return rota.Layer{Start: "1999-12-01", When: []string{clock(minute) + "-" + clock(minute+1)}, Slots: []rota.Slot{{Who: who}}}
	}
	snap := testSnapshot()
	snap.Rotas = rota.NewSet([]rota.Rota{
		{Name: "ward", Account: "acme", Layers: []rota.Layer{layer(1, "contact:Anna"), layer(2, "group:all", "contact:Anna", "+46100000099", "contact:gone"), layer(3, "group:none")}},
		{Name: "other", Account: "other", Else: []string{"+46100000001"}},
	})
	return snap
}

// minuteAt is the begin of a minute from now on, this one being 0.
func minuteAt(minute int) time.Time {
	return time.Now().UTC().Truncate(time.Minute).Add(time.Duration(minute) * time.Minute)
}

// rota:NAME is whoever is on duty at the time, each phone once; where nobody is, where groups are empty, and where the rota is
// another account's, that is a recipient that is refused: no message is accepted to nobody.
func TestToOnDuty(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		began := minuteAt(0)
		w := start(t, t.TempDir(), Options{Snapshot: onDutySnapshot()}, nil)
		of := w.people(4)
		if _, err := w.PutGroup(t.Context(), of, 0, 0, func(g *directory.Group) error { g.Name = "none"; return nil }, nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			in   int
			to   string
			want string
		}{
			{0, "rota:ward", "refused: nobody is on duty in rota \"ward\"; somebody is from TIME on"},
			{0, "rota:other", "refused: there is no rota named \"other\""},
			{0, "rota:", "refused: there is no rota named \"\""},
			{1, "rota:ward", "+46100000001"},
			{1, "+46100000001 rota:ward", "+46100000001"}, // reached already
			{2, "rota:ward", "+46100000001 +46100000002 +46100000003 +46100000004 +46100000099 refused: there is no contact named \"gone\""},
			{3, "rota:ward", "refused: nobody is in what is on duty in rota \"ward\""},
		} {
			time.Sleep(time.Until(began.Add(time.Duration(c.in) * time.Minute)))
			m := &Mailing{Account: "acme"}
			for _, to := range strings.Fields(c.to) {
				m.To = append(m.To, MailTo{To: to})
			}
			list, _, err := w.AddressSome(t.Context(), m, 100)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range list {
				if a.Failure != nil {
					got = append(got, "refused: "+a.Failure.Text)
				} else {
					got = append(got, a.To)
				}
			}
			slices.Sort(got)
			if text := strings.Join(got, " "); text != strings.Replace(c.want, "TIME", began.Add(time.Minute).Format(time.RFC3339), 1) {
				t.Errorf("in minute %d %s is %s, want %s", c.in, c.to, text, c.want)
			}
		}
	})
}

// A request for many goes to those who are on duty when it is taken, also when it is sent later by somebody else's time.
func TestMailOnDuty(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: onDutySnapshot()}, nil)
		w.people(4)
		time.Sleep(time.Until(minuteAt(1)))
		m := &Mailing{Account: "acme", To: []MailTo{{To: "rota:ward", Text: "x"}, {To: "rota:none"}, {To: "+46100000005"}}}
		if got := fmt.Sprint(w.onDutyNow(m).To); got != "[{contact:Anna x map[]} {rota:none  map[]} {+46100000005  map[]}]" || m.To[0].To != "rota:ward" {
			t.Errorf("it goes to %s", got)
		}
	})
}

// A schedule and a group take a rota, and do not.
func TestOnDutyElsewhere(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: onDutySnapshot()}, nil)
		w.people(4)
		if phones, bad, err := w.phonesOf(t.Context(), "acme", []string{"rota:ward"}, 10); err != nil || bad != 1 || len(phones) > 0 {
			t.Errorf("in a gap: %v, %d bad, %v", phones, bad, err)
		}
		time.Sleep(time.Until(minuteAt(1)))
		if phones, bad, err := w.phonesOf(t.Context(), "acme", []string{"rota:ward"}, 10); err != nil || bad != 0 || len(phones) != 1 || phones[0].To != "+46100000001" {
			t.Errorf("%v, %d bad, %v", phones, bad, err)
		}
		_, err := w.readMember(t.Context(), "acme", "rota:ward", func(string) (message.Address, error) { return message.Address{}, nil })
		if err == nil || !strings.Contains(err.Error(), "no member of a group") {
			t.Errorf("a group takes a rota: %v", err)
		}
	})
}

// TestNumberOfRota: what is written to a rota's number is forwarded to whoever is on duty, before the account's default and behind rules;
// in a gap, and where a rule gives the message to another account, it goes where others go. Explain says so.
func TestNumberOfRota(t *testing.T) {
	t.Parallel()
	s := mailSnapshot(t)
	s.Rotas = rota.NewSet([]rota.Rota{
		{Name: "ward", Account: "beta", Numbers: []string{"4622222"}, Layers: []rota.Layer{
			{Start: "2026-01-01", When: []string{"08:00-17:00"}, Slots: []rota.Slot{{Who: []string{"contact:Anna"}}}},
		}},
	})
	day, night := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 22, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at                     time.Time
		from, text, rule, goes string
		why                    string
	}{
		{day, "", "hello", "rota:ward", "forward to rota:ward", "the number is the rota's, where contact:Anna is on duty"},
		{day, "", "tagged", "tagged", "forward to rota:ward", "the number is the rota's, where contact:Anna is on duty"},
		{day, "", "desk", ruleWord, "mail to desk@example.se", "something else takes what is written to the number of the rota"},
		{day, "46700000009", "hello", "inbound[0]", "mail to rule@example.se", "something else takes what is written to the number of the rota"},
		{night, "", "hello", "", "mail to beta@example.se", "the number is the rota's, and nobody is on duty there; somebody is from 2026-03-03T08:00:00Z on"},
	} {
		in := &message.Inbound{From: message.Address{Number: c.from}, To: message.Address{Number: "4622222"}, Content: message.Content{Text: c.text}}
		var e ExplainedInbound
		s.explainSteps(&e, in, Step{}, false, c.at)
		s.addressAnswer(in, replyTo{}, false, c.at)
		s.explainDefault(&e, in, c.at)
		e = e.goes(s, in)
		if in.Rule != c.rule || in.Account != "beta" || len(e.Goes) == 0 || !strings.HasPrefix(e.Goes[0], c.goes) {
			t.Errorf("%q at %v: rule %q, account %q, goes %q", c.text, c.at, in.Rule, in.Account, e.Goes)
		}
		if step := e.Behind[len(e.Behind)-1]; len(e.Behind) > 1 && e.Behind[len(e.Behind)-2].Name == "rota:ward" && e.Behind[len(e.Behind)-2].Why != c.why || step.Name == "rota:ward" && step.Why != c.why {
			t.Errorf("%q at %v: explained as %+v", c.text, c.at, e.Behind)
		}
	}
}

// TestMailsOnDuty: what goes by mail to a rota goes to the addresses of the contacts on duty, also of those in groups and of whoever has
// the number; nothing goes to our own domain, and a gap, or people without an address, are said.
func TestMailsOnDuty(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		began, snap := minuteAt(0), onDutySnapshot()
		snap.Mail = &Mail{Domain: "sms.example.se"}
		w := start(t, t.TempDir(), Options{Snapshot: snap}, nil)
		of := w.people(4)
		if _, err := w.PutGroup(t.Context(), of, 0, 0, func(g *directory.Group) error { g.Name = "none"; return nil }, nil); err != nil {
			t.Fatal(err)
		}
		for i, address := range []string{"bo@example.se", "own@sms.example.se", "eva@example.se"} {
			if _, err := w.PutContact(t.Context(), of, 0, 0, func(c *directory.Contact) error {
				c.Mobile, c.Mail = fmt.Sprintf("+4610000000%d", i+2), address
				return nil
			}, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			in         int
			rota, want string
		}{
			{0, "ward", `nobody is on duty in rota "ward"; somebody is from ` + began.Add(time.Minute).Format(time.RFC3339) + " on"},
			{0, "gone", `there is no rota named "gone"`},
			{1, "ward", `none of those on duty in rota "ward", contact:Anna, has a mail address`},
			{2, "ward", "bo@example.se eva@example.se"},
			{3, "ward", `none of those on duty in rota "ward", group:none, has a mail address`},
		} {
			time.Sleep(time.Until(began.Add(time.Duration(c.in) * time.Minute)))
			list, why, err := w.MailsOnDuty(t.Context(), c.rota)
			slices.Sort(list)
			if got := strings.Join(list, " ") + why; err != nil || got != c.want {
				t.Errorf("in minute %d %s is %q (%v), want %q", c.in, c.rota, got, err, c.want)
			}
		}
	})
}

// TestNumberOfRotaForwards: the text that a phone writes to a rota's number is sent to whoever is on duty, from that number; whoever is
// on duty and writes himself gets nothing back.
func TestNumberOfRotaForwards(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, op := answering(t, t.TempDir(), nil, nil)
		snap := *w.Snapshot()
		snap.Rotas = rota.NewSet([]rota.Rota{{Name: "ward", Account: "acme", Numbers: []string{answerOurs}, Else: []string{"+46100000002", "+46100000003"}}})
		w.Replace(&snap)
		phoneWrites(t, op, "46100000009", answerOurs, "fire")
		out := op.take()
		wantTexts(t, out, "46100000002: +46100000009: fire", "46100000003: +46100000009: fire")
		if from := out[0].Message.From.Number; from != answerOurs {
			t.Errorf("it is from %s", from)
		}
		phoneWrites(t, op, "46100000002", answerOurs, "coming")
		wantTexts(t, op.take(), "46100000003: +46100000002: coming")
	})
}

package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/directory"
	"kurir/gsm"
	"kurir/message"
	"kurir/store"
)

// A mailing is kept as it was asked for.
func TestKeptMailing(t *testing.T) {
	t.Parallel()
	m := &Mailing{
		Account: "acme", To: []MailTo{{To: "group:all", Text: "t", Variables: map[string]string{"a": "b"}}},
		Template: &directory.Template{Name: "n", Text: "x", Texts: map[string]string{"sv": "y"}}, Filled: true, Variables: map[string]string{"c": "d"}, Language: "sv",
		Common: Submission{
			From: "F", Reference: "r", Link: "op1", Tag: "tag", SendAt: time.Unix(1e9, 0).UTC(), Validity: time.Hour, MaxParts: 3,
			Content: message.Content{Text: "x", Data: []byte{1}, Header: []byte{0}, Want: gsm.UCS2, Class: -1, Extra: &message.Extra{TLVs: []message.TLV{{Tag: 5, Value: []byte{6}}}}},
			Hours:   &message.Hours{Times: []string{"sat"}, Zone: "UTC", Urgent: true},
			Target:  message.Target{Kind: message.WebhookTarget, Account: "acme", Address: "http://x/", Mask: 1},
			Text:    &message.TextRules{Long: 1, Numbered: true, LongSaid: true}, Dimensions: map[string]string{"e": "f"},
			Via: message.ViaREST, Priority: message.High, Receipts: message.ReceiptFinal, Secret: true, Dialog: true,
		},
	}
	kept, err := encodeMailing(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeMailing("acme", kept)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Error(diff)
	}
}

// people makes a group of so many numbers, which has another in it, and gives its name.
func (w *world) people(many int) PeopleOf {
	w.t.Helper()
	of := PeopleOf{Account: "acme", By: "acme"}
	ctx := w.t.Context()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	named := func(name string) message.ID {
		g, err := w.PutGroup(ctx, of, 0, 0, func(g *directory.Group) error { g.Name = name; return nil }, nil)
		must(err)
		return g.ID
	}
	all, some := named("all"), named("some")
	_, err := w.PutContact(ctx, of, 0, 0, func(c *directory.Contact) error {
		c.Name, c.Mobile, c.Fields = "Anna", "+46100000001", map[string]string{"city": "Lund"}
		return nil
	}, nil)
	must(err)
	add := []string{"contact:Anna"}
	for i := range many - 1 {
		add = append(add, fmt.Sprintf("+461%08d", i+2))
	}
	_, err = w.ChangeMembers(ctx, of, MembersChange{Group: some, Add: add[:many/2]})
	must(err)
	changed, err := w.ChangeMembers(ctx, of, MembersChange{Group: all, Add: append(add[many/3:], "group:some")})
	must(err)
	if changed.Members != int64(many-many/3+1) {
		w.t.Fatalf("%+v", changed)
	}
	return of
}

// mailed counts the messages on disk by recipient.
func (w *world) mailed() map[string]int {
	w.t.Helper()
	sent := map[string]int{}
	for f := (Filter{Account: "acme", Limit: 1000}); ; {
		list, next, err := w.store.Messages(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, m := range list {
			sent[m.To.Number]++
		}
		if f.After = next; next == 0 {
			return sent
		}
	}
}

// withRate is a configuration in which acme may send so many parts a second.
func withRate(rate float64) *Snapshot {
	snap := testSnapshot()
	snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, Sender: "ACME", Rate: rate}}, nil)
	return snap
}

// A request for messages to many is sent to each phone once, also over a crash in the midst of it, at half of the account's
// rate, and what is refused is counted by its reason.
func TestMailing(t *testing.T) {
	t.Parallel()
	const many = 120
	bubble(t, func(t *testing.T) {
		opt := Options{Snapshot: withRate(70), page: 7}
		w := start(t, t.TempDir(), opt, nil)
		w.people(many)
		sub := w.untold("", "to {name|nobody}")
		sub.Reference = "summer"
		mailing := &Mailing{Account: "acme", Common: *sub, Filled: true, To: []MailTo{{To: "group:all"}, {To: "contact:nobody"}, {To: "+46900000000"}, {To: "+46100000001"}}}
		job, err := w.Mail(t.Context(), "acme", mailing, nil)
		if err != nil || job.State != JobRunning || job.Reference != "summer" {
			t.Fatalf("%+v %v", job, err)
		}
		for len(w.mailed()) < many/3 {
			time.Sleep(time.Millisecond)
		}
		if n := len(w.mailed()); n >= many {
			t.Fatalf("all %d are sent before the crash", n)
		}
		w = crash(t, w, opt)
		ended := func() MailingJob {
			for {
				time.Sleep(time.Second)
				if list := w.Mailings("acme"); len(list) != 1 || list[0].ID != job.ID {
					t.Fatalf("%+v", list)
				} else if list[0].State != JobRunning {
					return list[0]
				}
			}
		}
		v := ended()
		if v.State != JobDone || v.Accepted != many || v.Looked != many+2 || v.Refused["bad_recipient"] != 1 || v.Refused["no_route"] != 1 || len(v.Errors) != 2 {
			t.Errorf("%+v", v)
		}
		sent := w.mailed()
		for number, n := range sent {
			if n != 1 {
				t.Errorf("%s got %d", number, n)
			}
		}
		if len(sent) != many {
			t.Errorf("%d phones", len(sent))
		}
		list, _, err := w.store.Messages(t.Context(), Filter{Account: "acme", To: message.Address{Number: "46100000001"}})
		if err != nil || len(list) != 1 || list[0].Content.Text != "to Anna" || list[0].Reference != "summer" {
			t.Errorf("%+v %v", list, err)
		}
		w = crash(t, w, opt) // it is shown how it ended, and not sent again
		if w.Mailings("other") != nil || len(w.mailed()) != many {
			t.Error("sent again")
		}
		if again := ended(); again.Accepted != many || len(again.Errors) != 2 {
			t.Errorf("%+v", again)
		}
		kept, err := w.store.Mailings(t.Context(), store.MailingFilter{Requests: true})
		if err != nil || len(kept) != 1 || len(kept[0].Request) != 0 || strings.Contains(string(kept[0].Counts), "nobody|") {
			t.Errorf("%+v %v", kept, err)
		}
		if _, err := w.StopMailing(t.Context(), "other", job.ID); err == nil {
			t.Error("somebody else stops it")
		}
	})
}

// A mailing leaves half of an account's rate to others, and ends where somebody stops it.
func TestMailingPace(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{Snapshot: withRate(20)}
		w := start(t, t.TempDir(), opt, nil)
		w.people(120)
		began := time.Now()
		job, err := w.Mail(t.Context(), "acme", &Mailing{Account: "acme", Common: *w.untold("", "x"), To: []MailTo{{To: "group:all"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := len(w.mailed()); n < 40 || n > 60 {
			t.Errorf("%d sent within %s", n, time.Since(began))
		}
		if _, err := w.StopMailing(t.Context(), "acme", job.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		n := len(w.mailed())
		w = crash(t, w, opt)
		time.Sleep(10 * time.Second)
		if list := w.Mailings(""); len(list) != 1 || list[0].State != JobStopped || len(w.mailed()) != n {
			t.Errorf("%+v, %d sent, %d before", list, len(w.mailed()), n)
		}
	})
}

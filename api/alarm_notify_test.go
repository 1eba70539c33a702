package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// TestAlarmsAreTold: an alarm is one call, one mail and one SMS; of many that
// come at once there is one mail and one SMS too; a server that is away is tried
// again; what is acknowledged is not told of again.
func TestAlarmsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls, mails, texts []string
		directory := account.NewDirectory([]account.Account{{Name: "duty", Sender: "Kurir"}}, nil)
		away := 2
		n := &AlarmNotifier{
			Book: alarm.NewBook(), Log: slog.New(slog.DiscardHandler), Accounts: func() *account.Directory { return directory },
			Settings: func() alarm.Settings {
				return alarm.Settings{
					Webhook: "http://127.0.0.1/alarm", Mail: alarm.Mail{MailServer: message.MailServer{Server: "127.0.0.1:25", From: "kurir@example.com"}, To: []string{"duty@example.com"}},
					SMS: alarm.SMS{Account: "duty", To: []string{"+46701234567", "+46701234568"}},
				}
			},
			Accept: func(subs []*gateway.Submission, done gateway.Done) {
				for _, s := range subs {
					texts = append(texts, s.To+" "+s.Content.Text)
					if !s.Anytime {
						t.Error("an alarm waits for the account's hours")
					}
				}
				done(make([]gateway.Result, len(subs)))
			},
			post: func(c *call) (int, string, error) {
				var e struct {
					Type string
					Data struct{ Kind, About string }
				}
				if err := json.Unmarshal(c.body, &e); err != nil {
					t.Error(err)
				}
				calls = append(calls, e.Type+" "+e.Data.About)
				return 204, "", nil
			},
			mail: func(_ context.Context, _ *mail.Server, m *mail.Message) error {
				if away--; away >= 0 {
					return errors.New("away")
				}
				mails = append(mails, m.Subject)
				return nil
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		n.Book.Raise(time.Now(), alarm.LinkDown, "op1", alarm.Plain("the link op1 is down"))
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if len(calls) != 1 || calls[0] != "alarm.began op1" || len(mails) != 1 || mails[0] != "Kurir: the link op1 is down" ||
			len(texts) != 2 || texts[0] != "+46701234567 Kurir: the link op1 is down" {
			t.Fatalf("calls %q, mails %q, texts %q", calls, mails, texts)
		}
		for i := range 300 {
			n.Book.Raise(time.Now(), alarm.LinkDown, fmt.Sprint("x", i), alarm.Plain("the link is down"))
		}
		time.Sleep(2 * alarmLook) // two batches wait for each way, which do not disturb each other
		n.Book.Raise(time.Now(), alarm.LinkDown, "y", alarm.Plain("the link is down"))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if len(calls) != 302 || len(mails) != 2 || len(texts) != 4 || !strings.Contains(mails[1], "and 300 more") {
			t.Errorf("a storm made %d calls, %d mails, %d texts", len(calls), len(mails), len(texts))
		}
		n.Book.Clear(time.Now(), alarm.LinkDown, "op1")
		n.Book.Clear(time.Now(), alarm.LinkDown, "x0")
		n.Book.Acknowledge(time.Now(), n.Book.Events()[300].ID, "admin") // x0
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if len(calls) != 303 || calls[302] != "alarm.ended op1" || len(texts) != 4 {
			t.Errorf("%d calls, the last %q, %d texts", len(calls), calls[len(calls)-1], len(texts))
		}
		stop()
		<-ended
	})
}

// One whose SMS is refused does not have the others told again: for now, it is tried again for him alone; for good, not at
// all.
func TestAlarmSMSRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		directory := account.NewDirectory([]account.Account{{Name: "duty", Sender: "Kurir"}}, nil)
		asked := map[string]int{}
		n := &AlarmNotifier{
			Book: alarm.NewBook(), Log: slog.New(slog.DiscardHandler), Accounts: func() *account.Directory { return directory },
			Settings: func() alarm.Settings {
				return alarm.Settings{SMS: alarm.SMS{Account: "duty", To: []string{"good", "bad", "busy"}}}
			},
			Accept: func(subs []*gateway.Submission, done gateway.Done) {
				results := make([]gateway.Result, len(subs))
				for i, s := range subs {
					asked[s.To]++
					switch {
					case s.To == "bad":
						results[i].Failure = &message.Failure{Kind: message.BadRecipient}
					case s.To == "busy" && asked[s.To] < 3:
						results[i].Failure = &message.Failure{Kind: message.Overloaded}
					}
				}
				done(results)
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		n.Book.Raise(time.Now(), alarm.LinkDown, "op1", alarm.Plain("the link op1 is down"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if asked["good"] != 1 || asked["bad"] != 1 || asked["busy"] != 3 {
			t.Errorf("asked for %v", asked)
		}
		stop()
		<-ended
	})
}

// TestAlarmsOverREST: who may administrate sees and acknowledges events; others
// do not.
func TestAlarmsOverREST(t *testing.T) {
	t.Parallel()
	book := alarm.NewBook()
	book.Raise(time.Now(), alarm.LinkDown, "op1", alarm.Plain("the link op1 is down"))
	book.Raise(time.Now(), alarm.Disk, "data", alarm.Plain("full"))
	accounts := account.NewDirectory([]account.Account{
		{Name: "root", Admin: true, APIKeys: []message.Secret{"root-key"}}, {Name: "acme", APIKeys: []message.Secret{"acme-key"}},
	}, nil)
	o := (&fakeGateway{}).options()
	o.Accounts = func() *account.Directory { return accounts }
	kept := 0
	o.Alarms = AlarmsOptions{
		Book: book, Settings: func() alarm.Settings { return alarm.Settings{Off: []string{"clock"}}.WithDefaults() },
		Keep: func(context.Context) error { kept++; return nil },
	}
	h := NewHTTP(o)
	root := []string{"Authorization", "Bearer root-key"}
	list := func(query string) (page struct{ Events []alarmView }) {
		w := ask(h, "GET", "/v1/alarms/events"+query, "", root...)
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
		return page
	}
	events := list("?kind=link_down&state=open").Events
	if len(events) != 1 || events[0].About != "op1" || events[0].State != "open" {
		t.Fatalf("%+v", events)
	}
	path := "/v1/alarms/events/" + events[0].ID.String()
	for _, tt := range []struct {
		method, path string
		code         int
		says         string
	}{
		{"POST", path + "/acknowledge", 200, `"state":"acknowledged"`},
		{"GET", path, 200, `"acknowledged_by":"root"`},
		{"GET", "/v1/alarms/events/0000000000000", 404, "no event"},
		{"GET", "/v1/alarms/events?kind=flood", 400, "flood"},
		{"GET", "/v1/alarms", 200, `"link_down_seconds":120`},
	} {
		if w := ask(h, tt.method, tt.path, "", root...); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, w.Code, w.Body)
		}
	}
	if kept != 1 {
		t.Errorf("an acknowledgement was written %d times", kept)
	}
	if n := len(list("?state=open").Events); n != 1 {
		t.Errorf("%d are open", n)
	}
	if w := asAcme(h, "POST", path+"/acknowledge", ""); w.Code != 403 {
		t.Errorf("an ordinary account acknowledges: %d", w.Code)
	}
}

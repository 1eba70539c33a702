package api

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
	"kurir/message"
)

// fakeMailbox keeps inbound messages in memory.
type fakeMailbox struct {
	owner   string
	list    []*message.Inbound
	broken  error
	deleted func() // called before something is deleted
}

func (m *fakeMailbox) options() MailboxOptions {
	return MailboxOptions{
		Fetch: func(_ context.Context, account string, n int) ([]*message.Inbound, error) {
			if account != m.owner || m.broken != nil {
				return nil, m.broken
			}
			return slices.Clone(m.list[:min(n, len(m.list))]), nil
		},
		Delete: func(_ context.Context, account string, ids []message.ID) (gone []message.ID, err error) {
			if m.deleted != nil {
				m.deleted()
			}
			if m.broken != nil {
				return nil, m.broken
			}
			m.list = slices.DeleteFunc(m.list, func(in *message.Inbound) bool {
				is := account == m.owner && slices.Contains(ids, in.ID)
				if is {
					gone = append(gone, in.ID)
				}
				return is
			})
			return gone, nil
		},
	}
}

// newFakeMailbox has a text and octets for acme.
func newFakeMailbox() *fakeMailbox {
	from, to := message.Address{TON: message.TONInternational, Number: "36301234567"}, message.Address{Number: "72456"}
	return &fakeMailbox{owner: "acme", list: []*message.Inbound{
		{ID: 1 << 40, From: from, To: to, Content: message.Content{Text: "Hello <world> & å", Class: -1}, Received: testEpoch.UnixMilli()},
		{ID: 2 << 40, From: from, To: to, Content: message.Content{Data: []byte{1, 0xff}, Header: []byte{4, 8, 2, 1, 1}, Class: -1}, Encoding: gsm.Binary, Received: testEpoch.UnixMilli()},
	}}
}

// ozekiInbox is an answer to receivemessage as Ozeki's pages show it.
func ozekiInbox(messages ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<!DOCTYPE response PUBLIC "-//OZEKI//DTD XML 1.0//EN" "http://www.ozekisms.com/DTD/response.xml">` + "\n" +
		"<response>\n   <action>receivemessage</action>\n   <data>\n" + strings.Join(messages, "") + "   </data>\n</response>\n"
}

func ozekiInboxMessage(id message.ID, kind, data string) string {
	at := testEpoch.Local().Format("2006-01-02 15:04:05")
	return "      <message>\n         <messageid>" + id.String() + "</messageid>\n         <originator>+36301234567</originator>\n" +
		"         <recipient>72456</recipient>\n         <messagetype>" + kind + "</messagetype>\n         <messagedata>" + data + "</messagedata>\n" +
		"         <senttime>" + at + "</senttime>\n         <receivedtime>" + at + "</receivedtime>\n      </message>\n"
}

func TestOzekiReceive(t *testing.T) {
	t.Parallel()
	const ask1 = "/api?action=receivemessage&username=acme&password=secret"
	text := ozekiInboxMessage(1<<40, "SMS:TEXT", "Hello &lt;world&gt; &amp; å")
	octets := ozekiInboxMessage(2<<40, "SMS:BINARY:XML", "&lt;sms&gt;&lt;pid&gt;00&lt;/pid&gt;&lt;dcs&gt;04&lt;/dcs&gt;&lt;udh&gt;0408020101&lt;/udh&gt;&lt;ud&gt;01FF&lt;/ud&gt;&lt;/sms&gt;")
	at := url.QueryEscape(testEpoch.Local().Format("2006-01-02 15:04:05"))
	for _, c := range []struct {
		query  string
		status int
		want   string
		left   int
	}{
		{"", 200, ozekiInbox(text, octets), 2},
		{"&folder=inbox&limit=1", 200, ozekiInbox(text), 2},
		{"&Folder=Inbox&Limit=1&AfterDownload=Delete", 200, ozekiInbox(text), 1},
		{"&limit=5000&afterdownload=delete", 200, ozekiInbox(text, octets), 0},
		{
			"&limit=1&responseformat=urlencoded", 200, "action=receivemessage&messageid=" + message.ID(1<<40).String() + "&originator=%2B36301234567&recipient=72456&messagetype=SMS%3ATEXT" +
				"&messagedata=Hello+%3Cworld%3E+%26+%C3%A5&senttime=" + at + "&receivedtime=" + at + "\n", 2,
		},
		{"&folder=sent", 400, ozekiInbox(ozekiWrong("400", "Folder is not supported: sent; inbox is")), 2},
		{"&limit=none", 400, ozekiInbox(ozekiWrong("400", "The parameter limit is no number from 1: none")), 2},
		{"&afterdownload=mark", 400, ozekiInbox(ozekiWrong("400", "afterdownload is not supported: mark; delete is, and leave, which is as if it were absent")), 2},
	} {
		o, m := (&fakeGateway{}).options(), newFakeMailbox()
		o.Mailbox = m.options()
		w := ask(NewHTTP(o), "GET", ask1+c.query, "")
		if diff := cmp.Diff(c.want, w.Body.String()); w.Code != c.status || diff != "" || len(m.list) != c.left {
			t.Errorf("%s: %d, %d left (-want +got)\n%s", c.query, w.Code, len(m.list), diff)
		}
	}
	o, m := (&fakeGateway{}).options(), newFakeMailbox()
	o.Mailbox = m.options()
	if w := ask(NewHTTP(o), "GET", "/api?action=receivemessage&username=root&password=secret&afterdownload=delete", ""); w.Code != 200 || w.Body.String() != ozekiInbox() || len(m.list) != 2 {
		t.Errorf("another account: %d %s", w.Code, w.Body)
	}
	m.broken = errors.New("disk")
	if w := ask(NewHTTP(o), "GET", ask1+"&afterdownload=delete", ""); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a broken store: %d %s", w.Code, w.Body)
	}
}

// TestOzekiDeletesLast: what is fetched is deleted when its answer has gone out whole, and when the client is gone it is not.
func TestOzekiDeletesLast(t *testing.T) {
	t.Parallel()
	o, m := (&fakeGateway{}).options(), newFakeMailbox()
	o.Mailbox = m.options()
	h := NewHTTP(o)
	const target = "/api?action=receivemessage&username=acme&password=secret&afterdownload=delete"
	w := httptest.NewRecorder()
	m.deleted = func() {
		if !w.Flushed || !strings.HasSuffix(w.Body.String(), "</response>\n") {
			t.Errorf("deleted when %q was written", w.Body)
		}
	}
	h.ServeHTTP(goneWriter{w}, httptest.NewRequest("GET", target, nil))
	if len(m.list) != 2 {
		t.Error("deleted what nobody got")
	}
	closed, end := context.WithCancel(t.Context())
	end() // perhaps half: he gets them, and again
	half := httptest.NewRecorder()
	h.ServeHTTP(half, httptest.NewRequest("GET", target, nil).WithContext(closed))
	if len(m.list) != 2 || !strings.Contains(half.Body.String(), "<messageid>") {
		t.Errorf("%d are left of a client that has closed his side: %s", len(m.list), half.Body)
	}
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	if len(m.list) != 0 {
		t.Error("not deleted")
	}
}

// goneWriter is the way to a client that has gone.
type goneWriter struct{ *httptest.ResponseRecorder }

func (goneWriter) FlushError() error { return errors.New("broken pipe") }

func TestOzekiDelete(t *testing.T) {
	t.Parallel()
	report := func(code, text, id string) string {
		return "      <deletereport>\n         <statuscode>" + code + "</statuscode>\n         <statusmessage>" + text + "</statusmessage>\n         <messageid>" + id + "</messageid>\n      </deletereport>\n"
	}
	id, other := message.ID(2<<40).String(), message.ID(9<<40).String()
	const missing = "There is no such message in the folder"
	for _, c := range []struct {
		query, want string
		status      int
		left        int
	}{
		{"&messageid=" + id, ozekiXML("deletemessage", report("0", "Message deleted", id)), 200, 1},
		{"&folder=inbox&MessageIDs=x," + other + "," + id, ozekiXML("deletemessage", report("404", missing, "x")+report("404", missing, other)+report("0", "Message deleted", id)), 200, 1},
		{"&msgID=" + id + "&responseformat=urlencoded", "action=deletemessage&statuscode=0&statusmessage=Message+deleted&messageid=" + id + "\n", 200, 1},
		{"", ozekiXML("deletemessage", ozekiWrong("400", "The parameter messageid is missing")), 400, 2},
		{"&folder=sent&messageid=" + id, ozekiXML("deletemessage", ozekiWrong("400", "Folder is not supported: sent; inbox is")), 400, 2},
		{"&messageid=" + strings.Repeat("x,", 1001), ozekiXML("deletemessage", ozekiWrong("400", "There are too many messages; 1000 are possible")), 400, 2},
	} {
		o, m := (&fakeGateway{}).options(), newFakeMailbox()
		o.Mailbox = m.options()
		w := ask(NewHTTP(o), "GET", "/api?action=deletemessage&username=acme&password=secret"+c.query, "")
		if diff := cmp.Diff(c.want, w.Body.String()); w.Code != c.status || diff != "" || len(m.list) != c.left {
			t.Errorf("%.60s: %d, %d left (-want +got)\n%s", c.query, w.Code, len(m.list), diff)
		}
	}
}

// TestMailboxTurns: one request after the other has an account's mailbox, others' are not kept waiting, who waits for too
// long is told so, and nothing is kept of those that have gone.
func TestMailboxTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns mailboxTurns
		leave, err := turns.enter(t.Context(), "acme")
		other, err2 := turns.enter(t.Context(), "beta")
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		other()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turns.enter(ctx, "acme"); !errors.Is(err, errMailboxBusy) {
			t.Errorf("entered beside another: %v", err)
		}
		entered := make(chan func(), mailboxMost)
		for range mailboxMost - 1 {
			go func() {
				next, err := turns.enter(t.Context(), "acme")
				if err != nil {
					t.Error(err)
				}
				entered <- next
			}()
		}
		synctest.Wait()
		if _, err := turns.enter(t.Context(), "acme"); !errors.Is(err, errMailboxBusy) {
			t.Errorf("waits beside %d others: %v", mailboxMost, err)
		}
		leave()
		for range mailboxMost - 1 {
			(<-entered)()
		}
		if len(turns.at) != 0 {
			t.Errorf("kept: %v", turns.at)
		}
	})
}

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// twilioMessage is a message as the npm package twilio shows it.
type twilioMessage struct {
	SID, Status, Body, From, To, Direction, Segments, Created, URI string
	ErrorCode                                                      int `json:"error_code"`
}

// twilioEvent is what the program written for Twilio says.
type twilioEvent struct {
	Event  string
	Result json.RawMessage
	Status int
	Code   int
	Text   string
	Port   int
	Signed bool
	Fields map[string]string
}

// twilioClient is that program.
type twilioClient struct {
	*node
}

// nextOf takes the next event of a kind.
func (c *twilioClient) nextOf(kind string) (e twilioEvent) {
	c.t.Helper()
	c.take(kind, &e)
	return e
}

func (c *twilioClient) do(job string, into any, args ...any) {
	c.t.Helper()
	c.say(map[string]any{"do": job, "args": args})
	e := c.nextOf("done")
	if into == nil {
		return
	}
	if err := json.Unmarshal(e.Result, into); err != nil {
		c.t.Fatalf("%s: %v: %s", job, err, e.Result)
	}
}

// fail does what is refused and gives status and code.
func (c *twilioClient) fail(job string, args ...any) string {
	c.t.Helper()
	c.say(map[string]any{"do": job, "args": args})
	e := c.nextOf("failed")
	return fmt.Sprint(e.Status, " ", e.Code)
}

// TestNpmTwilio: a program written for Twilio with Twilio's own package sends, reads, lists, changes and deletes, is told the
// states, and answers a phone. All that is changed is where the API is.
func TestNpmTwilio(t *testing.T) {
	t.Parallel()
	const sid = "AC0123456789abcdef0123456789abcdef"
	token := secretMark + "twilio"
	sim := startSimulator(t, simulator.Options{})
	port := portOf(freeAddr(t))
	s := startServer(t, sim, serverOptions{
		accounts: []string{fmt.Sprintf(`{name: app, senders: ["*"], sender: "+46737494900", numbers: ["+46737494900"], twilio: {account_sid: %s, auth_token: %s}}`, sid, token)},
		inbound:  []string{fmt.Sprintf(`{to: "+46737494900", account: app, do: [{twilio: "http://127.0.0.1:%s/sms?from=kurir"}]}`, port)},
	})
	linked(t, sim)
	c := &twilioClient{startNode(t, "twilio.js", "http://"+s.http, sid, token, port)}
	hook := "http://127.0.0.1:" + strconv.Itoa(c.nextOf("listening").Port)

	var active string
	if c.do("account", &active); active != "active" {
		t.Errorf("the account is %q", active)
	}
	var m twilioMessage
	c.do("create", &m, map[string]any{"to": "+46701000001", "from": "+46737494900", "body": "Hej å ä ö " + textMark, "statusCallback": hook + "/status?x=1"})
	if m.Status != "queued" || !strings.HasPrefix(m.SID, "SM") || len(m.SID) != 34 || m.Direction != "outbound-api" || m.Segments != "1" || m.From != "+46737494900" {
		t.Errorf("created: %+v", m)
	}
	told := ""
	for told != "delivered" { // a sent that is overtaken is not told
		e := c.nextOf("status")
		was := told
		told = e.Fields["MessageStatus"]
		if !e.Signed || told != "delivered" && (told != "sent" || was != "") || e.Fields["MessageSid"] != m.SID || e.Fields["AccountSid"] != sid || e.Fields["To"] != "+46701000001" {
			t.Fatalf("called with %+v after %q", e, was)
		}
	}
	c.do("fetch", &m, m.SID)
	if m.Status != "delivered" || m.Body != "Hej å ä ö "+textMark {
		t.Errorf("fetched: %+v", m)
	}
	var failed twilioMessage
	c.do("create", &failed, map[string]any{"to": "+46701099605", "body": "x " + textMark, "statusCallback": hook + "/status"})
	for {
		if e := c.nextOf("status"); e.Fields["MessageStatus"] == "undelivered" {
			if e.Fields["ErrorCode"] == "" || !e.Signed {
				t.Errorf("undelivered: %+v", e)
			}
			break
		}
	}

	// From a phone: told, signed, answered by TwiML.
	if err := sim.Inject(simulator.Inbound{From: "46701000009", To: "46737494900", Text: "ping " + textMark}); err != nil {
		t.Fatal(err)
	}
	e := c.nextOf("sms")
	if !e.Signed || e.Fields["From"] != "+46701000009" || e.Fields["To"] != "+46737494900" || e.Fields["Body"] != "ping "+textMark || e.Fields["SmsStatus"] != "received" {
		t.Errorf("told of a message from a phone: %+v", e)
	}
	var all []twilioMessage
	within(t, patience, "the phone is answered", func() bool {
		c.do("list", &all, map[string]any{"limit": 50})
		return len(all) == 4
	})
	if all[0].To != "+46701000009" || all[0].Body != "You wrote: ping "+textMark || all[1].Direction != "inbound" || all[1].SID != e.Fields["MessageSid"] {
		t.Errorf("listed: %+v", all)
	}
	for _, query := range []map[string]any{{"to": "+46701000001"}, {"to": "+46701000001", "pageSize": 1}, {"from": "+46701000009"}} {
		if c.do("list", &all, query); len(all) != 1 {
			t.Errorf("%v: %+v", query, all)
		}
	}
	if c.do("list", &all, map[string]any{"pageSize": 1}); len(all) != 4 || !slices.IsSortedFunc(all, func(x, y twilioMessage) int { return strings.Compare(y.SID, x.SID) }) {
		t.Errorf("listed by single pages: %+v", all)
	}

	// Changed and deleted.
	var later twilioMessage
	at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	c.do("create", &later, map[string]any{"to": "+46701000002", "body": "later " + textMark, "sendAt": at, "scheduleType": "fixed"})
	if later.Status != "scheduled" {
		t.Errorf("scheduled: %+v", later)
	}
	for _, job := range [][]any{{"remove", later.SID}, {"update", later.SID, map[string]any{"body": ""}}} {
		if got := c.fail(job[0].(string), job[1:]...); got != "400 20009" {
			t.Errorf("%v of a message that waits: %s", job, got)
		}
	}
	if c.do("update", &later, later.SID, map[string]any{"status": "canceled"}); later.Status != "canceled" {
		t.Errorf("canceled: %+v", later)
	}
	if c.do("update", &m, m.SID, map[string]any{"body": ""}); m.Body != "" || m.Status != "delivered" {
		t.Errorf("redacted: %+v", m)
	}
	c.do("remove", nil, m.SID)
	if got := c.fail("fetch", m.SID); got != "404 20404" {
		t.Errorf("a deleted message: %s", got)
	}
	if c.do("list", &all, map[string]any{"to": "+46701000001"}); len(all) != 0 {
		t.Errorf("a deleted message is listed: %+v", all)
	}
	for _, bad := range []struct {
		params map[string]any
		want   string
	}{
		{map[string]any{"to": "+46701000001"}, "400 21602"},
		{map[string]any{"to": "12a", "body": "x"}, "400 21211"},
		{map[string]any{"to": "whatsapp:+46701000001", "body": "x"}, "400 21211"},
		{map[string]any{"to": "+46701000001", "body": strings.Repeat("x", 1601)}, "400 21617"},
		{map[string]any{"to": "+46701000001", "body": "x", "statusCallback": "ftp://x"}, "400 21609"},
		{map[string]any{"to": "+46701000001", "mediaUrl": []string{"http://127.0.0.1/x.png"}}, "400 21620"},
	} {
		if got := c.fail("create", bad.params); got != bad.want {
			t.Errorf("%v: %s, want %s", bad.params, got, bad.want)
		}
	}
	stranger := &twilioClient{startNode(t, "twilio.js", "http://"+s.http, sid, "wrong", portOf(freeAddr(t)))}
	if got := stranger.fail("account"); got != "401 20003" {
		t.Errorf("a wrong token: %s", got)
	}
}

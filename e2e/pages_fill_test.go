package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// What runs, or breaks out, where a text is put into a page as it is. hit is on every page of the test, and notes that it was called.
const (
	evilTag    = `"><img src=x onerror=hit(1)>`
	evilScript = `'-hit(2)-'</textarea></title><script>hit(3)</script>{{7*7}}<svg onload=hit(4)>`
	evilLink   = `javascript:hit(5)//`
	evilSender = `"><u onx=1>`                                       // as long as a sender may be
	evilNotice = `notice <svg onload=hit(7)><script>hit(7)</script>` // on each page, so that it is like nothing else
	// Names of accounts have no spaces.
	evilAccount = `account"><svg/onload=hit(6)>`
)

// evil is a name of something, which says what it names.
func evil(what string) string { return what + evilTag }

// hostileSite is a server where everything that people, customers, operators and phones may write is markup.
type hostileSite struct {
	*server
	sim  *simulator.Simulator
	hook *httptest.Server
	axe  string            // its source
	ids  map[string]string // of what was made, by what the table of pages calls it
	said map[string]bool   // words in the wrong language that have been found
}

// startHostileSite starts it, and fills it.
func startHostileSite(t *testing.T) *hostileSite {
	t.Helper()
	sim := startSimulator(t, simulator.Options{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusGone)
		_, _ = io.WriteString(w, evilScript)
	}))
	t.Cleanup(hook.Close)
	h := &hostileSite{sim: sim, hook: hook, ids: map[string]string{}, said: map[string]bool{}}
	h.server = startServer(t, sim, serverOptions{
		binary:     plainBinary(t),
		connectors: []string{linkTo("op1", sim.Addr(), ""), linkTo("op2", hostileOperator(t), "")},
		routes:     []string{`{name: other, to: "+4673*", via: [op2]}`, `{to: "*", via: [op1]}`},
		account:    `, admin: true, webhook: "` + hook.URL + `/` + url.PathEscape(evilScript) + `", balance: {credit: "100"}, prices: standard, opt_out: {}, contacts: [{name: ` + quoted(evil("person")) + `, kind: technical, note: ` + quoted(evilScript) + `}]`,
		more: `prices: [{name: standard, currency: EUR, csv: "destination,price\n*,0.05\n"}]
users: [{name: root, account: acme, role: system, password: ` + secretMark + `-root-password}]
alarms: {error_least: 1, error_rate: 1}`,
	})
	linked(t, sim)
	h.settings()
	h.people()
	h.messages()
	return h
}

// quoted is a text as YAML and JSON have it.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// hostileOperator is an SMSC whose every word is markup: its name, the ids that it gives, and why it refuses.
func hostileOperator(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerHostile(conn)
		}
	}()
	return listener.Addr().String()
}

func answerHostile(conn net.Conn) {
	defer conn.Close()
	head := make([]byte, smpp.HeaderLen)
	for n := 0; ; n++ {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		h := smpp.ParseHeader(head)
		if _, err := io.CopyN(io.Discard, conn, int64(h.Length)-smpp.HeaderLen); err != nil {
			return
		}
		p := smpp.PDU{Sequence: h.Sequence}
		switch h.Command {
		case smpp.CommandBindTransceiver:
			p.Body = &smpp.BindResp{Mode: smpp.Transceiver, SystemID: evilSender}
		case smpp.CommandEnquireLink:
			p.Body = &smpp.EnquireLinkResp{}
		case smpp.CommandSubmitSM:
			r := &smpp.SubmitSMResp{MessageID: evilTag + fmt.Sprint(n)}
			if n%2 == 1 {
				p.Status = smpp.ESME_RINVDSTADR
				r.TLVs.SetCString(smpp.TagAdditionalStatusInfoText, evilScript)
			}
			p.Body = r
		default:
			continue
		}
		answer, err := smpp.Append(nil, &p)
		if err != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// make makes something over REST, and gives its id.
func (h *hostileSite) make(method, path string, fields map[string]any) string {
	h.t.Helper()
	body, _ := json.Marshal(fields)
	status, text, _, err := h.do(method, path, "application/json", strings.NewReader(string(body)))
	if err != nil || status > 299 {
		h.t.Errorf("%s %s %s: %d %s %v", method, path, body, status, text, err)
	}
	var made struct{ ID string }
	_ = json.Unmarshal(text, &made)
	return made.ID
}

// settings makes one of each kind that has words of people in it.
func (h *hostileSite) settings() {
	h.t.Helper()
	type fields = map[string]any
	week := time.Now().Add(7 * 24 * time.Hour).Format(time.RFC3339)
	for _, s := range []struct {
		kind string
		of   fields
	}{
		{"connectors", fields{"name": evil("link"), "kind": "smpp", "hosts": []string{"127.0.0.1:1"}, "system_id": evil("id")[:15], "contacts": []fields{{"name": evil("support"), "note": evilScript}}}},
		{"prices", fields{"name": evil("prices"), "currency": "EUR", "csv": "destination,price\n*,0.05\n"}},
		{"dimensions", fields{"name": "ward", "values": []string{evil("value")}}},
		{"accounts", fields{"name": evilAccount, "parent": account, "password": secretMark + "pass", "smpp": fields{"system_id": "evil"}, "senders": []string{"*"}, "web": fields{"name": evil("look")}, "contacts": []fields{{"name": evil("person"), "note": evilScript, "mail": "a@example.com"}}}},
		{"keys", fields{"name": account + ":" + evilTag, "account": account, "key": secretMark + "-evil-key-0123456789", "note": evilScript}},
		{"users", fields{"name": evil("user"), "account": account, "role": "sender", "mail": "a@example.com"}},
		{"notices", fields{"name": evil("notice"), "text": evilNotice, "texts": fields{"sv": "anslag " + evilNotice}, "kind": "warning"}},
		{"lists", fields{"name": evil("list"), "kind": "block"}},
		{"routes", fields{"name": evil("route"), "to": "+4799*", "tag": evilTag, "via": []string{"op1"}}},
		{"rotas", fields{
			"name": evil("rota"), "account": account, "layers": []fields{{"name": evil("layer"), "start": "2026-01-05", "slots": []fields{{"who": []string{"+46701234567"}}}}}, "else": []string{"+46701234567"},
			"escalation": fields{"wait": "5m", "then": []fields{{"who": []string{"+46701234568"}}}},
		}},
		{"maintenance", fields{"name": evil("work"), "from": time.Now().Format(time.RFC3339), "until": week, "links": []string{"op1"}, "note": evilScript}},
		{"schedules", fields{"name": evil("schedule"), "account": account, "at": []string{"mon 08:00"}, "to": []string{"+46701234567"}, "text": evilScript}},
		{"series", fields{"name": evil("series"), "format": "<b>{n}</b>"}},
		{"replies", fields{"number": service}},
	} {
		h.make(http.MethodPost, "/v1/config/"+s.kind, s.of)
	}
	h.make(http.MethodPut, "/v1/config/inbound/"+url.PathEscape(evil("rule")), fields{"to": service, "keyword": "<b>", "account": account, "do": []fields{{"register": evil("series")}, {"reply": evilScript}}})
	h.make(http.MethodPost, "/v1/lists/"+url.PathEscape(evil("list"))+"/entries", fields{"add": []string{"+46709990001"}, "note": evilScript})
	h.make(http.MethodPut, "/v1/optouts/+46709990002", fields{"note": evilScript})
	h.make(http.MethodPost, "/v1/balances/acme/topups", fields{"amount": "10", "key": "1", "note": evilScript})
	h.make(http.MethodPut, "/v1/traces/links/op1", fields{"texts": true})
	h.make(http.MethodPut, "/v1/traces/links/op2", fields{"texts": true})
}

// people makes contacts, groups and templates, twice as some are for the page of duplicates.
func (h *hostileSite) people() {
	h.t.Helper()
	type fields = map[string]any
	for i := range 2 {
		h.ids["contact"] = h.make(http.MethodPost, "/v1/contacts", fields{"name": evil("contact"), "mobile": fmt.Sprintf("+467012345%d", 67+i), "mail": "a@example.com", "note": evilScript, "fields": fields{"ward": evilScript}})
	}
	h.ids["group"] = h.make(http.MethodPost, "/v1/groups", fields{"name": evil("group"), "note": evilScript})
	h.make(http.MethodPost, "/v1/groups/"+h.ids["group"]+"/members", fields{"add": []string{"contact:" + h.ids["contact"], "+46701234599"}})
	h.ids["template"] = h.make(http.MethodPost, "/v1/templates", fields{"name": evil("template"), "text": evilScript + " {name|x}", "note": evilScript})
}

// messages sends and receives.
func (h *hostileSite) messages() {
	h.t.Helper()
	for name, m := range map[string]struct{ to, state string }{
		"sent": {"+46701234567", "delivered"}, "failed": {"+46701299605", "undeliverable"}, "odd": {"+46731234567", ""},
	} {
		h.ids[name] = h.send(m.to, "text "+evilScript, "from", evilSender, "reference", evil("reference"), "tag", evilTag)
		if m.state != "" {
			h.becomes(h.ids[name], m.state)
		}
	}
	h.send("+46731234568", "text "+evilScript)
	h.ids["scheduled"] = h.send("+46701234567", "later "+evilScript, "send_at", time.Now().Add(24*time.Hour).Format(time.RFC3339), "reference", evil("reference"))
	h.make(http.MethodPost, "/v1/messages", map[string]any{"to": []string{"+46701234501", "+46701234502"}, "text": evilScript, "reference": evil("many")})
	h.ids["sending"] = url.PathEscape(evil("many"))
	h.make(http.MethodPost, "/v1/messages", map[string]any{"to": "rota:" + evil("rota"), "text": "call " + evilScript})
	for _, text := range []string{"<b> in " + evilScript, "in " + evilScript} {
		if err := h.sim.Inject(simulator.Inbound{From: "46701234567", To: service[1:], Text: text}); err != nil {
			h.t.Fatal(err)
		}
	}
	eventually(h.t, "two messages have come from phones", func() bool {
		var list struct{ Inbound []struct{ ID string } }
		h.fetch("/v1/inbound", &list)
		if len(list.Inbound) == 2 {
			h.ids["inbound"] = list.Inbound[0].ID
		}
		return len(list.Inbound) == 2
	})
	eventually(h.t, "the customer's server has refused a call for good", func() bool {
		_, text := h.get("/v1/webhooks/dead")
		_, calls := h.get("/v1/webhooks/attempts")
		return strings.Contains(text, `"dead":[{`) && strings.Contains(calls, "onload=hit(4)")
	})
}

// own makes what is in the book of the user who is signed in, by the forms of the pages.
func (h *hostileSite) own(b *browser) {
	h.t.Helper()
	for range 2 {
		b.acts("/own/contacts/new", []string{"name", evil("own contact"), "mobile", "", "mail", "a@example.com", "note", evilScript}, [2]string{})
	}
	h.ids["own contact"] = b.eval(`location.pathname.split("/").pop()`)
	b.acts("/own/groups/new", []string{"name", evil("own group"), "note", evilScript}, [2]string{})
	h.ids["own group"] = b.eval(`location.pathname.split("/").pop()`)
}

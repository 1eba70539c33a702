package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"kurir/simulator"
)

// TestKannelParameters sends every parameter of sendsms and looks at what the operator gets of it (docs/kannel.md).
func TestKannelParameters(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	other := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	for _, s := range []*simulator.Simulator{sim, other} {
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
	}
	s := run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: 127.0.0.1:0}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, pass: [service_type, protocol_id, reply_path], tlvs: {pass: [all]}}
  - {name: op2, kind: smpp, hosts: ["%s"], system_id: kurir}
accounts:
  - {name: acme, password: secret, senders: ["*"], sender: Acme, dlr_url: "http://127.0.0.1:1/%%d", kannel: {smsc: {Second: op2}}}
routes:
  - {to: "*", via: [op1]}
`, t.TempDir(), sim.Addr(), other.Addr())))

	const port = "\x06\x05\x04\x0b\x84\x23\xf0"
	for i, c := range []struct {
		name, query string
		on          *simulator.Simulator // sim where nothing is said
		holds       func(*simulator.Message) bool
	}{
		{"from, text", "from=Shop&text=h%C3%A5", nil, func(m *simulator.Message) bool {
			return m.From.Addr == "Shop" && m.Text == "hå" && m.DataCoding == 0 && m.RegisteredDelivery == 0 && m.Priority == 0
		}},
		{"the account's sender", "text=x", nil, func(m *simulator.Message) bool { return m.From.Addr == "Acme" }},
		{"charset", "text=%E5&charset=ISO-8859-1", nil, func(m *simulator.Message) bool { return m.Text == "å" }},
		{"coding 1", "text=%00%FF&coding=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 4 && bytes.Equal(m.Octets, []byte("\x00\xff")) }},
		{"coding 2", "text=%04%16&coding=2", nil, func(m *simulator.Message) bool { return m.DataCoding == 8 && m.Text == "Ж" }},
		{"udh", "text=%01&udh=" + url.QueryEscape(port), nil, func(m *simulator.Message) bool {
			return m.ESMClass == 0x40 && m.DataCoding == 4 && bytes.Equal(m.Octets, []byte(port+"\x01"))
		}},
		{"smsc", "text=x&smsc=Second", other, func(*simulator.Message) bool { return true }},
		{"smsc of nobody", "text=x&smsc=Third", nil, func(*simulator.Message) bool { return true }},
		{"mclass", "text=x&mclass=2", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xF2 }},
		{"mclass of octets", "text=x&coding=1&mclass=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xF5 }},
		{"flash", "text=x&flash=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xF0 && m.Flash }},
		{"mwi 0", "text=x&mwi=0", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xD8 }},
		{"mwi 2 without a text", "text=&mwi=2", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xCA }},
		{"mwi 1 in UCS-2", "text=%04%16&coding=2&mwi=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xE9 }},
		{"mwi 7", "text=x&mwi=7", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xC3 }},
		{"alt-dcs", "text=x&alt-dcs=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xF1 }},
		{"alt-dcs of octets", "text=x&coding=1&alt-dcs=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0xF5 }},
		{"alt-dcs 0", "text=x&alt-dcs=0", nil, func(m *simulator.Message) bool { return m.DataCoding == 0 }},
		{"compress of octets", "text=x&coding=1&compress=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0x24 }},
		{"compress of a text", "text=x&compress=1", nil, func(m *simulator.Message) bool { return m.DataCoding == 0 && m.Text == "x" }},
		{"validity", "text=x&validity=30", nil, func(m *simulator.Message) bool {
			return m.Validity > "000000002900000R" && m.Validity <= "000000003001000R"
		}},
		{"priority 2", "text=x&priority=2", nil, func(m *simulator.Message) bool { return m.Priority == 1 }},
		{"priority 3", "text=x&priority=3", nil, func(m *simulator.Message) bool { return m.Priority == 2 }},
		{"dlr-mask", "text=x&dlr-mask=3", nil, func(m *simulator.Message) bool { return m.RegisteredDelivery == 1 }},
		{"dlr-mask with 4", "text=x&dlr-mask=7", nil, func(m *simulator.Message) bool { return m.RegisteredDelivery == 0x11 }},
		{"pid", "text=x&pid=65", nil, func(m *simulator.Message) bool { return m.ProtocolID == 65 }},
		{"rpi 1", "text=x&rpi=1", nil, func(m *simulator.Message) bool { return m.ESMClass == 0x80 }},
		{"rpi 2", "text=x&rpi=2", nil, func(m *simulator.Message) bool { return m.ESMClass == 0 }},
		{"binfo", "text=x&binfo=WAPPUSH", nil, func(m *simulator.Message) bool { return m.ServiceType == "WAPPU" }},
		{"meta-data", "text=x&meta-data=" + url.QueryEscape("?smpp?0x1400=hex:0102"), nil, func(m *simulator.Message) bool {
			return len(m.TLVs) == 1 && m.TLVs[0].Tag == 0x1400 && bytes.Equal(m.TLVs[0].Value, []byte{1, 2})
		}},
	} {
		to := fmt.Sprintf("467012345%02d", i)
		resp, err := http.Get("http://" + s.HTTPAddr().String() + "/cgi-bin/sendsms?user=acme&pass=secret&to=%2B" + to + "&" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted || string(body) != "0: Accepted for delivery" {
			t.Errorf("%s: %d %q", c.name, resp.StatusCode, body)
			continue
		}
		on := c.on
		if on == nil {
			on = sim
		}
		if m := arrived(t, on, to); !c.holds(m) {
			t.Errorf("%s: the operator gets %+v", c.name, *m)
		}
	}
}

// arrived waits for the message to a number.
func arrived(t *testing.T, sim *simulator.Simulator, to string) *simulator.Message {
	t.Helper()
	for {
		if list := sim.Messages(simulator.Filter{To: to}); len(list) > 0 {
			return &list[0]
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("nothing for %s comes", to)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestKannelService: what a phone writes is handed over as Kannel does, and the answer comes to the phone.
func TestKannelService(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	asked := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.RequestURI()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Kannel-MClass", "1")
		_, _ = io.WriteString(w, "<p>It is <b>42</b> &euro;</p>")
	}))
	t.Cleanup(hook.Close)
	s := run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: 127.0.0.1:0}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir}
accounts:
  - {name: acme, admin: true, password: secret, api_keys: [key], numbers: ["72456"]}
routes:
  - {to: "*", via: [op1]}
inbound:
  - keyword: price
    account: acme
    do:
      - {kannel: {get_url: "%s/in?word=%%s&from=%%p", max_messages: 2, accept_x_kannel_headers: true}, answer: true, most: 3}
`, t.TempDir(), sim.Addr(), hook.URL)))
	s.until(t, "op1", "up", 1)
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "72456", Text: "Price tea"}); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "/in?word=tea&from=%2B46701234567" {
		t.Errorf("the service is asked %s", got)
	}
	if m := arrived(t, sim, "46701234567"); m.Text != "It is 42 €" || m.From.Addr != "72456" || m.DataCoding != 0xF1 {
		t.Errorf("the phone gets %+v", *m)
	}
}

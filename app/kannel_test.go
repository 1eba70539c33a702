package app_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
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

// TestKannelAdmin: Kannel's administration on a port of its own, as its monitoring tools and scripts use it.
func TestKannelAdmin(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: 127.0.0.1:0}
dialects: {kannel_admin: {listen: 127.0.0.1:0}, kannel_admin_password: all, kannel_status_password: look}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir}
accounts:
  - {name: acme, admin: true, password: secret, api_keys: [key], senders: ["*"]}
routes:
  - {to: "*", via: [op1]}
`, t.TempDir(), sim.Addr())))
	s.until(t, "op1", "up", 1)
	s.delivered(t, s.send(t, "ACME"))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(target string) (typed, body string) {
		t.Helper()
		resp, err := client.Get("http://" + s.DialectAddr("kannel_admin").String() + target)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
		return resp.Header.Get("Content-Type"), string(b)
	}
	// What the Prometheus exporter and the Zabbix agent read.
	status := func(password string) (g struct {
		Version string `xml:"version"`
		Status  string `xml:"status"`
		WDP     int    `xml:"wdp>received>total"`
		In      int    `xml:"sms>received>total"`
		InQueue int    `xml:"sms>received>queued"`
		Out     int    `xml:"sms>sent>total"`
		Queue   int    `xml:"sms>sent>queued"`
		Store   int    `xml:"sms>storesize"`
		Load    string `xml:"sms>outbound"`
		DLR     int    `xml:"dlr>received>total"`
		Told    int    `xml:"dlr>sent>total"`
		DLRWait int    `xml:"dlr>queued"`
		Storage string `xml:"dlr>storage"`
		Boxes   []struct {
			Type   string `xml:"type"`
			ID     string `xml:"id"`
			IP     string `xml:"IP"`
			Queue  int    `xml:"queue"`
			Status string `xml:"status"`
		} `xml:"boxes>box"`
		Count int `xml:"smscs>count"`
		SMSC  []struct {
			Name   string `xml:"name"`
			Admin  string `xml:"admin-id"`
			ID     string `xml:"id"`
			Status string `xml:"status"`
			Failed int    `xml:"failed"`
			Queued int    `xml:"queued"`
			In     int    `xml:"sms>received"`
			Out    int    `xml:"sms>sent"`
			DLR    int    `xml:"dlr>received"`
		} `xml:"smscs>smsc"`
	},
	) {
		t.Helper()
		_, body := get("/status.xml?password=" + password)
		if err := xml.Unmarshal([]byte(body), &g); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		return g
	}
	g := status("look")
	if !strings.HasPrefix(g.Version, "Kannel bearerbox version `1.4.5'.") || !regexp.MustCompile(`^running, uptime 0d 0h 0m \d+s$`).MatchString(g.Status) {
		t.Errorf("version %q, status %q", g.Version, g.Status)
	}
	if g.Out != 1 || g.DLR != 1 || g.Queue != 0 || g.Storage != "internal" || !regexp.MustCompile(`^\d\.\d\d,\d\.\d\d,\d\.\d\d$`).MatchString(g.Load) {
		t.Errorf("%+v", g)
	}
	if len(g.Boxes) != 1 || g.Boxes[0].Type != "smsbox" || !strings.HasPrefix(g.Boxes[0].Status, "on-line 0d 0h 0m ") {
		t.Errorf("boxes %+v", g.Boxes)
	}
	if g.Count != 1 || len(g.SMSC) != 1 || g.SMSC[0].ID != "op1" || g.SMSC[0].Admin != "op1" || g.SMSC[0].Out != 1 || g.SMSC[0].DLR != 1 || !strings.HasPrefix(g.SMSC[0].Status, "online ") {
		t.Errorf("smscs %+v", g.SMSC)
	}
	for _, c := range []struct{ target, typed, want string }{
		{"/status.txt?password=all", "text/plain", "Kannel bearerbox version `1.4.5'.\nKurir `'.\n\n\nStatus: running, uptime 0d 0h 0m "},
		{"/cgi-bin/status?password=all", "text/plain", "Kannel bearerbox version"},
		{"/status.html?password=look", "text/html", "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2//EN\">\n<html>\n<title>Kannel</title>\n<body>\n<p>Kannel bearerbox"},
		{"/status", "text/plain", "Denied"},
		{"/suspend?password=look", "text/plain", "Denied"},
		{"/store-status.txt?password=look", "text/plain", "[SMS ID] [Type] [Time] [Sender] [Receiver] [SMSC ID] [BOX ID] [Flags] [UDH] [Message]\n"},
		{"/nosuch.txt", "text/plain", "Unknown command `/nosuch.txt'.\nPossible commands are:\nstatus\nstore-status\n"},
		{"/stop-smsc?password=all", "text/plain", "SMSC id not given"},
		{"/stop-smsc?password=all&smsc=zz", "text/plain", "Could not shut down smsc-id `zz'"},
		{"/stop-smsc?password=all&smsc=op1", "text/plain", "SMSC `op1' shut down"},
		{"/start-smsc?password=all&smsc=op1", "text/plain", "SMSC `op1' re-started"},
		{"/add-smsc?password=all&smsc=op2", "text/plain", "Could not add smsc-id `op2'"},
		{"/remove-smsc?password=all&smsc=op1", "text/plain", "Could not remove smsc-id `op1'"},
		{"/reload-lists?password=all", "text/plain", "Black/white lists re-loaded"},
		{"/resume?password=all", "text/plain", "Already running"},
		{"/isolate?password=all", "text/plain", "Kannel isolated from message providers"},
		{"/isolate?password=all", "text/plain", "Already isolated"},
		{"/suspend.xml?password=all", "text/plain", "<?xml version=\"1.0\"?>\n<gateway>\nKannel suspended</gateway>\n"},
		{"/suspend?password=all", "text/plain", "Already suspended"},
		{"/log-level?password=all&level=1", "text/plain", "Not done: "},
		{"/flush-dlr?password=all", "text/plain", "Not done: "},
		{"/shutdown?password=all", "text/plain", "Not done: "},
		{"/restart?password=all", "text/plain", "Not done: "},
		{"/remove-message?password=all", "text/plain", "Message id not given"},
		{"/remove-message?password=all&id=x", "text/plain", "Could not remove message id `x'"},
	} {
		if typed, body := get(c.target); typed != c.typed || !strings.HasPrefix(body, c.want) {
			t.Errorf("%s: %s %q, want %s %q", c.target, typed, body, c.typed, c.want)
		}
	}
	if g := status("all"); !strings.HasPrefix(g.Status, "suspended, ") {
		t.Errorf("status %q", g.Status)
	}
	s.until(t, "op1", "draining", 1) // suspended: it is bound, and nothing goes out
	id := s.send(t, "ACME")
	_, stored := get("/store-status.xml?password=look")
	if !strings.Contains(stored, "\t<message>\n\t<id>"+id+"</id>\n\t<type>MT</type>\n") || !strings.Contains(stored, "<smsc-id>op1</smsc-id>\n\t<box-id>acme</box-id>") || strings.Contains(stored, "hello") {
		t.Errorf("store-status: %s", stored)
	}
	if _, body := get("/remove-message?password=all&id=" + id); body != "Message id `"+id+"' removed" {
		t.Errorf("remove-message: %s", body)
	}
	if _, body := get("/resume?password=all"); body != "Running resumed" {
		t.Errorf("resume: %s", body)
	}
	s.delivered(t, s.send(t, "ACME"))
}

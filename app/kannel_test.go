package app_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"kurir/simulator"
)

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
	if !strings.HasPrefix(g.Version, "Kannel bearerbox version `1.4.5'.") || !regexp.MustCompile(`^running, uptime 0d 0h \d+m \d+s$`).MatchString(g.Status) {
		t.Errorf("version %q, status %q", g.Version, g.Status)
	}
	if g.Out != 1 || g.DLR != 1 || g.Queue != 0 || g.Storage != "internal" || !regexp.MustCompile(`^\d\.\d\d,\d\.\d\d,\d\.\d\d$`).MatchString(g.Load) {
		t.Errorf("%+v", g)
	}
	if len(g.Boxes) != 1 || g.Boxes[0].Type != "smsbox" || !strings.HasPrefix(g.Boxes[0].Status, "on-line 0d 0h ") {
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

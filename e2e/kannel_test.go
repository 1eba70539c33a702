package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kurir/simulator"
)

// kannel is a bearerbox and a smsbox of Kannel, started by hand.
type kannel struct {
	*rest
	dir   string
	admin string // address of its administration
}

// startKannel starts both boxes; smsc is the group that connects them to us. Inbound messages go to mo.
func startKannel(t testing.TB, smsc, mo string) *kannel {
	t.Helper()
	for _, box := range []string{"/usr/sbin/bearerbox", "/usr/sbin/smsbox"} {
		if _, err := os.Stat(box); err != nil {
			missing(t, "Kannel is not installed")
		}
	}
	admin, boxes, sendsms := freePort(t), freePort(t), freePort(t)
	conf := fmt.Sprintf(`group = core
admin-port = %[1]d
admin-interface = 127.0.0.1
admin-password = %[4]s
smsbox-port = %[2]d
smsbox-interface = 127.0.0.1
dlr-storage = internal
log-level = 1

%[3]s

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %[5]d
sendsms-interface = 127.0.0.1
global-sender = Kannel
log-level = 1

group = sendsms-user
username = tester
password = %[4]s
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "%[6]s?from=%%p&to=%%P&text=%%a&charset=%%C"
`, admin, boxes, smsc, secretMark, sendsms, mo)
	k := &kannel{dir: t.TempDir(), admin: fmt.Sprintf("http://127.0.0.1:%d", admin), rest: &rest{t: t, base: fmt.Sprintf("http://127.0.0.1:%d", sendsms), client: &http.Client{}}}
	t.Cleanup(k.client.CloseIdleConnections)
	path := filepath.Join(k.dir, "kannel.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	bearer := start(t, foreign, k.dir, "/usr/sbin/bearerbox", path)
	status := func() string {
		_, body := (&rest{t: t, base: k.admin, client: k.client}).get("/status.txt?password=" + secretMark)
		return string(body)
	}
	eventually(t, "bearerbox listens", func() bool { return status() != "" || !bearer.running() })
	listening(t, fmt.Sprintf("127.0.0.1:%d", boxes))
	start(t, foreign, k.dir, "/usr/sbin/smsbox", path)
	eventually(t, "smsbox listens", func() bool {
		status, _ := k.get("/")
		return status != 0
	})
	// It listens before it has connected, and panics at what is sent in between.
	eventually(t, "smsbox has connected", func() bool { return strings.Contains(status(), "smsbox:") || !bearer.running() })
	return k
}

// send sends by Kannel's own sendsms.
func (k *kannel) send(to, text string, more url.Values) (int, string) {
	k.t.Helper()
	q := url.Values{"username": {"tester"}, "password": {secretMark}, "to": {to}, "text": {text}, "charset": {"UTF-8"}}
	for name, v := range more {
		q[name] = v
	}
	return k.get("/cgi-bin/sendsms?" + q.Encode())
}

// dlrs collects the values of %d that come for one message.
func dlrs(t testing.TB, h *hook, n int) (got []int) {
	t.Helper()
	for range n {
		c := receive(t, "a dlr-url call", h.calls)
		d, err := strconv.Atoi(c.Query.Get("d"))
		if err != nil {
			t.Errorf("called %s?%s", c.Path, c.Query.Encode())
		}
		got = append(got, d)
	}
	return got
}

// sendsAhead sends while the link of a server of ours is stopped, until Kannel has said by its own 8 that it knows our answer: only then does it
// remember what it wants to hear of the message, and what comes before, over another connection than the answer, it drops. It gives all n dlr
// values. The server's account has to be an administrator's.
func (k *kannel) sendsAhead(s *server, sim *simulator.Simulator, dlr *hook, n int, to, text string, more url.Values) []int {
	k.t.Helper()
	link := func(act string) {
		k.t.Helper()
		if status, body, _, err := s.do(http.MethodPost, "/v1/links/op1/"+act, "", nil); err != nil || status != http.StatusOK {
			k.t.Fatalf("%s the link: %d %s %v", act, status, body, err)
		}
	}
	eventually(k.t, "the link has answered all receipts", func() bool { return sim.Stats().Unacked == 0 })
	link("stop")
	if status, answer := k.send(to, text, more); status != http.StatusAccepted {
		k.t.Fatalf("Kannel answers %d %q", status, answer)
	}
	own := dlrs(k.t, dlr, 1)
	if own[0] != 8 {
		k.t.Errorf("%s: the first dlr value is %v, and the operator has nothing yet", to, own)
	}
	link("start")
	return append(own, dlrs(k.t, dlr, n-1)...)
}

// TestKannelBinds: Kannel is our customer over SMPP: it binds, submits, gets receipts and inbound messages.
func TestKannelBinds(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"transceiver", "transmitter and receiver", "transceiver over TLS"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var c *certified
			if strings.HasSuffix(mode, "TLS") {
				made := makeCertificate(t, "kurir")
				c = &made
			}
			testKannelBinds(t, strings.HasPrefix(mode, "transceiver"), c)
		})
	}
}

func testKannelBinds(t *testing.T, transceiver bool, c *certified) {
	sim := startSimulator(t, simulator.Options{})
	setting, _ := c.customerSide()
	s := startServer(t, sim, serverOptions{smpp: setting, account: ", admin: true"})
	linked(t, sim)
	addr, judge := tapped(t, s.smpp, c == nil, false)
	host, port, _ := strings.Cut(addr, ":")
	ssl := "use-ssl = no"
	if c != nil {
		ssl = "use-ssl = yes"
	}
	link := func(connect string) string {
		return fmt.Sprintf(`group = smsc
smsc = smpp
smsc-id = kurir
host = %s
%s
smsc-username = %s
smsc-password = %s
system-type = ""
interface-version = 34
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
enquire-link-interval = 1
reconnect-delay = 1
%s
`, host, connect, account, password, ssl)
	}
	links := link("transceiver-mode = true\nport = " + port)
	if !transceiver {
		links = link("port = "+port) + "\n" + link("receive-port = "+port)
	}
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, links, mo.URL)
	s.proc.out.wait(t, `customer bound.*mode=(transceiver|receiver)`)
	if !transceiver {
		s.proc.out.wait(t, `customer bound.*mode=transmitter`)
	}

	long := "ref-long " + textMark + strings.Repeat(" åäö 0123456789", 20)
	for _, c := range []struct {
		to, text string
		want     []int
	}{
		{"46701000001", "ref-1 " + textMark + " åäö €[]{}", []int{1, 8}},
		{"46701099605", "ref-2 " + textMark, []int{2, 8}},
		{"46701000003", "ref-3 " + textMark + " Привет", []int{1, 8}},
		{"46701000004", long, []int{1, 8}},
		{"46701099501", "ref-5 " + textMark, []int{1, 8}},
		{"46701099800", "ref-6 " + textMark, []int{1, 8}},
	} {
		more := url.Values{"dlr-mask": {"27"}, "dlr-url": {dlr.URL + "/?d=%d"}, "from": {"Kannel"}}
		if strings.Contains(c.text, "Привет") {
			more["coding"] = []string{"2"}
		}
		got := k.sendsAhead(s, sim, dlr, len(c.want), c.to, c.text, more)
		slices.Sort(got) // Kannel makes its calls side by side
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: dlr values %v, want %v", c.to, got, c.want)
		}
		if c.want[0] == 2 {
			continue
		}
		if got := shown(t, sim, c.to); got.Text != c.text || got.Peer != "Kannel" {
			t.Errorf("%s shows %+v, want %q", c.to, got, c.text)
		}
	}
	kannelInbound(t, sim, mo)
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
	inLong := "in-long " + textMark + strings.Repeat(" 0123456789", 20)
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: inLong}); err != nil {
		t.Fatal(err)
	}
	joined := ""
	for len(joined) < len(inLong) {
		joined += receive(t, "a part at Kannel's service", mo.calls).Query.Get("text")
	}
	if joined != inLong {
		t.Errorf("Kannel hands on %q", joined)
	}
	judge()
}

// kannelInbound has a phone of the simulator write to Kannel.
func kannelInbound(t *testing.T, sim *simulator.Simulator, mo *hook) {
	t.Helper()
	for _, text := range []string{"in-1 " + textMark + " åäö", "in-2 " + textMark + " Привет"} {
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: text}); err != nil {
			t.Fatal(err)
		}
		c := receive(t, "an inbound message at Kannel's service", mo.calls)
		if got := c.Query.Get("text"); got != text && c.Query.Get("charset") == "UTF-8" {
			t.Errorf("Kannel hands on %q, want %q", got, text)
		}
		if strings.TrimPrefix(c.Query.Get("from"), "+") != "46701234567" {
			t.Errorf("Kannel hands on %s", c.Query.Encode())
		}
	}
}

// TestKannelUpstream: Kannel sends through our /cgi-bin/sendsms, its smsc of kind http.
func TestKannelUpstream(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{account: ", admin: true"})
	linked(t, sim)
	mo, dlr := startHook(t), startHook(t)
	back := freePort(t)
	k := startKannel(t, fmt.Sprintf(`group = smsc
smsc = http
smsc-id = kurir
system-type = kannel
send-url = "http://%[1]s/cgi-bin/sendsms"
port = %[2]d
smsc-username = %[3]s
smsc-password = %[4]s
dlr-url = "http://127.0.0.1:%[2]d/?username=%[3]s&password=%[4]s"
connect-allow-ip = 127.0.0.1`, s.http, back, account, password), mo.URL)
	for _, c := range []struct {
		to   string
		want []int // the first 8 is Kannel's own, when we have answered
	}{
		{"46701000001", []int{1, 8, 8}},
		{"46701099605", []int{2, 8, 8}},
	} {
		text := "ref " + textMark + " åäö €"
		more := url.Values{"dlr-mask": {"31"}, "dlr-url": {dlr.URL + "/?d=%d"}, "from": {"Kannel"}}
		got := k.sendsAhead(s, sim, dlr, len(c.want), c.to, text, more)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: dlr values %v, want %v", c.to, got, c.want)
		}
		if c.want[0] == 2 {
			continue
		}
		if got := shown(t, sim, c.to); got.Text != text {
			t.Errorf("%s shows %+v, want %q", c.to, got, text)
		}
	}
	// What we refuse for good, Kannel gives up.
	if status, answer := k.send("0", textMark, url.Values{"dlr-mask": {"31"}, "dlr-url": {dlr.URL + "/?d=%d"}}); status != http.StatusAccepted {
		t.Fatalf("Kannel answers %d %q", status, answer)
	}
	if got := dlrs(t, dlr, 1); got[0] != 16 {
		t.Errorf("refused by us: dlr value %v, want 16", got)
	}
}

// lookPath finds a program of others.
func lookPath(t testing.TB, name, what string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, what+" is not installed")
	}
	return path
}

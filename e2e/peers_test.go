package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// node is a program of the folder peers, in JavaScript: JSON commands in, JSON events out.
type node struct {
	t    testing.TB
	in   io.Writer
	out  *output
	at   int
	kept []string // lines that nobody has asked for yet
}

// nodeEvent is one line of its output.
type nodeEvent struct {
	Event, Command, Text, From, To, ID, Tag, Receipted string
	SystemID                                           string `json:"system_id"`
	Status                                             uint32
	ESMClass                                           uint8 `json:"esm_class"`
	DataCoding                                         uint8 `json:"data_coding"`
	Registered                                         uint8 `json:"registered_delivery"`
	State                                              uint8
	Version                                            uint8
}

func startNode(t testing.TB, script string, args ...string) *node {
	t.Helper()
	path := lookPath(t, "node", "Node.js")
	if _, err := os.Stat("peers/node_modules/smpp"); err != nil {
		missing(t, "the npm package smpp is not installed")
	}
	dir, err := filepath.Abs("peers")
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, in: w, out: newOutput()}
	cmd := exec.Command(path, append([]string{script}, args...)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, r, n.out, n.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	t.Cleanup(func() {
		w.Close() // it ends when its input does
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("output of %s:\n%s", script, tail(n.out.String(), 4000))
		}
	})
	return n
}

// next takes the next event of a kind.
func (n *node) next(kind string) (e nodeEvent) {
	n.t.Helper()
	n.take(kind, &e)
	return e
}

// take reads the next line of a kind. Others are kept until somebody asks for them: an answer, and what the program is told meanwhile on
// another connection, come in no order.
func (n *node) take(kind string, into any) {
	n.t.Helper()
	for i := 0; ; i++ {
		if i == len(n.kept) {
			line := n.out.waitAfter(n.t, n.at, `(?m)^.*\n`)[0]
			n.at += len(line)
			n.kept = append(n.kept, line)
		}
		line := n.kept[i]
		var is struct{ Event string }
		if err := json.Unmarshal([]byte(line), &is); err != nil {
			n.t.Fatalf("%v: %s", err, line)
		}
		if is.Event == kind {
			n.kept = slices.Delete(n.kept, i, i+1)
			if err := json.Unmarshal([]byte(line), into); err != nil {
				n.t.Fatalf("%v: %s", err, line)
			}
			return
		}
		if is.Event == "error" || is.Event == "failed" {
			n.t.Fatalf("waiting for %s, the peer says: %s", kind, line)
		}
	}
}

// say sends a command.
func (n *node) say(v map[string]any) {
	n.t.Helper()
	if err := json.NewEncoder(n.in).Encode(v); err != nil {
		n.t.Fatal(err)
	}
}

// request makes a request of any kind with any fields and returns the response.
func (n *node) request(command string, fields map[string]any) nodeEvent {
	n.t.Helper()
	n.say(map[string]any{"do": "request", "command": command, "fields": fields})
	return n.next("response")
}

// secured gives both ways of a connection: plain, where tshark reads along, and TLS.
func secured(t *testing.T, test func(t *testing.T, c *certified)) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		c := makeCertificate(t, "kurir")
		test(t, &c)
	})
}

// customerSide is the setting of the server, and the arguments for the program of a customer.
func (c *certified) customerSide() (setting string, args []string) {
	if c == nil {
		return "", nil
	}
	return fmt.Sprintf(", tls: {cert: %q, key: %q}", c.cert, c.key), []string{c.cert}
}

// TestNpmBinds: the npm package smpp is our customer.
func TestNpmBinds(t *testing.T) { secured(t, testNpmBinds) }

func testNpmBinds(t *testing.T, c *certified) {
	sim := startSimulator(t, simulator.Options{})
	setting, more := c.customerSide()
	s := startServer(t, sim, serverOptions{smpp: setting})
	linked(t, sim)
	addr, judge := tapped(t, s.smpp, c == nil, false)
	n := startNode(t, "esme.js", append([]string{portOf(addr), account, password}, more...)...)
	if e := n.next("bound"); e.Status != 0 {
		t.Fatalf("bind: %#x", e.Status)
	}
	text := "ref-1 " + textMark + " åäö€"
	r := n.request("submit_sm", map[string]any{
		"source_addr_ton": 5, "source_addr": "Node", "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "46701000001",
		"registered_delivery": 1, "short_message": text,
		"data_coding": 0, // left to itself it names IA5 and sends the default alphabet
	})
	if r.Status != 0 || r.ID == "" {
		t.Fatalf("submit_sm: %+v", r)
	}
	d := n.next("deliver_sm")
	if d.Receipted != r.ID || d.State != 2 || d.ESMClass != 4 || !strings.Contains(d.Text, "stat:DELIVRD") || d.From != "46701000001" || d.To != "Node" {
		t.Errorf("receipt %+v", d)
	}
	if ph, _ := sim.Phone("46701000001", 5); len(ph.Texts) != 1 || ph.Texts[0].Text != text {
		t.Errorf("the phone shows %+v, want %q", ph.Texts, text)
	}
	if q := n.request("query_sm", map[string]any{"message_id": r.ID, "source_addr_ton": 5, "source_addr": "Node"}); q.Status != 0 || q.State != 2 {
		t.Errorf("query_sm: %+v", q)
	}
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: "in-1 " + textMark + " Привет"}); err != nil {
		t.Fatal(err)
	}
	if d := n.next("deliver_sm"); d.Text != "in-1 "+textMark+" Привет" || d.ESMClass != 0 || d.From != "46701234567" {
		t.Errorf("inbound %+v", d)
	}

	// Long texts, both ways.
	long := "ref-long " + textMark + strings.Repeat(" 0123456789", 30)
	r = n.request("submit_sm", map[string]any{
		"source_addr_ton": 5, "source_addr": "Node", "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "46701000002",
		"registered_delivery": 1, "short_message": "", "message_payload": long, "data_coding": 0,
	})
	if d := n.next("deliver_sm"); r.Status != 0 || d.Receipted != r.ID || d.State != 2 {
		t.Errorf("a long text is answered %+v, its receipt is %+v", r, d)
	}
	if ph, _ := sim.Phone("46701000002", 5); len(ph.Texts) != 1 || ph.Texts[0].Text != long {
		t.Errorf("the phone shows %+v", ph.Texts)
	}
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: long}); err != nil {
		t.Fatal(err)
	}
	joined := ""
	for len(joined) < len(long) {
		joined += n.next("deliver_sm").Text
	}
	if joined != long {
		t.Errorf("a long text from a phone comes as %q", joined)
	}

	// It validates nothing, so it can say what others cannot.
	for _, c := range []struct {
		name    string
		command string
		fields  map[string]any
		want    smpp.Status
	}{
		{"no destination", "submit_sm", map[string]any{"source_addr": "Node", "source_addr_ton": 5, "short_message": textMark}, smpp.ESME_RINVDSTADR},
		{"letters in the destination", "submit_sm", map[string]any{"source_addr": "Node", "source_addr_ton": 5, "destination_addr": "4670x", "short_message": textMark}, smpp.ESME_RINVDSTADR},
		{"broken validity", "submit_sm", map[string]any{"source_addr": "Node", "source_addr_ton": 5, "destination_addr": "46701000001", "validity_period": "tomorrow", "short_message": textMark}, smpp.ESME_RINVEXPIRY},
		{"id of nobody", "query_sm", map[string]any{"message_id": "zzz"}, smpp.ESME_RINVMSGID},
		{"outbind from a customer", "bind_receiver", map[string]any{"system_id": account, "password": password}, smpp.ESME_RALYBND},
	} {
		if r := n.request(c.command, c.fields); smpp.Status(r.Status) != c.want {
			t.Errorf("%s: %v, want %v", c.name, smpp.Status(r.Status), c.want)
		}
	}
	n.say(map[string]any{"do": "raw", "hex": "00000010000000770000000000000063"}) // no such command
	if e := n.next("generic_nack"); smpp.Status(e.Status) != smpp.ESME_RINVCMDID {
		t.Errorf("unknown command: generic_nack %v", smpp.Status(e.Status))
	}
	if r := n.request("enquire_link", nil); r.Status != 0 {
		t.Errorf("enquire_link: %+v", r)
	}
	if r := n.request("unbind", nil); r.Status != 0 {
		t.Errorf("unbind: %+v", r)
	}
	n.next("close")
	judge()
}

// TestNpmSMSC: the npm package smpp is our operator. Its ids are hexadecimal in the answer and decimal in the receipt.
func TestNpmSMSC(t *testing.T) { secured(t, testNpmSMSC) }

func testNpmSMSC(t *testing.T, c *certified) {
	port := freePort(t)
	args, setting := []string{strconv.Itoa(port)}, ", enquire_link: 1s"
	if c != nil {
		args, setting = append(args, c.cert, c.key), setting+fmt.Sprintf(", tls: {ca: %q}", c.cert)
	}
	n := startNode(t, "smsc.js", args...)
	n.next("listening")
	addr, judge := tapped(t, fmt.Sprintf("127.0.0.1:%d", port), c == nil, true)
	s := startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", addr, setting)}})
	if e := n.next("bound"); e.Command != "bind_transceiver" || e.SystemID != "kurir" || e.Version != 0x34 {
		t.Errorf("bind %+v", e)
	}
	for _, text := range []string{"ref-1 " + textMark + " åäö€[]", "ref-2 " + textMark + " Привет"} {
		id := s.send("+46701000001", text)
		e := n.next("submit_sm")
		if e.To != "46701000001" || e.From != "Kurir" || e.Registered != 1 || e.Text != text {
			t.Errorf("submit_sm %+v, want %q", e, text)
		}
		if e := n.next("acknowledged"); e.Status != 0 {
			t.Errorf("the receipt is answered %#x", e.Status)
		}
		s.becomes(id, "delivered")
	}
	// A long text goes in parts, each with its receipt.
	long := "ref-long " + textMark + strings.Repeat(" 0123456789", 30)
	id := s.send("+46701000002", long)
	joined, parts := "", 0
	for ; len(joined) < len(long); parts++ {
		e := n.next("submit_sm")
		if e.ESMClass != 0x40 {
			t.Errorf("a part has esm_class %#x", e.ESMClass)
		}
		joined += e.Text
	}
	if joined != long || parts < 3 {
		t.Errorf("a long text goes in %d parts as %q", parts, joined)
	}
	s.becomes(id, "delivered")
	for range parts {
		n.next("acknowledged")
	}
	n.say(map[string]any{"fields": map[string]any{
		"source_addr_ton": 1, "source_addr": "46701234567", "destination_addr": "46737494949", "short_message": "in-1 " + textMark,
	}})
	if e := n.next("acknowledged"); e.Status != 0 {
		t.Errorf("the inbound message is answered %#x", e.Status)
	}
	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound", &page)
	if len(page.Inbound) != 1 || page.Inbound[0].Text != "in-1 "+textMark || page.Inbound[0].From != "+46701234567" {
		t.Errorf("the inbox has %+v", page.Inbound)
	}
	n.next("enquire_link")
	s.proc.stop()
	n.next("unbind")
	judge()
}

// TestNpmSMSCVersions: it is an operator of 3.3, to whom a link binds twice, and of 5.0.
func TestNpmSMSCVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, more string
		binds         int
		says          uint8
	}{{"3.3", ", bind: receiver+transmitter", 2, 0x33}, {"5.0", "", 1, 0x50}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			port := freePort(t)
			n := startNode(t, "smsc.js", strconv.Itoa(port))
			n.next("listening")
			addr, judge := tapped(t, fmt.Sprintf("127.0.0.1:%d", port), true, true)
			s := startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", addr, fmt.Sprintf(", version: %q, enquire_link: 1s", c.version)+c.more)}})
			for range c.binds {
				if e := n.next("bound"); e.SystemID != "kurir" || e.Version != c.says || (e.Command == "bind_transceiver") != (c.binds == 1) {
					t.Errorf("bind %+v", e)
				}
			}
			long := "ref-long " + textMark + strings.Repeat(" 0123456789", 30)
			for _, text := range []string{"ref-1 " + textMark + " åäö€", long} {
				id := s.send("+46701000001", text)
				joined := ""
				for len([]rune(joined)) < len([]rune(text)) {
					joined += n.next("submit_sm").Text
				}
				if joined != text {
					t.Errorf("submit_sm %q, want %q", joined, text)
				}
				s.becomes(id, "delivered")
			}
			n.next("enquire_link")
			s.proc.stop()
			n.next("unbind")
			judge()
		})
	}
}

// perl runs a program of the folder peers, in Perl, that needs a module.
func perl(t testing.TB, module, script string, args ...string) *process {
	t.Helper()
	path := lookPath(t, "perl", "Perl")
	if exec.Command(path, "-M"+module, "-e", "1").Run() != nil {
		missing(t, module+" is not installed")
	}
	dir, err := filepath.Abs("peers")
	if err != nil {
		t.Fatal(err)
	}
	return start(t, foreign, dir, path, append([]string{script}, args...)...)
}

// TestPerlBinds: Net::SMPP is our customer.
func TestPerlBinds(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	addr, judge := tapped(t, s.smpp, true, false)
	p := perl(t, "Net::SMPP", "esme.pl", portOf(addr), account, password, "46701000001", "ref-1 "+textMark)
	p.out.wait(t, `bound \S+\nenquire_link 0\n`)
	id := p.out.wait(t, `submitted (\S+)\n`)[1]
	p.out.wait(t, `deliver_sm 4 46701000001 Perl id:`+id+` sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD err:000`)
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: "in-1 " + textMark}); err != nil {
		t.Fatal(err)
	}
	p.out.wait(t, `deliver_sm 0 46701234567 46737494949 in-1 `+textMark+`\n`)
	p.out.wait(t, `query_sm 0 state 2\n`)
	p.out.wait(t, `long \S+\n`)
	p.out.wait(t, `deliver_sm 4 46701000001 Perl id:\S+ sub:003 dlvrd:003 [^\n]*stat:DELIVRD[^\n]*\nquery`)
	p.out.wait(t, `unbound 0\n`)
	if code := p.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	long := strings.TrimSpace(strings.Repeat("ref-1 "+textMark+" ", 30))
	if ph, _ := sim.Phone("46701000001", 5); len(ph.Texts) != 2 || strings.TrimSpace(ph.Texts[1].Text) != long {
		t.Errorf("the phone shows %+v", ph.Texts)
	}
	judge()
}

// TestPerlSMSC: Net::SMPP is our operator.
func TestPerlSMSC(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	raceBinary(t) // Net::SMPP waits two minutes for a connection, and building may take as long
	p := perl(t, "Net::SMPP", "smsc.pl", strconv.Itoa(port))
	p.out.wait(t, "listening")
	addr, judge := tapped(t, fmt.Sprintf("127.0.0.1:%d", port), true, true)
	s := startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", addr, ", enquire_link: 1s")}})
	p.out.wait(t, `bound kurir version 34`)
	id := s.send("+46701000001", "ref-1 "+textMark)
	p.out.wait(t, `submit_sm Kurir 46701000001 0 0 ref-1 `+textMark+`\n`)
	p.out.wait(t, `(?s)acknowledged 0\n.*acknowledged 0\n`) // with an enquire_link between, if the second takes its time
	s.becomes(id, "delivered")
	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound", &page)
	if len(page.Inbound) != 1 || page.Inbound[0].Text != "in-perl "+textMark {
		t.Errorf("the inbox has %+v", page.Inbound)
	}
	long := strings.TrimSpace(strings.Repeat("ref-2 "+textMark+" ", 30))
	s.becomes(s.send("+46701000002", long), "delivered")
	p.out.wait(t, `submit_sm Kurir 46701000002 64 0 .{0,10}ref-2 `+textMark)
	p.out.wait(t, "enquire_link")
	s.proc.stop()
	p.out.wait(t, "unbound")
	judge()
}

func portOf(addr string) string {
	_, port, _ := strings.Cut(addr, ":")
	return port
}

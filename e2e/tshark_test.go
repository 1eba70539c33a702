package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// wiretap passes connections on and writes what it sees as a capture file, as if it had come off a wire: PCAP with
// raw IPv4 and made-up TCP segments, so that no right to capture is needed.
type wiretap struct {
	t    testing.TB
	addr string
	to   string
	says string // what tshark calls the protocol

	mu      sync.Mutex
	capture bytes.Buffer
	ports   uint16
	open    sync.WaitGroup
}

// tapPort is the port that the capture shows for the server.
const tapPort = 2775

func startTap(t testing.TB, to string) *wiretap { return startTapOf(t, "smpp", to) }

// startTapOf is startTap for another protocol.
func startTapOf(t testing.TB, protocol, to string) *wiretap {
	t.Helper()
	l, err := net.Listen("tcp", freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	w := &wiretap{t: t, addr: l.Addr().String(), to: to, says: protocol, ports: 40000}
	// The head of a capture file: magic, version 2.4, zone, accuracy, longest frame, link type 101 (raw IP).
	for _, v := range []any{uint32(0xa1b2c3d4), uint16(2), uint16(4), uint32(0), uint32(0), uint32(65535), uint32(101)} {
		_ = binary.Write(&w.capture, binary.LittleEndian, v)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.open.Go(func() { w.serve(c) })
		}
	}()
	return w
}

func (w *wiretap) serve(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer up.Close()
	w.mu.Lock()
	w.ports++
	flow := &tapFlow{client: w.ports, sequence: [2]uint32{1, 1}}
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.pass(flow, 0, c, up) })
	both.Go(func() { w.pass(flow, 1, up, c) })
	both.Wait()
}

// tapFlow is one connection; direction 0 is from the client.
type tapFlow struct {
	client   uint16
	sequence [2]uint32
}

func (w *wiretap) pass(f *tapFlow, direction int, from, to net.Conn) {
	defer to.(*net.TCPConn).CloseWrite()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			w.frame(f, direction, buf[:n])
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// frame writes one TCP segment with its IPv4 header (RFC 791, RFC 9293).
func (w *wiretap) frame(f *tapFlow, direction int, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	ports := [2]uint16{f.client, tapPort}
	hosts := [2][4]byte{{10, 0, 0, 1}, {10, 0, 0, 2}}
	size := 40 + len(data)
	ip := make([]byte, 40, size)
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(size))
	copy(ip[12:], hosts[direction][:])
	copy(ip[16:], hosts[1-direction][:])
	tcp := ip[20:]
	binary.BigEndian.PutUint16(tcp[0:], ports[direction])
	binary.BigEndian.PutUint16(tcp[2:], ports[1-direction])
	binary.BigEndian.PutUint32(tcp[4:], f.sequence[direction])
	binary.BigEndian.PutUint32(tcp[8:], f.sequence[1-direction])
	tcp[12], tcp[13] = 0x50, 0x18 // five words; PSH, ACK
	binary.BigEndian.PutUint16(tcp[14:], 65535)
	f.sequence[direction] += uint32(len(data))
	for _, v := range []uint32{uint32(now.Unix()), uint32(now.Nanosecond() / 1000), uint32(size), uint32(size)} {
		_ = binary.Write(&w.capture, binary.LittleEndian, v)
	}
	w.capture.Write(append(ip, data...))
}

// decode has tshark read everything and returns what it prints.
func (w *wiretap) decode(args ...string) string {
	w.t.Helper()
	path := lookPath(w.t, "tshark", "tshark")
	w.mu.Lock()
	file := filepath.Join(w.t.TempDir(), "capture.pcap")
	err := os.WriteFile(file, w.capture.Bytes(), 0o600)
	w.mu.Unlock()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-r", file, "-d", "tcp.port==2775," + w.says, "-o", "tcp.check_checksum:FALSE", "-o", "ip.check_checksum:FALSE"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("tshark: %v\n%s", err, errs.String())
	}
	return string(out)
}

// tapped puts a tap before an address, if the exchange can be read, and returns where to connect and what has tshark judge
// our half of it; ours is that of the client if we connect, as to an operator.
func tapped(t *testing.T, addr string, readable, weConnect bool) (string, func()) {
	t.Helper()
	return tappedAs(t, "smpp", addr, readable, weConnect)
}

// tappedAs is tapped for another protocol.
func tappedAs(t *testing.T, protocol, addr string, readable, weConnect bool) (string, func()) {
	t.Helper()
	if !readable {
		return addr, func() {}
	}
	if _, err := exec.LookPath("tshark"); err != nil && !inCI() {
		t.Log("tshark is not installed: the exchange is not read")
		return addr, func() {}
	}
	w := startTapOf(t, protocol, addr)
	return w.addr, func() { t.Helper(); w.judge(t, weConnect) }
}

// unread are words by which tshark says that a field or its value is none that it knows.
var unread = regexp.MustCompile(`(?i)malformed|unknown|reserved|bogus|illegal`)

// known are lines in which such a word is the name of a value: an unknown type of number, numbering plan, state, subscriber or error 0, no class.
var known = regexp.MustCompile(`(?i)(type of number|numbering plan|_npi|_ton|message state|stat:|npi|ton\b).*unknown|rsn: unknown subscriber|status error code: unknown( subscriber)? \([01]\)|dcs message class meaning: reserved`)

// judge has tshark read our half of everything.
func (w *wiretap) judge(t *testing.T, weConnect bool) {
	t.Helper()
	ours := "tcp.srcport == 2775"
	if weConnect {
		ours = "tcp.dstport == 2775"
	}
	if complaints := w.decode("-Y", "("+ours+") && (_ws.malformed || _ws.expert.severity >= 0x400000)", "-V"); complaints != "" {
		t.Errorf("tshark complains of\n%s", tail(complaints, 6000))
	}
	said := map[string]bool{}
	for line := range strings.Lines(w.decode("-Y", ours+" && "+w.says, "-V", "-O", w.says)) {
		if line = strings.TrimSpace(line); unread.MatchString(line) && !known.MatchString(line) && !said[line] {
			said[line] = true
			t.Errorf("tshark says: %s", line)
		}
	}
	pdu := map[string]string{"smpp": "smpp.command_id", "ucp": "ucp.hdr.OT", "cimd": "cimd.opcode"}[w.says]
	if n := len(strings.Fields(w.decode("-Y", ours+" && "+w.says, "-T", "fields", "-e", pdu, "-E", "aggregator= "))); n < 3 {
		t.Errorf("tshark has read %d PDUs only", n)
	}
}

// TestTshark: a whole exchange, with customers and with the operator, reads in tshark without a complaint.
func TestTshark(t *testing.T) {
	t.Parallel()
	lookPath(t, "tshark", "tshark")
	sim := startSimulator(t, simulator.Options{})
	other := startSimulator(t, simulator.Options{})
	operator, second := startTap(t, sim.Addr()), startTap(t, other.Addr())
	s := startServer(t, nil, serverOptions{
		connectors: []string{linkTo("op1", operator.addr, ", enquire_link: 1s, sessions: 2"), linkTo("op2", second.addr, ", long: sar, version: 5.0, validity: absolute, bind: receiver+transmitter")},
		routes:     []string{`{to: "+4671*", via: [op2]}`, `{to: "*", via: [op1]}`},
	})
	customers := startTap(t, s.smpp)
	eventually(t, "the links are bound", func() bool { return sim.Stats().Sessions == 2 && other.Stats().Sessions == 2 })
	tx := bindTo(t, customers.addr, smpp.Transmitter)
	rx := bindTo(t, customers.addr, smpp.Receiver)
	trx := bindTo(t, customers.addr, smpp.Transceiver)
	old, err := tryBind(t, customers.addr, smpp.Bind{Mode: smpp.Transmitter, SystemID: account, Password: password, Version: 0x33}, smpp.SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	long := "ref " + textMark + strings.Repeat(" 0123456789", 30)
	n := 0
	for _, e := range []*esme{tx, trx, old} {
		for _, prefix := range []string{"46701", "46711"} {
			for _, digits := range []string{"000001", "099011", "099605", "099501", "099510", "099307"} {
				e.submit(shortText(prefix+digits, "ref "+textMark+" {}"))
				n++
			}
			s.send("+"+prefix+"000002", long)
			s.send("+"+prefix+"000003", "ref "+textMark+" Привет😀", "validity", "1h")
		}
	}
	// 99307 is a temporary failure: those are tried again later, all others have their receipt.
	within(t, patience, "receipts", func() bool { return len(rx.delivered)+len(trx.delivered) >= n*5/6 })
	for _, text := range []string{"in " + textMark, "in " + textMark + " Привет", long} {
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	within(t, patience, "inbound messages", func() bool { return len(rx.delivered)+len(trx.delivered) >= n*5/6+5 })
	rx.submit(&smpp.EnquireLink{})
	trx.submit(&smpp.QuerySM{MessageID: "nobody"})
	_, _ = tryBind(t, customers.addr, smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: "wrong"}, smpp.SessionConfig{})
	raw, err := net.Dial("tcp", customers.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = raw.Write([]byte("\x00\x00\x00\x01garbage that is no PDU"))
	_, _ = io.ReadAll(raw)
	raw.Close()
	for _, e := range []*esme{tx, rx, trx, old} {
		e.unbind()
	}
	s.proc.stop()
	customers.open.Wait()
	operator.open.Wait()
	second.open.Wait()

	for name, w := range map[string]*wiretap{"customers": customers, "operator": operator, "second operator": second} {
		// Only what we send is judged: the simulator and this test send odd things on purpose.
		ours := "tcp.srcport == 2775"
		if name != "customers" {
			ours = "tcp.dstport == 2775"
		}
		if complaints := w.decode("-Y", "("+ours+") && (_ws.malformed || _ws.expert.severity >= 0x400000)", "-V"); complaints != "" {
			t.Errorf("%s: tshark complains of\n%s", name, tail(complaints, 6000))
		}
		w.judge(t, name != "customers")
		commands := w.decode("-Y", ours+" && smpp", "-T", "fields", "-e", "smpp.command_id", "-E", "aggregator= ")
		want := []string{"0x80000001", "0x80000002", "0x80000009", "0x80000004", "0x00000005", "0x80000015", "0x80000006", "0x80000000"}
		switch name {
		case "operator":
			want = []string{"0x00000009", "0x00000004", "0x80000005", "0x00000006"}
		case "second operator":
			want = []string{"0x00000001", "0x00000002", "0x00000004", "0x80000005", "0x00000006"}
		}
		for _, id := range want {
			if !strings.Contains(commands, id) {
				t.Errorf("%s: the exchange has no command %s", name, id)
			}
		}
		t.Logf("%s: %d PDUs read", name, len(strings.Fields(commands)))
	}
}

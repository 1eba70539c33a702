package simulator

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"kurir/gsm"
)

// ModemOptions say what a simulated modem is. The zero value is a modem with an
// unlocked SIM, registered with a network that takes everything.
type ModemOptions struct {
	IMEI, Maker, Model string // empty: 490154203237518, Kurir, Simulated modem
	ICCID, IMSI        string // of the SIM; empty: some
	PIN, PUK           string // PIN of the SIM, empty: none; PUK empty: 12345678
	Number             string // the SIM's own, as +46737000001; empty: the SIM does not know it
	Centre             string // address of the service centre; empty: +46705008999
	Operator           string // empty: Kurir Mobile
	Slots              int    // messages that each storage takes; 0: 20
	Base               int    // index of the first, 0 or 1 as modems differ

	Chatty    bool          // says things of itself in the middle of answers
	Noise     bool          // begins with garbage
	Delay     time.Duration // before each answer
	Busy      int           // how many commands to the SIM are answered SIM busy after its PIN
	NoList    bool          // refuses AT+CMGL
	NoChoice  bool          // has one storage, without a name: refuses AT+CPMS
	NoReports bool          // has no storage for status reports: they can only come directly
	Phase2    bool          // knows AT+CSMS=1
	Notify    []string      // settings of AT+CNMI that it takes, by their beginning; nil: all

	// Send is the network: it takes a message and gives a code of +CMS ERROR, 0
	// when it takes it; negative: it never answers. nil takes everything, and
	// reports it delivered. It may block.
	Send func(m *Modem, p *gsm.Submit, reference uint8) int
	// USSD answers requests. nil: the balance.
	USSD func(code string) (text string, more bool)
}

// defaults fills what is empty.
func (o *ModemOptions) defaults() {
	or := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	or(&o.IMEI, "490154203237518")
	or(&o.Maker, "Kurir")
	or(&o.Model, "Simulated modem")
	or(&o.ICCID, "8946020000001234567")
	or(&o.IMSI, "240080000000001")
	or(&o.PUK, "12345678")
	or(&o.Centre, "+46705008999")
	or(&o.Operator, "Kurir Mobile")
	if o.Slots == 0 {
		o.Slots = 20
	}
	if o.USSD == nil {
		o.USSD = func(code string) (string, bool) { return "Balance after " + code + ": 100 kr", false }
	}
	if o.Send == nil {
		o.Send = func(m *Modem, p *gsm.Submit, reference uint8) int {
			if p.StatusReport {
				m.Report(&gsm.StatusReport{Reference: reference, To: p.To, Sent: time.Now(), Done: time.Now()})
			}
			return 0
		}
	}
}

// Modem is a simulated GSM modem with its SIM. It answers AT on one connection at
// a time; between two it keeps everything but its settings.
type Modem struct {
	opt ModemOptions

	mu        sync.Mutex
	line      *modemLine // the connection; nil: nobody is there
	sim       simCard
	memories  map[string]map[int]*storedMessage // SM, ME, SR, by index
	held      []heldMessage                     // at the network, as there was no room or no coverage
	reference uint8
	network   int // registration as AT+CREG has it
	signal    int
	hung      bool
	storing   bool     // AT+CNMI has it store status reports: it goes on to when nobody is on the line
	sent      [][]byte // PDUs of what was sent
	told      []string // commands, for tests
	deleted   int
}

// simCard is the state of the SIM's locks.
type simCard struct {
	locked bool
	tries  int // left for the PIN
	busy   int
}

// storedMessage is what a place of a storage has.
type storedMessage struct {
	status int // 0 unread, 1 read, 2 unsent, 3 sent
	pdu    []byte
}

// heldMessage waits at the network.
type heldMessage struct {
	pdu    []byte
	report bool
}

// NewModem makes a modem that is switched on and has nothing in its storage.
func NewModem(opt ModemOptions) *Modem {
	opt.defaults()
	m := &Modem{opt: opt, network: 1, signal: 20, memories: map[string]map[int]*storedMessage{"SM": {}, "ME": {}, "SR": {}}}
	m.sim = simCard{locked: opt.PIN != "", tries: 3}
	return m
}

// modemLine is one connection and the settings that live as long as it.
type modemLine struct {
	m      *Modem
	conn   io.ReadWriteCloser
	out    outbox
	echo   bool
	errors int // AT+CMEE
	phase  int // AT+CSMS
	cnmi   [5]int

	reading, writing, receiving string // as AT+CPMS has chosen

	creg  int
	clip  bool
	pdu   int    // AT+CMGS waits for a PDU of so many octets; 0: no
	asked uint64 // which message AT+CNMA is waited for, by order; 0: none
	came  uint64 // how many have come directly
}

// maxCommand is the longest command line, in octets.
const maxCommand = 4096

// Serve answers on a connection until it ends or another one begins.
func (m *Modem) Serve(conn io.ReadWriteCloser) { m.connect(conn).serve() }

// connect makes a connection the modem's, in place of the one that there was.
func (m *Modem) connect(conn io.ReadWriteCloser) *modemLine {
	l := &modemLine{m: m, conn: conn, echo: true, reading: "SM", writing: "SM", receiving: "SM"}
	l.out.init()
	m.mu.Lock()
	old := m.line
	m.line = l
	m.mu.Unlock()
	if old != nil {
		old.cut()
	}
	return l
}

// serve answers until the connection ends.
func (l *modemLine) serve() {
	m := l.m
	var wg sync.WaitGroup
	wg.Go(func() { l.out.run(l.conn) })
	if m.opt.Noise {
		l.out.write([]byte("\x00\xff\xfe\x80garbage\x01\r\n\xff\r\n\xf0"))
	}
	l.read()
	l.cut()
	wg.Wait()
	m.mu.Lock()
	if m.line == l {
		m.line = nil
	}
	m.mu.Unlock()
}

// cut ends the connection.
func (l *modemLine) cut() {
	l.out.close()
	_ = l.conn.Close()
}

// read takes commands, each ended by CR, and PDUs, ended by Ctrl-Z or ESC.
func (l *modemLine) read() {
	buf := make([]byte, 1024)
	var line []byte
	for {
		n, err := l.conn.Read(buf)
		for _, o := range buf[:n] {
			switch {
			case l.pdu > 0 && (o == 0x1A || o == 0x1B):
				l.text(string(line), o == 0x1A)
				line = line[:0]
			case o == '\r' && l.pdu == 0:
				if l.echo {
					l.out.write(append(line, '\r'))
				}
				l.command(string(line))
				line = line[:0]
			case o >= ' ' && len(line) < maxCommand:
				line = append(line, o)
			}
		}
		if err != nil {
			return
		}
	}
}

// say writes a line of an answer, and in a chatty modem another one that has nothing to do with it.
func (l *modemLine) say(format string, args ...any) {
	if l.m.opt.Chatty {
		l.out.write([]byte("\r\n^RSSI: 18\r\n\r\n+CIEV: 5,1\r\n"))
	}
	l.out.write(fmt.Appendf(nil, "\r\n"+format+"\r\n", args...))
}

// unsolicited writes what the modem says of itself. mu is held.
func (m *Modem) unsolicited(format string, args ...any) {
	if m.line != nil && !m.hung {
		m.line.out.write(fmt.Appendf(nil, "\r\n"+format+"\r\n", args...))
	}
}

// command does a command line, and answers it. ITU-T V.250 5.2.
func (l *modemLine) command(line string) {
	line = strings.TrimSpace(strings.TrimLeft(line, "\x1B"))
	if len(line) < 2 || !strings.EqualFold(line[:2], "AT") {
		return
	}
	l.m.mu.Lock()
	if len(l.m.told) < 10_000 {
		l.m.told = append(l.m.told, line)
	}
	hung := l.m.hung
	l.m.mu.Unlock()
	if hung && !strings.Contains(line, "+CFUN=1,1") {
		return
	}
	if l.m.opt.Delay > 0 {
		time.Sleep(l.m.opt.Delay)
	}
	rest := line[2:]
	for rest != "" {
		var one string
		one, rest = cutCommand(rest)
		if result := l.do(one); result != resultOK {
			if result != resultNone {
				l.say("%s", l.refusal(result))
			}
			return
		}
	}
	l.say("OK")
}

// cutCommand takes the first of several commands in one line.
func cutCommand(s string) (one, rest string) {
	if s[0] == '+' || s[0] == '^' {
		quoted := false
		for i := range len(s) {
			if s[i] == '"' {
				quoted = !quoted
			}
			if s[i] == ';' && !quoted {
				return s[:i], s[i+1:]
			}
		}
		return s, ""
	}
	i := 1
	if s[0] == '&' && len(s) > 1 {
		i = 2
	}
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], strings.TrimPrefix(s[i:], ";")
}

// Results of commands: numbers of +CMS ERROR as they are, those of +CME ERROR with
// resultCME added.
const (
	resultOK    = 0
	resultNone  = -1 // the answer comes later
	resultError = -2
	resultCME   = 10_000
)

// refusal is the last line of an answer that is not OK.
func (l *modemLine) refusal(result int) string {
	switch {
	case result == resultError || l.errors == 0:
		return "ERROR"
	case result >= resultCME:
		return fmt.Sprintf("+CME ERROR: %d", result-resultCME)
	}
	return fmt.Sprintf("+CMS ERROR: %d", result)
}

// text takes the PDU of AT+CMGS.
func (l *modemLine) text(text string, whole bool) {
	octets := l.pdu
	l.pdu = 0
	if !whole {
		l.say("OK")
		return
	}
	raw := fromHex(strings.TrimSpace(text))
	centre, tpdu, err := gsm.CutPDU(raw)
	if err != nil || len(tpdu) != octets {
		l.say("%s", l.refusal(304))
		return
	}
	p, err := gsm.DecodeFromPhone(tpdu)
	submit, ok := p.(*gsm.Submit)
	if err != nil || !ok {
		l.say("%s", l.refusal(304))
		return
	}
	_ = centre // any service centre will do
	m := l.m
	m.mu.Lock()
	if m.network != 1 && m.network < 5 {
		m.mu.Unlock()
		l.say("%s", l.refusal(331))
		return
	}
	reference := m.reference
	m.reference++
	if len(m.sent) < 10_000 {
		m.sent = append(m.sent, bytes.Clone(raw))
	}
	m.mu.Unlock()
	switch code := m.opt.Send(m, submit, reference); {
	case code < 0:
	case code > 0:
		l.say("%s", l.refusal(code))
	default:
		l.say("+CMGS: %d", reference)
		l.say("OK")
	}
}

// fromHex reads hexadecimal digits; nil if there are others.
func fromHex(s string) []byte {
	b := make([]byte, len(s)/2)
	if n, err := fmt.Sscanf(s, "%x", &b); n != 1 || err != nil {
		return nil
	}
	return b
}

package modem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ErrNoAnswer says that the modem does not answer in time.
var ErrNoAnswer = errors.New("the modem does not answer")

// writeWithin is how long a modem may refuse to take octets.
const writeWithin = 10 * time.Second

// maxEvents bounds what the modem may say of itself before somebody looks at
// it. What is beyond is left out: messages are found again in the storage.
const maxEvents = 1000

// maxEntries bounds the lines of one answer likewise: no storage holds as many
// messages.
const maxEntries = 2000

// dialogue is one conversation with a modem: one command at a time, and what
// the modem says of itself in between. All but the reader belongs to one
// goroutine.
type dialogue struct {
	port   io.ReadWriteCloser
	lines  chan line
	stop   chan struct{}
	err    error // of reading; valid when lines is closed
	trace  func(sent bool, line string)
	hidden string // of what was written last, which may be echoed

	events  []event
	pending []pendingPDU
}

// event is something that the modem said of itself.
type event struct {
	name   string // +CMTI, RING
	params []string
	pdu    string // of +CMT and +CDS, in hexadecimal
}

// pendingPDU is a line whose PDU is still to come.
type pendingPDU struct {
	octets int // as the line says, without the service centre's address; -1 if it does not
	set    func(pdu string)
	answer bool // it belongs to the command in hand
}

// entry is one line of an answer, with the PDU that follows it.
type entry struct {
	text, pdu string
}

// newDialogue begins to read from a port, which it owns from now on.
func newDialogue(port io.ReadWriteCloser, trace func(sent bool, line string)) *dialogue {
	if trace == nil {
		trace = func(bool, string) {}
	}
	d := &dialogue{port: port, lines: make(chan line, 64), stop: make(chan struct{}), trace: trace}
	reader := lineReader{port: port, out: d.lines, stop: d.stop}
	go func() {
		d.err = reader.run()
		close(d.lines)
	}()
	return d
}

// close closes the port and waits for the reader.
func (d *dialogue) close() {
	close(d.stop)
	_ = d.port.Close()
	for range d.lines {
		continue // until the reader has ended
	}
}

// command is one AT command and how its answer is read.
type command struct {
	text   string        // without the CR
	prefix string        // of the lines that belong to the answer; empty: those that are no event
	pdus   bool          // a PDU follows each of them
	within time.Duration // for the whole answer
	secret bool          // not for the trace
}

// exec gives a command and waits for its answer: its lines, and an *[Error] when
// the last is not OK. Every other error ends the dialogue.
func (d *dialogue) exec(ctx context.Context, c command) ([]*entry, error) {
	if err := d.write(c.text+"\r", c.secret); err != nil {
		return nil, err
	}
	return d.answer(ctx, c)
}

// write writes octets, and shows them to the trace.
func (d *dialogue) write(s string, secret bool) error {
	shown := strings.Trim(s, "\r\x1A\x1B")
	if d.hidden = ""; secret {
		d.hidden, shown = shown, hiddenLine
	}
	d.trace(true, shown)
	if port, ok := d.port.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		_ = port.SetWriteDeadline(time.Now().Add(writeWithin)) // a device without deadlines blocks, and is closed in the end
	}
	if _, err := io.WriteString(d.port, s); err != nil {
		return fmt.Errorf("write to the modem: %w", err)
	}
	return nil
}

// hiddenLine is what a trace has in place of a line that is secret.
const hiddenLine = "***"

// heard shows a line of the modem to the trace, but for the echo of a secret.
func (d *dialogue) heard(text string) {
	if d.hidden != "" && strings.Contains(text, d.hidden) {
		text = hiddenLine
	}
	d.trace(false, text)
}

// answer gathers the lines of an answer up to its end.
func (d *dialogue) answer(ctx context.Context, c command) ([]*entry, error) {
	var list []*entry
	defer d.dropPending()
	timeout := time.NewTimer(c.within)
	defer timeout.Stop()
	for {
		l, err := d.next(ctx, timeout)
		if err != nil {
			return list, err
		}
		if l.prompt || l.text == c.text { // the echo
			continue
		}
		if result, final := finalResult(l.text); final {
			return list, result
		}
		list = d.sort(c, list, l.text)
	}
}

// next waits for a line.
func (d *dialogue) next(ctx context.Context, timeout *time.Timer) (line, error) {
	select {
	case l, ok := <-d.lines:
		if !ok {
			return line{}, d.err
		}
		d.heard(l.text)
		return l, nil
	case <-timeout.C:
		return line{}, ErrNoAnswer
	case <-ctx.Done():
		return line{}, context.Cause(ctx)
	}
}

// sort decides what a line is that came before the end of an answer.
func (d *dialogue) sort(c command, list []*entry, text string) []*entry {
	if d.takePDU(text) {
		return list
	}
	switch {
	case len(list) >= maxEntries:
		return list
	case c.prefix != "" && strings.HasPrefix(text, c.prefix) && solicited(c.prefix, text):
		e := &entry{text: text}
		if c.pdus {
			d.pending = append(d.pending, pendingPDU{octets: last(params(text)), answer: true, set: func(pdu string) { e.pdu = pdu }})
		}
		return append(list, e)
	case c.prefix == "" && strings.HasPrefix(text, strings.TrimPrefix(c.text, "AT")+":"):
		return append(list, &entry{text: text}) // a name that need not be there
	case d.unsolicited(text) || c.prefix != "":
		return list
	}
	return append(list, &entry{text: text})
}

// solicited tells the answer to AT+CREG? from what the modem says of itself,
// which lacks the first parameter. 3GPP TS 27.007 7.2.
func solicited(prefix, text string) bool {
	if !strings.HasSuffix(prefix, "REG:") {
		return true
	}
	_, rest, _ := strings.Cut(text, ",")
	return rest != "" && !strings.HasPrefix(strings.TrimSpace(rest), `"`)
}

// takePDU gives a PDU to the line that it belongs to: the last one with that
// length. Other events may stand between the two.
func (d *dialogue) takePDU(text string) bool {
	if len(d.pending) == 0 || !isHex(text) {
		return false
	}
	at := -1
	for i, p := range d.pending {
		if p.octets >= 0 && pduOctets(text) == p.octets {
			at = i
		}
	}
	if at < 0 {
		if len(text) < 16 || strings.Trim(text, "0123456789") == "" && len(text) < 32 {
			return false
		}
		at = len(d.pending) - 1 // a modem that counts otherwise
	}
	set := d.pending[at].set
	d.pending = append(d.pending[:at], d.pending[at+1:]...)
	set(text)
	return true
}

// pduOctets is the length of a PDU without the service centre's address, whose
// length is its first octet.
func pduOctets(text string) int {
	centre := strings.IndexByte(hexDigits, lower(text[0]))*16 + strings.IndexByte(hexDigits, lower(text[1]))
	return len(text)/2 - 1 - centre
}

const hexDigits = "0123456789abcdef"

func lower(o byte) byte {
	if o >= 'A' && o <= 'F' {
		return o + 'a' - 'A'
	}
	return o
}

// dropPending forgets what the answer that has ended still lacked.
func (d *dialogue) dropPending() {
	kept := d.pending[:0]
	for _, p := range d.pending {
		if !p.answer {
			kept = append(kept, p)
		}
	}
	d.pending = kept
}

// unsolicited takes a line that the modem says of itself, and tells whether it
// is one: those that begin with a sign, and RING.
func (d *dialogue) unsolicited(text string) bool {
	name, _, _ := strings.Cut(text, ":")
	switch name = strings.TrimSpace(name); name {
	case "+CMT", "+CDS":
		list := params(text)
		if len(d.pending) >= maxEvents {
			return true
		}
		d.pending = append(d.pending, pendingPDU{octets: last(list), set: func(pdu string) {
			d.queue(event{name: name, params: list, pdu: pdu})
		}})
	case "+CMTI", "+CDSI", "RING", "+CRING", "+CLIP", "+CREG", "+CUSD", "+CIEV", "^SMMEMFULL":
		d.queue(event{name: name, params: params(text)})
	default:
		return text != "" && strings.ContainsAny(text[:1], "+^*%$")
	}
	return true
}

func (d *dialogue) queue(e event) {
	if len(d.events) < maxEvents {
		d.events = append(d.events, e)
	}
}

// idle takes a line that came while no command was in hand.
func (d *dialogue) idle(l line) {
	if l.prompt {
		return
	}
	d.heard(l.text)
	if !d.takePDU(l.text) {
		d.unsolicited(l.text)
	}
}

// take gives the events that have gathered.
func (d *dialogue) take() []event {
	list := d.events
	d.events = nil
	return list
}

// prompt gives a command that the modem answers with a prompt, and waits for it.
func (d *dialogue) prompt(ctx context.Context, c command) error {
	if err := d.write(c.text+"\r", false); err != nil {
		return err
	}
	timeout := time.NewTimer(c.within)
	defer timeout.Stop()
	for {
		l, err := d.next(ctx, timeout)
		if err != nil {
			return err
		}
		if l.prompt {
			return nil
		}
		if result, final := finalResult(l.text); final && result != nil {
			return result
		}
		if !d.takePDU(l.text) {
			d.unsolicited(l.text)
		}
	}
}

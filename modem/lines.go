package modem

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// line is one line of a modem, or its wish for the text of a message.
type line struct {
	text   string
	prompt bool
}

// maxLine is the longest line that is read, in octets: the longest PDU has 352.
// Of longer ones nothing is kept.
const maxLine = 4096

// An answer of the network to USSD has line ends in its text, which stands between
// quotes: its lines are one. Of a text whose quotes never end nothing else may be
// lost than what follows at once. 3GPP TS 27.007 7.15.
const (
	ussdLines  = 91 // of the 182 characters there may be, every other one ends a line
	ussdWithin = 2 * time.Second
)

// lineReader cuts what a modem sends into lines. Empty ones are left out, and so
// are control characters, and the garbage that stands in front of a line when a
// device has just been opened. The lines of a USSD text are one, with LF between
// them.
type lineReader struct {
	port io.Reader
	out  chan<- line
	stop <-chan struct{}

	partial []byte
	long    bool // the line is too long

	ussd  string // what has come of a USSD text that goes on
	lines int    // how many lines it is
	began time.Time
}

// errStopped says that nobody reads the lines any more.
var errStopped = errors.New("stopped")

// run reads until the port fails or stop is closed, and returns why.
func (r *lineReader) run() error {
	buf := make([]byte, 4096)
	for {
		n, err := r.port.Read(buf)
		if feed := r.feed(buf[:n]); feed != nil {
			return feed
		}
		if err != nil {
			return fmt.Errorf("read from the modem: %w", err)
		}
	}
}

// feed takes what one read brought.
func (r *lineReader) feed(b []byte) error {
	if r.ussd != "" && time.Since(r.began) > ussdWithin {
		if err := r.endUSSD(); err != nil {
			return err
		}
	}
	for _, o := range b {
		switch {
		case o == '\r' || o == '\n':
			if err := r.end(); err != nil {
				return err
			}
		case len(r.partial) >= maxLine:
			r.long = true
		case o >= ' ' && o != 0x7F:
			r.partial = append(r.partial, o)
		}
	}
	// The prompt has no end of line: 3GPP TS 27.005 4.3.
	if t := strings.TrimSpace(string(r.partial)); t == ">" && r.ussd == "" {
		r.partial = r.partial[:0]
		return r.emit(line{prompt: true})
	}
	return nil
}

// end takes a line that is whole.
func (r *lineReader) end() error {
	text, long := r.partial, r.long
	for r.ussd == "" && len(text) > 0 && text[0] >= 0x80 {
		text = text[1:]
	}
	s := strings.TrimSpace(string(text))
	r.partial, r.long = r.partial[:0], false
	if s == "" || long {
		return nil
	}
	if r.ussd != "" || strings.HasPrefix(s, "+CUSD:") {
		return r.joinUSSD(s)
	}
	if rest, ok := strings.CutPrefix(s, ">"); ok { // the prompt with an echo behind it
		if err := r.emit(line{prompt: true}); err != nil {
			return err
		}
		if s = strings.TrimSpace(rest); s == "" {
			return nil
		}
	}
	return r.emit(line{text: s})
}

// joinUSSD takes a line of a USSD text, and emits the text when it is whole.
func (r *lineReader) joinUSSD(s string) error {
	if r.ussd == "" {
		r.lines, r.began = 0, time.Now()
	} else {
		s = r.ussd + "\n" + s
	}
	r.ussd = s
	if r.lines++; openUSSD(s) && r.lines < ussdLines && len(s) < maxLine {
		return nil
	}
	return r.endUSSD()
}

// endUSSD emits what there is of a USSD text.
func (r *lineReader) endUSSD() error {
	s := r.ussd
	r.ussd = ""
	return r.emit(line{text: s})
}

// openUSSD tells whether a USSD text goes on behind s. One that has a quote in
// itself has ended when its coding stands behind it.
func openUSSD(s string) bool {
	head := strings.TrimRight(s, "0123456789")
	return strings.Count(s, `"`)%2 == 1 && (len(head) == len(s) || !strings.HasSuffix(head, `",`))
}

func (r *lineReader) emit(l line) error {
	select {
	case r.out <- l:
		return nil
	case <-r.stop:
		return errStopped
	}
}

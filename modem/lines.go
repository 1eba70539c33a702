package modem

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// line is one line of a modem, or its wish for the text of a message.
type line struct {
	text   string
	prompt bool
}

// maxLine is the longest line that is read, in octets: the longest PDU has 352.
// Of longer ones nothing is kept.
const maxLine = 4096

// lineReader cuts what a modem sends into lines. Empty ones are left out, and so
// are control characters, and the garbage that stands in front of a line when a
// device has just been opened.
type lineReader struct {
	port io.Reader
	out  chan<- line
	stop <-chan struct{}

	partial []byte
	long    bool // the line is too long
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
	if t := strings.TrimSpace(string(r.partial)); t == ">" {
		r.partial = r.partial[:0]
		return r.emit(line{prompt: true})
	}
	return nil
}

// end takes a line that is whole.
func (r *lineReader) end() error {
	text, long := r.partial, r.long
	for len(text) > 0 && text[0] >= 0x80 {
		text = text[1:]
	}
	s := strings.TrimSpace(string(text))
	r.partial, r.long = r.partial[:0], false
	if s == "" || long {
		return nil
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

func (r *lineReader) emit(l line) error {
	select {
	case r.out <- l:
		return nil
	case <-r.stop:
		return errStopped
	}
}

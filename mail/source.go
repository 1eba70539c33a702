package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// source gives a mail line by line and knows the boundaries of the parts that it
// is in (RFC 2046 5.1.1). A line that is a boundary of any of them ends the parts
// inside it too, so that a part whose own end is missing takes nothing of the next.
type source struct {
	r      *bufio.Reader
	left   int64    // octets that may still be read
	bounds []string // of the parts around, the outermost first
	hit    int      // the boundary that was read last: its place in bounds, or atEnd
	final  bool     // it was the closing one
	middle bool     // the last line was cut: what comes next is its rest
	held   []byte   // a line that was given back
	over   bool     // the mail has more than it may
	err    error    // of the reader, other than its end
}

// atEnd stands for the boundary where the mail ends.
const atEnd = -1

// lineBuffer is how much of a line comes at once.
const lineBuffer = 16 << 10

func newSource(r io.Reader, most int64) *source {
	return &source{r: bufio.NewReaderSize(r, lineBuffer), left: most, hit: atEnd}
}

// next gives the next line of the part with its ending, or a piece of a line
// that is longer than the buffer. Begins is false for all but the first piece. Not ok:
// the part has ended, at the boundary that hit tells. The line is good until
// the next call.
func (s *source) next() (line []byte, begins, ok bool) {
	if s.held != nil {
		line, s.held = s.held, nil
		return line, true, true
	}
	if s.left <= 0 {
		if _, err := s.r.Peek(1); err == nil {
			s.over = true
		}
		s.hit = atEnd
		return nil, false, false
	}
	line, err := s.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if int64(len(line)) > s.left {
		line, s.over = line[:s.left], true
	}
	s.left -= int64(len(line))
	if len(line) == 0 {
		s.hit = atEnd
		return nil, false, false
	}
	begins = !s.middle
	s.middle = line[len(line)-1] != '\n'
	if begins && s.boundary(line) {
		return nil, false, false
	}
	return line, begins, true
}

// back gives a whole line back to be read again.
func (s *source) back(line []byte) { s.held = bytes.Clone(line) }

// boundary tells whether a line is a boundary of a part around, and notes which.
func (s *source) boundary(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	line = bytes.TrimRight(line[2:], " \t\r\n")
	for i := len(s.bounds) - 1; i >= 0; i-- {
		rest, is := bytes.CutPrefix(line, []byte(s.bounds[i]))
		if is && (len(rest) == 0 || string(rest) == "--") {
			s.hit, s.final = i, len(rest) > 0
			return true
		}
	}
	return false
}

// skip reads to the end of the part.
func (s *source) skip() {
	for {
		if _, _, ok := s.next(); !ok {
			return
		}
	}
}

package api

import (
	"bytes"
	"errors"
	"io"
)

// maxLine is how many octets a line of a stream may have.
const maxLine = 256 << 10

// Errors of lineReader.next.
var (
	errNoLine   = errors.New("no whole line is in memory")
	errLongLine = errors.New("the line is too long")
)

// lineReader takes lines from a stream. It tells when it would have to wait for
// the next one, so that nothing that has come waits for what has not.
type lineReader struct {
	in       io.Reader
	buf      []byte
	from, to int  // what is in buf and was not taken
	searched int  // up to here there is no end of a line
	long     bool // what is left of a line that is too long is skipped
	err      error
}

// next returns the next line without its end, valid until fill. Errors are
// errNoLine: call fill; errLongLine: that line is skipped; io.EOF: all lines were
// taken; any other: the stream broke, perhaps within a line, which is not taken.
func (r *lineReader) next() ([]byte, error) {
	for {
		line, found := r.take()
		switch {
		case r.long && found:
			r.long = false
		case found:
			return line, nil
		case r.long:
			r.from, r.to, r.searched = 0, 0, 0
			if r.err != nil {
				return nil, r.err
			}
			return nil, errNoLine
		case r.to-r.from > maxLine:
			r.long = true
			return nil, errLongLine
		case r.err == nil:
			return nil, errNoLine
		case errors.Is(r.err, io.EOF) && r.from < r.to: // the last one needs no end
			line := r.buf[r.from:r.to]
			r.from = r.to
			return line, nil
		default:
			return nil, r.err
		}
	}
}

// take takes a line whose end is in memory.
func (r *lineReader) take() ([]byte, bool) {
	end := bytes.IndexByte(r.buf[r.searched:r.to], '\n')
	if end < 0 {
		r.searched = r.to
		return nil, false
	}
	end += r.searched
	line := r.buf[r.from:end]
	r.from, r.searched = end+1, end+1
	return line, true
}

// fill reads on; what it meets is told by next.
func (r *lineReader) fill() {
	if r.from > 0 {
		r.to = copy(r.buf, r.buf[r.from:r.to])
		r.from, r.searched = 0, r.to
	}
	if r.to == len(r.buf) {
		grown := make([]byte, max(64<<10, min(2*len(r.buf), maxLine+1)))
		copy(grown, r.buf)
		r.buf = grown
	}
	for range 100 {
		n, err := r.in.Read(r.buf[r.to:])
		r.to += n
		if r.err = err; n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

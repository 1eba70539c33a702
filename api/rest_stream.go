package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// A stream is POST /v1/messages with a message in each line, as many as the
// customer likes, and a result for each in the answer.
//
//  1. The goroutine of the request reads lines, makes pieces of them and hands each
//     to the gateway. A piece is handed over when it is full or when the next line
//     has not come yet.
//  2. At most streamPieces are under way. When there are so many nothing is read, so
//     that the customer's writing waits: that is the back-pressure.
//  3. A second goroutine (rest_stream_answer.go) waits for the pieces in order, tries
//     again what was refused for the moment, and writes the results.
//
// Times count from one sign of progress to the next; the whole may take as long as
// it takes.
const (
	pieceMessages = 256      // messages of a piece, but for a line with more recipients
	pieceOctets   = 64 << 10 // lines of a piece
	streamPieces  = 16
	streamMemory  = 4 << 20 // what a stream counts for among bodies that are read

	streamIdle     = time.Minute      // in which nothing is read or written
	streamStall    = 10 * time.Second // in which the customer does not read, before no further lines are taken
	streamPatience = time.Minute      // in which everything is refused for the moment
	streamDrain    = 10 * time.Second // in which what is sent after a stop is read and thrown away,
	drainOctets    = 32 << 20         // and how much of it
	streamTrust    = time.Second      // after which the customer's right is looked at again
)

// isNDJSON tells whether a body is said to have a JSON text in each line.
func isNDJSON(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.HasSuffix(media, "ndjson") && (media == "application/x-ndjson" || media == "application/ndjson")
}

type stream struct {
	s       *httpServer
	r       *http.Request
	conn    *http.ResponseController
	link    string
	number  uint32
	a       *account.Account
	trusted time.Time // when a was looked up

	lines lineReader
	line  int         // number of the line that was read last
	m     restMessage // of it
	piece *piece      // being made

	pieces chan *piece   // handed over, in order
	room   chan struct{} // for pieces under way
	taken  int           // lines in pieces handed over; whole: all there are
	whole  bool
	broken bool // nothing more comes

	until   atomic.Int64  // Unix nanoseconds when a stream that was stopped is over; 0: it was not
	writing atomic.Int64  // Unix nanoseconds since when the answer is being written; 0: it is not
	over    chan struct{} // closed when no further lines are to be taken
	mu      sync.Mutex
	why     *problem // of that

	answer streamAnswer
}

// piece is some lines that are handed over at once.
type piece struct {
	batch
	last   int // line
	octets int
	came   chan []gateway.Result
}

// streamMessages is POST /v1/messages with a message in each line.
func (s *httpServer) streamMessages(w http.ResponseWriter, r *http.Request, a *account.Account, link string) *problem {
	summary, p := readSummary(r)
	if p != nil {
		return p
	}
	body, owner := io.Reader(r.Body), bodyOwnerOf(r, a)
	switch zipped, unknown := isZipped(r); {
	case unknown:
		return wrongCoding(w, r)
	case zipped:
		z, p := s.unzip(r, owner)
		if p != nil {
			return p
		}
		defer z.free(s)
		body = z
	}
	if p := s.streams.begin(a.Name); p != nil {
		return p
	}
	if p := s.bodies.take(owner, streamMemory); p != nil {
		s.streams.end(a.Name)
		return p
	}
	leave := sync.OnceFunc(func() {
		s.bodies.give(owner, streamMemory)
		s.streams.end(a.Name)
	})
	defer leave()
	st := &stream{
		s: s, r: r, conn: http.NewResponseController(w), link: link, number: rand.Uint32() | 1, a: a, trusted: time.Now(),
		lines: lineReader{in: body}, pieces: make(chan *piece, streamPieces), room: make(chan struct{}, streamPieces),
		over: make(chan struct{}), answer: streamAnswer{w: w, summary: summary},
	}
	_ = st.conn.EnableFullDuplex() // HTTP/2 is it anyway
	defer context.AfterFunc(s.Closing, st.close)()
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("X-Accel-Buffering", "no") // nginx shall hand on each result
	h["Cache-Control"] = noStore
	var answering sync.WaitGroup
	answering.Go(st.answering)
	st.read()
	close(st.pieces)
	st.drain(leave)
	answering.Wait()
	return nil
}

// readSummary reads the parameter summary: only mistakes and totals are answered,
// when all lines were read.
func readSummary(r *http.Request) (bool, *problem) {
	if r.URL.RawQuery == "" {
		return false, nil
	}
	values, p := parseQuery(r)
	if p != nil {
		return false, p
	}
	for name, given := range values {
		if name != "summary" {
			return false, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; summary is", clip(name))
		}
		if len(given) != 1 || given[0] != "true" && given[0] != "false" {
			return false, faulty(http.StatusBadRequest, codeBadValue, name, "summary is true or false")
		}
	}
	return values.Get("summary") == "true", nil
}

// read takes lines until there are no more, or none are wanted any more.
func (st *stream) read() {
	for {
		line, err := st.lines.next()
		switch {
		case err == nil:
			st.line++
			st.add(line)
		case errors.Is(err, errLongLine):
			st.line++
			st.grow()
			st.piece.bad = append(st.piece.bad, fieldError{Index: st.line, Code: codeTooLarge, Detail: "the line is larger than " + sizeText(maxLine)})
		case errors.Is(err, errNoLine):
			if !st.hand() || !st.fill() {
				return
			}
			continue
		default:
			if st.hand() {
				st.ended(err)
			}
			return
		}
		if p := st.piece; p != nil && (len(p.subs)+len(p.bad) >= pieceMessages || p.octets >= pieceOctets) && !st.hand() {
			return
		}
	}
}

// grow makes a piece if there is none.
func (st *stream) grow() {
	if st.piece == nil {
		p := &piece{came: make(chan []gateway.Result, 1)}
		p.several, p.together, p.stream, p.link = true, true, st.number, st.link
		p.addressing = addressing{st.s, st.r.Context()}
		st.piece = p
	}
	st.piece.last = st.line
}

// add makes submissions of a line.
func (st *stream) add(line []byte) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return
	}
	st.grow()
	p := st.piece
	p.octets += len(line)
	if wrong := readLine(line, &st.m); wrong != nil {
		e := fieldError{Code: wrong.Code, Detail: wrong.Detail}
		if len(wrong.Errors) > 0 {
			e = wrong.Errors[0]
		}
		e.Index = st.line
		p.bad = append(p.bad, e)
		return
	}
	if n := len(st.m.to); n > len(p.made) {
		p.made = make([]gateway.Submission, max(n, min(pieceMessages, 2*len(p.subs)), 8))
	}
	p.add(st.line, &st.m, st.a, st.s.Guard, st.s.TLVs())
}

// fill waits for more of the body.
func (st *stream) fill() bool {
	_ = st.conn.SetReadDeadline(time.Now().Add(streamIdle))
	select {
	case <-st.over:
		return false
	default:
	}
	st.lines.fill()
	_ = st.conn.SetReadDeadline(time.Time{}) // pauses of ours are not the customer's
	return true
}

// ended notes how the body ended.
func (st *stream) ended(err error) {
	p := brokenBody(err)
	switch {
	case errors.Is(err, io.EOF):
		st.whole, st.taken = true, st.line
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.Code, p.Detail = codeTimeout, "no line came for "+streamIdle.String()
	}
	st.broken = true
	st.stop(p)
}

// hand hands the piece over as soon as there is room for it.
func (st *stream) hand() bool {
	p := st.piece
	if p == nil {
		return true
	}
	if !st.wait() || !st.mayGoOn() {
		return false
	}
	st.piece, st.taken = nil, p.last
	if pieces := st.s.streams.pieces; len(p.subs) > 0 {
		pieces <- struct{}{} // soon: the gateway answers
		st.s.Accept(p.subs, func(r []gateway.Result) { <-pieces; p.came <- r })
	}
	st.pieces <- p
	return true
}

// wait waits for room for a piece. A customer who does not read would let it wait
// for ever, and waits himself until his lines are read: then no more are taken.
func (st *stream) wait() bool {
	select {
	case <-st.over:
		return false
	default:
	}
	select {
	case st.room <- struct{}{}:
		return true
	default:
	}
	look := time.NewTicker(streamStall / 10)
	defer look.Stop()
	for {
		select {
		case st.room <- struct{}{}:
			return true
		case <-st.over:
			return false
		case now := <-look.C:
			if since := st.writing.Load(); since != 0 && now.UnixNano()-since >= int64(streamStall) {
				st.stop(&problem{
					Status: http.StatusRequestTimeout, Code: codeNotRead,
					Detail: "results were not read for " + streamStall.String() + "; read them while sending, or ask for summary=true",
				})
				return false
			}
		}
	}
}

// mayGoOn looks at the customer's right again now and then: a stream may last for
// days.
func (st *stream) mayGoOn() bool {
	if time.Since(st.trusted) < streamTrust {
		return true
	}
	a, p := st.s.authenticate(st.r)
	if p == nil && a.Key() != nil {
		key := a.Key()
		if a = key.As(a, account.MessagesWrite); !key.May(account.MessagesWrite) {
			p = unauthorized("the API key lacks the scope " + string(account.MessagesWrite) + " by now")
		}
	}
	if p != nil {
		st.stop(p)
		return false
	}
	st.a, st.trusted = a, time.Now()
	return true
}

// stop lets no further lines be taken.
func (st *stream) stop(why *problem) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.why == nil {
		st.why = why
		close(st.over)
	}
}

// wake ends the reading of the body: nothing that is still to come matters.
func (st *stream) wake() { _ = st.conn.SetReadDeadline(time.Now()) }

// close is a stop because the server ends.
func (st *stream) close() {
	st.stop(failed(&message.Failure{Kind: message.Stopping}))
	st.wake()
}

// stopped returns why no further lines are taken, nil while they are.
func (st *stream) stopped() *problem {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.why
}

// drain reads what is left after a stop, so that a customer who reads only when he
// has sent everything comes to read why. It keeps no place: leave gives it back
// before. Of somebody who may not send any more nothing is read.
func (st *stream) drain(leave func()) {
	why := st.stopped()
	if why == nil || st.broken || why.Code == message.Stopping.Code() || st.answer.gone.Load() {
		return
	}
	st.lines.buf = nil
	leave()
	until := time.Now().Add(streamDrain)
	st.until.Store(until.UnixNano())
	_, _ = st.conn.SetReadDeadline(until), st.conn.SetWriteDeadline(until)
	if why.Status == http.StatusUnauthorized || why.Status == http.StatusForbidden {
		st.wake()
		return
	}
	_, _ = io.CopyN(io.Discard, st.r.Body, drainOctets)
}

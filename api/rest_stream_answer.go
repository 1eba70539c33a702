package api

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"kurir/gateway"
	"kurir/message"
)

const (
	// flushedAt is how many octets of results are gathered while more are there.
	flushedAt = 32 << 10
	// maxListed is how many octets of mistakes are kept for a summary.
	maxListed = 1 << 20
	// firstAgain is how many messages are tried again at first; more as they pass.
	firstAgain = 16

	leastPause = 50 * time.Millisecond
	mostPause  = time.Second
)

// streamAnswer is what is written, and what tries again.
type streamAnswer struct {
	w       http.ResponseWriter
	summary bool
	out     []byte
	gone    atomic.Bool // nobody reads any more

	accepted, parts, errors, unlisted int64

	progress time.Time // when a message was accepted last, or none waited
	width    int       // how many are tried again at a time
	pause    time.Duration
	hopeless bool // nothing is tried again any more
}

// answering writes the results of all pieces, and at last the summary.
func (st *stream) answering() {
	st.answer.width, st.answer.progress = firstAgain, time.Now()
	for {
		var p *piece
		var more bool
		select {
		case p, more = <-st.pieces:
		default:
			st.flush(false)
			p, more = <-st.pieces
			st.answer.progress = time.Now()
		}
		if !more {
			break
		}
		if len(p.subs) > 0 {
			p.results = st.await(p.came)
			st.again(p)
		}
		st.write(p)
		<-st.room
	}
	st.sum()
	st.flush(true)
}

// await returns the gateway's answer to a piece, nil if none came in time.
func (st *stream) await(came chan []gateway.Result) []gateway.Result {
	select {
	case r := <-came:
		return r
	default:
	}
	st.flush(false)
	patience := time.NewTimer(st.s.Timeout)
	defer patience.Stop()
	select {
	case r := <-came:
		return r
	case <-patience.C:
		st.stop(timedOut())
		return nil
	}
}

// mayPass tells whether a message that was refused may be accepted in a moment.
func mayPass(f *message.Failure) bool {
	return f != nil && f.Kind.Temporary() && f.Kind != message.LimitReached && f.Kind != message.Stopping
}

// again hands over again what was refused for the moment, in order, a few at a time
// and more as they pass, until nothing is left or nothing passes any more.
func (st *stream) again(p *piece) {
	a := &st.answer
	if st.noteResults(p.results) {
		a.progress = time.Now()
	}
	for !a.hopeless && !a.gone.Load() {
		var at []int
		for i := range p.results {
			if mayPass(p.results[i].Failure) && len(at) < a.width {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			return
		}
		if time.Since(a.progress) >= streamPatience {
			a.hopeless = true
			st.stop(failed(p.results[at[0]].Failure))
			return
		}
		if st.waitFor(a.pause) {
			st.tryAgain(p, at)
		}
	}
}

// tryAgain hands over the submissions of a piece that stand at these places.
func (st *stream) tryAgain(p *piece, at []int) {
	a := &st.answer
	subs := make([]*gateway.Submission, len(at))
	for k, i := range at {
		subs[k] = p.subs[i]
	}
	came := make(chan []gateway.Result, 1)
	st.s.Accept(subs, func(r []gateway.Result) { came <- r })
	results := st.await(came)
	if results == nil {
		a.hopeless = true
		return
	}
	passed := 0
	for k, i := range at {
		if p.results[i] = results[k]; !mayPass(results[k].Failure) {
			passed++
		}
	}
	if st.noteResults(results) || passed > 0 {
		a.progress = time.Now()
	}
	switch {
	case passed == len(at):
		a.width, a.pause = min(2*a.width, pieceMessages), 0
	case passed > 0:
		a.width, a.pause = passed, leastPause
	default:
		a.width, a.pause = max(1, a.width/2), min(max(2*a.pause, leastPause), mostPause)
	}
}

// noteResults tells whether one is accepted, and stops the stream when the gateway stops.
func (st *stream) noteResults(results []gateway.Result) (accepted bool) {
	for i := range results {
		switch f := results[i].Failure; {
		case f == nil:
			accepted = true
		case f.Kind == message.Stopping:
			st.answer.hopeless = true
			st.close()
		}
	}
	return accepted
}

// waitFor waits before the next attempt, and tells whether there is to be one.
func (st *stream) waitFor(d time.Duration) bool {
	if d == 0 {
		return true
	}
	st.flush(false)
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-st.s.Closing.Done():
	case <-st.r.Context().Done():
	}
	st.answer.hopeless = true
	return false
}

// write writes the results of a piece, those of one line together.
func (st *stream) write(p *piece) {
	bad := p.bad
	for i, sub := range p.subs {
		line := p.at[i]
		for len(bad) > 0 && bad[0].Index <= line {
			st.refused(&bad[0])
			bad = bad[1:]
		}
		switch {
		case p.results == nil:
			why := timedOut()
			st.refused(&fieldError{Index: line, To: clip(sub.To), Code: why.Code, Detail: why.Detail})
		case p.results[i].Failure != nil:
			f := p.results[i].Failure
			st.refused(&fieldError{Index: line, To: clip(sub.To), Field: f.Field, Code: f.Kind.Code(), Detail: f.Error()})
		default:
			st.acceptedOne(line, &p.results[i])
		}
	}
	for i := range bad {
		st.refused(&bad[i])
	}
}

func (st *stream) acceptedOne(line int, r *gateway.Result) {
	a := &st.answer
	a.accepted++
	a.parts += int64(r.Parts)
	if a.summary {
		return
	}
	a.out = append(appendAccepted(appendLine(a.out, line), r), "}\n"...)
	st.flushLarge()
}

func (st *stream) refused(e *fieldError) {
	a := &st.answer
	a.errors++
	if a.summary && len(a.out) >= maxListed {
		a.unlisted++
		return
	}
	a.out = append(appendFieldError(appendLine(a.out, e.Index), e), "}\n"...)
	st.flushLarge()
}

func appendLine(out []byte, line int) []byte {
	return append(strconv.AppendInt(append(out, `{"line":`...), int64(line), 10), ',')
}

// sum writes the last line. Without it the answer is not whole.
func (st *stream) sum() {
	a := &st.answer
	out := append(a.out, `{"summary":{"lines":`...)
	out = strconv.AppendInt(out, int64(st.taken), 10)
	out = append(out, `,"accepted":`...)
	out = strconv.AppendInt(out, a.accepted, 10)
	out = append(out, `,"parts":`...)
	out = strconv.AppendInt(out, a.parts, 10)
	out = append(out, `,"errors":`...)
	out = strconv.AppendInt(out, a.errors, 10)
	if a.unlisted > 0 {
		out = append(out, `,"unlisted":`...)
		out = strconv.AppendInt(out, a.unlisted, 10)
	}
	out = append(out, `,"complete":`...)
	out = strconv.AppendBool(out, st.whole)
	if why := st.stopped(); !st.whole && why != nil {
		out = append(out, `,"next_line":`...)
		out = strconv.AppendInt(out, int64(st.taken)+1, 10)
		out = append(appendFieldError(append(out, ','), &fieldError{Code: why.Code, Detail: why.Detail}), '}')
	} else {
		out = append(out, '}')
	}
	a.out = append(out, "}\n"...)
}

// flushLarge writes when there is much to write.
func (st *stream) flushLarge() {
	if len(st.answer.out) >= flushedAt {
		st.flush(false)
	}
}

// flush writes what there is; in a summary only at the end.
func (st *stream) flush(end bool) {
	a := &st.answer
	if len(a.out) == 0 || a.summary && !end || a.gone.Load() {
		return
	}
	began := time.Now()
	st.writing.Store(began.UnixNano())
	deadline := began.Add(streamIdle)
	if until := st.until.Load(); until != 0 {
		deadline = time.Unix(0, until)
	}
	_ = st.conn.SetWriteDeadline(deadline)
	_, err := a.w.Write(a.out)
	if err == nil {
		err = st.conn.Flush()
	}
	if err != nil {
		a.gone.Store(true)
		st.stop(&problem{Status: http.StatusRequestTimeout, Code: codeNotRead, Detail: "the results could not be written"})
		st.wake()
	}
	st.writing.Store(0)
	if a.out = a.out[:0]; !end {
		_ = st.conn.SetWriteDeadline(time.Time{}) // pauses of ours are not the customer's
	}
}

package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// EventsOptions is what Events are made of. Follow and After are required.
type EventsOptions struct {
	Follow func(ctx context.Context, account string) (head message.ID, leave func(), err error)                    // Gateway.FollowEvents
	After  func(ctx context.Context, account string, after message.ID, n int) ([]gateway.Event, message.ID, error) // Gateway.EventsAfter
	TLVs   func() *message.TLVDictionary                                                                           // parameters of SMPP by name; nil knows the specification's
	Log    *slog.Logger

	PerAccount int // streams of one account; default 100
	Total      int // streams in all; default 5000
}

// Events are the streams of GET /v1/events. What is on disk is read once for all
// streams of an account and kept for a moment; a stream that is behind that,
// because it goes on from an earlier position or its client reads slowly, reads
// the disk for itself until it has caught up. So a stream has no buffer of its
// own, and says nothing that would not be said again after a crash.
type Events struct {
	opt    EventsOptions
	ctx    context.Context
	stop   context.CancelFunc
	reads  chan struct{} // held while a feed reads
	chases chan struct{} // and while a stream does
	jobs   sync.WaitGroup

	mu      sync.Mutex
	feeds   map[string]*feed
	streams int
	octets  int // of frames that feeds keep
}

const (
	eventHelping  = 100       // events read at a time, some 40 KiB: each stream that is behind may hold as many
	eventReads    = 2         // by feeds, and as many by streams that are behind
	feedOctets    = 256 << 10 // of frames that one feed keeps
	feedsOctets   = 32 << 20  // that all do
	feedPause     = time.Second
	eventsPerName = 100
	eventsTotal   = 5000
)

// NewEvents makes the streams. Close ends them.
func NewEvents(o EventsOptions) *Events {
	if o.PerAccount == 0 {
		o.PerAccount = eventsPerName
	}
	if o.Total == 0 {
		o.Total = eventsTotal
	}
	if o.TLVs == nil {
		o.TLVs = func() *message.TLVDictionary { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Events{opt: o, feeds: map[string]*feed{}, reads: make(chan struct{}, eventReads), chases: make(chan struct{}, eventReads)}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// Close ends all streams; clients come back by themselves where they were.
func (h *Events) Close() {
	h.mu.Lock()
	h.stop() // under the lock: no feed begins afterwards
	h.mu.Unlock()
	h.jobs.Wait()
}

// Streams is how many streams are open.
func (h *Events) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams
}

// Wake tells that an account has new events on disk. It does not wait.
func (h *Events) Wake(account string) {
	h.mu.Lock()
	f := h.feeds[account]
	h.mu.Unlock()
	if f != nil {
		f.signal()
	}
}

// frame is an event as streams send it.
type frame struct {
	position       message.ID
	inbound        bool
	reference, tag string
	text           []byte
}

// helping is what was read of an account's events at a time: all behind one
// position up to another.
type helping struct {
	after, to message.ID
	frames    []frame
	octets    int
}

// feed reads the events of one account for its streams.
type feed struct {
	account string
	wake    chan struct{}
	stop    context.CancelFunc

	// Guarded by Events.mu.
	streams int           // those of the account, also before they send
	at      message.ID    // how far it has read
	kept    []helping     // the last, without a gap up to at
	octets  int           // of them
	waiting int           // streams that have got everything
	changed chan struct{} // closed when there is more
}

func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Errors of a stream that cannot be opened.
var (
	errManyStreams = errors.New("too many streams of events are open")
	errManyOfYours = errors.New("too many streams of the account's events are open; end one first")
)

// eventStream is one stream: where it stands in its account's feed.
type eventStream struct {
	h       *Events
	f       *feed
	leave   func()
	at      message.ID
	waiting <-chan struct{} // the feed's when it got everything, so that it is counted once
}

// open opens a stream that begins where its account's events are now.
func (h *Events) open(ctx context.Context, account string) (*eventStream, error) {
	f, err := h.place(account)
	if err != nil {
		return nil, err
	}
	head, leave, err := h.opt.Follow(ctx, account)
	if err != nil {
		h.leave(f)
		return nil, err
	}
	st := &eventStream{h: h, f: f, leave: leave}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.stop == nil && h.ctx.Err() == nil {
		f.at = head
		var reading context.Context
		reading, f.stop = context.WithCancel(h.ctx)
		h.jobs.Go(func() { h.feed(reading, f) })
		f.signal() // there may be more than head by now
	}
	st.at = f.at
	return st, nil
}

// seek lets the stream begin behind a position. The error is
// *gateway.EventsGoneError if not all behind it are kept.
func (st *eventStream) seek(ctx context.Context, after message.ID) error {
	st.at = after
	return st.h.inTurn(ctx, st.h.chases, func() error {
		_, _, err := st.h.opt.After(ctx, st.f.account, after, 1)
		return err
	})
}

// place takes a place for a stream.
func (h *Events) place(account string) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[account]
	switch {
	case h.ctx.Err() != nil:
		return nil, gateway.ErrStopped
	case h.streams >= h.opt.Total:
		return nil, errManyStreams
	case f != nil && f.streams >= h.opt.PerAccount:
		return nil, errManyOfYours
	case f == nil:
		f = &feed{account: account, wake: make(chan struct{}, 1), changed: make(chan struct{})}
		h.feeds[account] = f
	}
	h.streams++
	f.streams++
	return f, nil
}

// leave gives a place back. The last one ends the feed.
func (h *Events) leave(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams--
	if f.streams--; f.streams > 0 {
		return
	}
	delete(h.feeds, f.account)
	h.drop(f, 0)
	if f.stop != nil {
		f.stop()
	}
}

// close ends the stream.
func (st *eventStream) close() {
	st.h.mu.Lock()
	if st.waiting == st.f.changed {
		st.f.waiting--
	}
	st.h.mu.Unlock()
	st.leave()
	st.h.leave(st.f)
}

// drop forgets the oldest that a feed keeps, until it is at most so many octets.
func (h *Events) drop(f *feed, most int) {
	for len(f.kept) > 0 && (f.octets > most || most == 0) {
		f.octets -= f.kept[0].octets
		h.octets -= f.kept[0].octets
		f.kept = slices.Delete(f.kept, 0, 1)
	}
}

// feed reads what comes for the streams of an account.
func (h *Events) feed(ctx context.Context, f *feed) {
	for {
		select {
		case <-f.wake:
		case <-ctx.Done():
			return
		}
		for more := true; more; {
			got, err := h.read(ctx, h.reads, f.account, f.at) // nobody else changes at
			switch {
			case err == nil:
				more = got.to > f.at
				h.add(f, got)
				continue
			case ctx.Err() != nil:
				return
			}
			h.opt.Log.Warn("events could not be read", "account", f.account, "error", err)
			select {
			case <-time.After(feedPause):
			case <-ctx.Done():
				return
			}
		}
	}
}

// add gives streams what a feed has read.
func (h *Events) add(f *feed, got helping) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if got.to == f.at || h.feeds[f.account] != f {
		return
	}
	f.at = got.to
	f.octets += got.octets
	h.octets += got.octets
	f.kept = append(f.kept, got)
	most := feedOctets
	if h.octets > feedsOctets {
		most = 0
	}
	h.drop(f, most)
	close(f.changed)
	f.changed, f.waiting = make(chan struct{}), 0
}

// read reads a helping from disk.
func (h *Events) read(ctx context.Context, turns chan struct{}, account string, after message.ID) (got helping, err error) {
	err = h.inTurn(ctx, turns, func() error {
		list, to, err := h.opt.After(ctx, account, after, eventHelping)
		got = helping{after: after, to: to, frames: make([]frame, len(list))}
		for i := range list {
			if err == nil {
				got.frames[i], err = h.frame(&list[i])
			}
			got.octets += len(got.frames[i].text)
		}
		return err
	})
	return got, err
}

// inTurn calls read when it is its turn.
func (h *Events) inTurn(ctx context.Context, turns chan struct{}, read func() error) error {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
		return read()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// frame writes an event as it is sent: in the form of webhooks, with its position
// and its type.
func (h *Events) frame(e *gateway.Event) (frame, error) {
	fr := frame{position: e.Position}
	var told *webhookEvent
	if in := e.Inbound; in != nil {
		fr.inbound, fr.tag = true, in.Tag
		told = inboundEvent(in, in.ID.String(), h.opt.TLVs())
	} else {
		fr.reference, fr.tag = e.Message.Reference, e.Message.Tag()
		told = stateEvent(e.Message, e.State, e.At)
	}
	body, err := marshal(told)
	if err != nil {
		return fr, err
	}
	var b bytes.Buffer
	b.Grow(len(body) + 64)
	b.WriteString("id: ")
	b.WriteString(e.Position.String())
	b.WriteString("\nevent: ")
	b.WriteString(told.Type)
	b.WriteString("\ndata: ")
	b.Write(body) // one line, with its end
	b.WriteByte('\n')
	fr.text = b.Bytes()
	return fr, nil
}

// next returns what comes next for a stream. With nothing, and no error, that is
// a channel which is closed when there is more.
func (st *eventStream) next(ctx context.Context) (helping, <-chan struct{}, error) {
	h, f := st.h, st.f
	h.mu.Lock()
	head := f.at
	if st.at >= head {
		if st.waiting != f.changed {
			st.waiting = f.changed
			if f.waiting++; f.waiting >= f.streams {
				h.drop(f, 0)
			}
		}
		defer h.mu.Unlock()
		return helping{}, f.changed, nil
	}
	for _, have := range f.kept {
		if have.after <= st.at && st.at < have.to {
			h.mu.Unlock()
			return have, nil, nil
		}
	}
	h.mu.Unlock()
	got, err := h.read(ctx, h.chases, f.account, st.at)
	if err == nil && got.to == st.at {
		got.to = head // nothing lies between
	}
	return got, nil, err
}

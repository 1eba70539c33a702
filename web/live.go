package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Bounds of what is live.
const (
	liveViewers = 1000 // streams at a time
	liveOf      = 20   // of them those of one user
	liveTopics  = 100  // different things that are looked at; as many lists again
	liveShare   = 5    // of the lists those that one user is reckoned for: a few users do not take the room of all
	liveBeat    = 15 * time.Second
	liveWrite   = 20 * time.Second // for one helping
)

// errManyViewers: what is live has its bound.
var errManyViewers = errors.New("too many pages are live at a time")

// parts are pieces of a page by the id of their element, each as it is now.
type parts map[string]string

// sampler makes the parts of a topic as they are now. It is called by one goroutine at a time.
type sampler func(ctx context.Context) (parts, error)

// live is the one way in which pages show what changes by itself:
//
//  1. A page names a topic, which is what it shows in the language and with the rights of its viewers; all viewers of a topic get
//     the same octets.
//  2. While a topic has viewers, one goroutine samples it: it makes the parts anew, and those that changed are one frame of
//     server-sent events, made once.
//  3. A viewer's goroutine waits for the next frame and writes it. Whoever is slower than the frames misses some, and gets what
//     changed since then in one; nothing is queued for anybody.
//  4. Each topic is reckoned to one user who looks at it: to who began it, and when that one goes, to another who stays. Whoever has
//     his share begins no more; what others have begun he may look at.
//
// It is safe for concurrent use.
type live struct {
	closing context.Context // done when the server ends: all streams end then
	share   int             // topics that may be reckoned to a user who begins another

	mu      sync.Mutex
	topics  map[string]*topic
	viewers int
	of      map[string]int // by user
	begun   map[string]int // topics that are reckoned to a user
}

func newLive(closing context.Context, share int) *live {
	return &live{closing: closing, share: share, topics: map[string]*topic{}, of: map[string]int{}, begun: map[string]int{}}
}

// topic is one thing that is looked at.
type topic struct {
	of    map[string]int     // viewers by user, guarded by live.mu like
	owner string             // whose share it is of
	stop  context.CancelFunc // ends its sampling

	mu      sync.Mutex
	parts   map[string]part
	version uint64        // counts the frames
	frame   []byte        // what leads from the version before to this one
	changed chan struct{} // closed by the next frame
}

// part is a piece of a page, and the version in which it became so.
type part struct {
	html    string
	version uint64
}

// join has a user look at a topic, which is sampled every so often while anybody does. leave is to be called at the end.
func (l *live) join(key, user string, every time.Duration, sample sampler) (t *topic, leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t = l.topics[key]
	if l.viewers >= liveViewers || l.of[user] >= liveOf || t == nil && (len(l.topics) >= liveTopics || l.begun[user] >= l.share) {
		return nil, nil, errManyViewers
	}
	if t == nil {
		ctx, stop := context.WithCancel(l.closing)
		t = &topic{of: map[string]int{}, owner: user, stop: stop, parts: map[string]part{}, changed: make(chan struct{})}
		l.topics[key] = t
		l.begun[user]++
		go t.run(ctx, every, sample)
	}
	t.of[user]++
	l.viewers++
	l.of[user]++
	return t, sync.OnceFunc(func() { l.leave(key, user, t) }), nil
}

func (l *live) leave(key, user string, t *topic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewers--
	less(l.of, user)
	if less(t.of, user); t.of[user] > 0 || t.owner != user && len(t.of) > 0 {
		return
	}
	less(l.begun, t.owner)
	for other := range t.of {
		t.owner = other
		l.begun[other]++
		return
	}
	t.stop()
	delete(l.topics, key)
}

// less counts one less.
func less(counts map[string]int, of string) {
	if counts[of]--; counts[of] == 0 {
		delete(counts, of)
	}
}

// run samples the topic until ctx ends. A sample that cannot be made leaves what there is.
func (t *topic) run(ctx context.Context, every time.Duration, sample sampler) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if now, err := sample(ctx); err == nil && ctx.Err() == nil {
			t.put(now)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// put takes the parts as they are now. Viewers are woken where one has changed.
func (t *topic) put(now parts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := parts{}
	for id, html := range now {
		if had, known := t.parts[id]; !known || had.html != html {
			fresh[id] = html
			t.parts[id] = part{html, t.version + 1}
		}
	}
	if len(fresh) == 0 {
		return
	}
	t.version++
	t.frame = frameOf(fresh)
	close(t.changed)
	t.changed = make(chan struct{})
}

// since gives what a viewer lacks who has had everything up to a version, the version that it has then, and what is closed when
// there is more. The frame is nil where there is nothing new.
func (t *topic) since(had uint64) (frame []byte, now uint64, more <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case had == t.version:
		return nil, had, t.changed
	case had+1 == t.version:
		return t.frame, t.version, t.changed
	}
	fresh := parts{}
	for id, p := range t.parts {
		if p.version > had {
			fresh[id] = p.html
		}
	}
	return frameOf(fresh), t.version, t.changed
}

// frameOf is a server-sent event with parts.
func frameOf(p parts) []byte {
	out := bytes.NewBufferString("event: parts\ndata: ")
	e := json.NewEncoder(out) // it ends the line
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil { // of texts only
		return nil
	}
	return append(out.Bytes(), '\n')
}

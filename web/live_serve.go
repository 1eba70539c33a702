package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"
)

// eventStream is the media type of what is streamed.
const eventStream = "text/event-stream"

// liveRetry has a browser that was cut off come back after so many milliseconds.
const liveRetry = "retry: 3000\n\n"

// watch streams a topic of l to the page that is looked at, until the browser goes or reads too slowly, the session ends, the user
// may not see it any more, or the server ends. All who look at what the key names in one language, with the same rights and for the
// same account share the samples.
func (v *visit) watch(l *live, key string, every time.Duration, sample func(*visit) (parts, error)) {
	v = v.detached(v.r.Context())
	key = fmt.Sprintf("%q %s %d %q", key, v.lang(), v.user.Rights(), v.account.Name) // names may have spaces, and end as another begins
	t, leave, err := l.join(key, v.user.Name, every, func(ctx context.Context) (parts, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return v.detached(ctx).sampled(sample)
	})
	if err != nil {
		v.w.Header().Set("Retry-After", "30")
		http.Error(v.w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer leave()
	h := v.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // a proxy in between must not gather
	control := http.NewResponseController(v.w)
	write := func(b []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(liveWrite)) // not every connection can
		_, err := v.w.Write(b)
		return err == nil && control.Flush() == nil
	}
	if !write([]byte(liveRetry)) {
		return
	}
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	var had uint64
	for {
		frame, now, more := t.since(had)
		if frame != nil && !write(frame) {
			return
		}
		had = now
		select {
		case <-more:
		case <-beat.C:
			if !v.stillMay() || !write([]byte(":\n\n")) {
				return
			}
		case <-v.r.Context().Done():
			return
		case <-l.closing.Done():
			return
		}
	}
}

// stillMay tells whether the user is still signed in and may still see what is streamed: it was made with the rights, for the account and
// in the language that the user had when it began.
func (v *visit) stillMay() bool {
	now := &visit{Server: v.Server, w: v.w, r: v.r, page: v.page}
	now.recognise()
	return now.user != nil && now.user.Name == v.user.Name && now.user.Rights() == v.user.Rights() && now.account.Name == v.account.Name &&
		now.shows(v.page) && now.lang() == v.lang()
}

// detached is the visit as who samples a topic makes it: it does not end with the request that began it, and its language stays that of
// the topic, whatever becomes of whose visit it was.
func (v *visit) detached(ctx context.Context) *visit {
	d, user := *v, *v.user
	user.Language = v.lang()
	d.r, d.user = v.r.Clone(ctx), &user
	return &d
}

// sampled makes a sample. As no request waits for it, a panic would end the program.
func (v *visit) sampled(sample func(*visit) (parts, error)) (p parts, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("panic: %v", wrong)
			v.Log.Error("a page could not be made; this is a mistake in Kurir", "page", v.page.path(), "error", err, "stack", string(debug.Stack()))
		}
	}()
	return sample(v)
}

package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// halting is a body that tells when all that comes of it has come, and then hangs.
type halting struct {
	io.Reader
	came sync.Once
	all  chan<- struct{}
	end  <-chan struct{}
}

func (h *halting) Read(p []byte) (int, error) {
	if n, _ := h.Reader.Read(p); n > 0 {
		return n, nil
	}
	h.came.Do(func() { h.all <- struct{}{} })
	<-h.end
	return 0, io.ErrUnexpectedEOF
}

// unfinished has many requests hang whose bodies lack their end, until the function
// that it returns is called.
func unfinished(h http.Handler, requests, octets, announced int, request func(n int, body io.Reader) *http.Request) (answers []*httptest.ResponseRecorder, end func()) {
	all, over := make(chan struct{}, 2*requests), make(chan struct{})
	var serving sync.WaitGroup
	for n := range requests {
		w := httptest.NewRecorder()
		answers = append(answers, w)
		r := request(n, &halting{Reader: strings.NewReader(strings.Repeat("a", octets)), all: all, end: over})
		r.ContentLength = int64(announced)
		serving.Go(func() {
			h.ServeHTTP(w, r)
			all <- struct{}{} // refused before its body was read
		})
	}
	for range requests {
		<-all
	}
	return answers, sync.OnceFunc(func() { close(over); serving.Wait() })
}

// Whoever has not signed in cannot take the memory for bodies from those who have,
// from whichever addresses and over whichever dialect he comes.
func TestStrangersBodies(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for path, media := range map[string]string{
		"/cgi-bin/sendsms": "application/x-www-form-urlencoded", "/send": "application/x-www-form-urlencoded",
		"/api": "application/x-www-form-urlencoded", "/sms": "application/x-www-form-urlencoded",
	} {
		o := (&fakeGateway{}).options()
		o.MaxBody, o.MaxBodies = mib, 16*mib
		h := NewHTTP(o)
		answers, end := unfinished(h, 40, mib-1, mib, func(n int, body io.Reader) *http.Request {
			r := httptest.NewRequest("POST", path, body)
			r.RemoteAddr = "192.0.2." + strconv.Itoa(n%20) + ":1"
			r.Header.Set("Content-Type", media)
			return r
		})
		if got := h.(*httpServer).bodies.inUse(); got == 0 || got > 2*mib {
			t.Errorf("%s: strangers have %d octets", path, got)
		}
		if w := asAcme(h, "POST", "/v1/messages", `{"to":"46700000001","text":"`+strings.Repeat("x", mib/2)+`"}`); w.Code == 503 || w.Code == 429 {
			t.Errorf("%s: another is answered %d %s", path, w.Code, w.Body)
		}
		end()
		refused := 0
		for _, w := range answers {
			if w.Code == 503 || w.Code == 429 || w.Code == 500 || w.Code == 403 {
				refused++
			}
			if strings.HasPrefix(w.Body.String(), `{"type"`) {
				t.Errorf("%s: %s is not the dialect's answer", path, w.Body)
			}
		}
		if refused < 38 {
			t.Errorf("%s: %d are refused", path, refused)
		}
		if got := h.(*httpServer).bodies; got.all != 0 || got.unknown != 0 || len(got.of) != 0 {
			t.Errorf("%s: %d octets are still counted", path, got.all)
		}
	}
}

// One address has a part of what those have who have not signed in; an IPv6 client
// has many.
func TestStrangerOfOneAddress(t *testing.T) {
	t.Parallel()
	b := newBodyBudget(256<<20, 1<<20)
	owner := func(addr string) bodyOwner {
		r := httptest.NewRequest("POST", "/", http.NoBody)
		r.RemoteAddr = addr
		return bodyOwnerOf(r, nil)
	}
	if p := b.take(owner("[2001:db8::1]:1"), 4<<20); p != nil {
		t.Fatal(p.Detail)
	}
	if p := b.take(owner("[2001:db8::2]:1"), 1); p == nil || p.Status != 429 || p.RetryAfter == 0 {
		t.Errorf("%+v", p)
	}
	for n := range 7 {
		if p := b.take(owner("192.0.2."+strconv.Itoa(n)+":1"), 4<<20); p != nil {
			t.Fatal(p.Detail)
		}
	}
	if p := b.take(owner("198.51.100.1:1"), 1); p == nil || p.Status != 503 || p.RetryAfter == 0 {
		t.Errorf("%+v", p)
	}
	if p := b.take(bodyOwner{account: "acme"}, 64<<20); p != nil {
		t.Error(p.Detail)
	}
	if p := b.take(bodyOwner{account: "acme"}, 1); p == nil || p.Status != 429 {
		t.Errorf("%+v", p)
	}
	if p := b.take(bodyOwner{account: "beta"}, 64<<20); p != nil {
		t.Error(p.Detail)
	}
}

// What an account has under way leaves room for the others.
func TestBodiesOfOneAccount(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	o := (&fakeGateway{}).options()
	o.MaxBody, o.MaxBodies = mib, 16*mib
	h := NewHTTP(o)
	answers, end := unfinished(h, 20, mib-1, mib, func(_ int, body io.Reader) *http.Request {
		r := httptest.NewRequest("POST", "/v1/messages", body)
		r.Header.Set("Authorization", "Bearer acme-key")
		return r
	})
	if got := h.(*httpServer).bodies.inUse(); got > 4*mib {
		t.Errorf("one account has %d octets", got)
	}
	end()
	if w := answers[19]; w.Code != 429 && w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Octets that are announced and do not come take no memory.
func TestAnnouncedBody(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	h := NewHTTP(o)
	_, end := unfinished(h, 10, 5000, 1<<20, func(_ int, body io.Reader) *http.Request {
		r := httptest.NewRequest("POST", "/v1/messages", body)
		r.Header.Set("Authorization", "Bearer acme-key")
		return r
	})
	defer end()
	if got := h.(*httpServer).bodies.inUse(); got == 0 || got > 10*16<<10 {
		t.Errorf("%d octets are counted", got)
	}
}

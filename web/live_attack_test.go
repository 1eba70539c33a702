package web

import (
	"context"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"kurir/account"
)

// visitOf is a request of a user who has signed in, for a page.
func (s *site) visitOf(name string, p *page) *visit {
	s.t.Helper()
	b := s.as(name)
	at, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest("GET", s.URL+p.path(), nil)
	for _, c := range b.client.Jar.Cookies(at) {
		r.AddCookie(c)
	}
	v := &visit{Server: s.web, w: httptest.NewRecorder(), r: r, page: p}
	if v.recognise(); v.user == nil || !v.stillMay() {
		s.t.Fatal("who has signed in may not see it")
	}
	return v
}

// A sample that panics ends neither the program nor the stream.
func TestLivePanics(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"eva": "system"})
	v := s.visitOf("eva", &page{pattern: "GET /console/links", right: account.SeeOperation})
	ctx, stop := context.WithCancel(t.Context())
	v.r = v.r.WithContext(ctx)
	var made atomic.Int64
	v.watch(s.web.liveLists, "links", time.Millisecond, func(*visit) (parts, error) {
		if made.Add(1) == 1 {
			panic("a list that nobody has thought of")
		}
		stop()
		return parts{}, nil
	})
	if made.Load() < 2 {
		t.Error("it was not made again")
	}
}

// What is live ends when the account has its function no more, and is in the language of its topic though that of whose visit makes
// it changes.
func TestLiveEndsWithFunction(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"region:bo": "sender"})
	s.more = []account.Account{{Name: "region"}}
	v := s.visitOf("region:bo", &page{pattern: "GET /scheduled", right: account.SeeMessages})
	made := v.detached(t.Context())
	for what, web := range map[string]account.Web{"function": {Functions: []string{"compose"}}, "language": {Language: "sv"}} {
		s.mu.Lock()
		s.more = []account.Account{{Name: "region", Web: web}}
		s.mu.Unlock()
		if made.stillMay() {
			t.Errorf("%s: what was live before goes on", what)
		}
		if made.lang() != "en" {
			t.Errorf("%s: it is made in %s", what, made.lang())
		}
	}
}

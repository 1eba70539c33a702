package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kurir/account"
)

// stream opens what a browser's EventSource reads, and returns the lines of it.
func (b *tab) stream(t *testing.T, path string) *bufio.Scanner {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", eventStream)
	got, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = got.Body.Close() })
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != eventStream {
		t.Fatalf("%s answers %s with %s", path, got.Status, got.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(got.Body)
}

// piece reads the next frame.
func piece(t *testing.T, lines *bufio.Scanner) (html string) {
	t.Helper()
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			var p parts
			if err := json.Unmarshal([]byte(data), &p); err != nil {
				t.Fatal(err)
			}
			return p["live"]
		}
	}
	t.Fatal("the stream ends")
	return ""
}

// A list that changes by itself is made once for all who look at it with the same rights, is what the page shows, and is another one
// for each user where it is the user's own.
func TestListLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system", "eva": "system", "olle": "operator", "anna": "sender", "bo": "sender"})
	var links, scheduled atomic.Int64
	s.rest = func(_ *account.Account, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/links":
			fmt.Fprintf(w, `{"links": [{"name": "op<%s>", "state": "connected", "queued": %d}]}`, r.URL.Query().Get("state"), links.Add(1))
		case "/v1/messages":
			fmt.Fprintf(w, `{"messages": [{"id": "%d"}]}`, scheduled.Add(1))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
	s.web.liveEvery = time.Hour // how often it is made for one is counted, not when it is made again
	root, eva, olle, anna, bo := s.as("root"), s.as("eva"), s.as("olle"), s.as("anna"), s.as("bo")
	first := piece(t, root.stream(t, "/console/links"))
	if second := piece(t, eva.stream(t, "/console/links")); second != first || links.Load() != 1 {
		t.Errorf("the list was made %d times for two: %s and %s", links.Load(), first, second)
	}
	if !strings.Contains(first, "op&lt;&gt;") || strings.Contains(first, "<html") {
		t.Errorf("the piece is %s", first)
	}
	if page := olle.do("/console/links").body; !strings.Contains(strings.ReplaceAll(page, ">2<", ">1<"), first) {
		t.Errorf("the page is %s, the piece of it %s", page, first)
	}
	piece(t, olle.stream(t, "/console/links"))
	if html := piece(t, olle.stream(t, "/console/links?state=down")); !strings.Contains(html, "op&lt;down&gt;") || links.Load() != 4 {
		t.Errorf("with another right and another filter the list was made %d times: %s", links.Load(), html)
	}
	before := scheduled.Load()
	piece(t, anna.stream(t, "/scheduled"))
	piece(t, bo.stream(t, "/scheduled"))
	if made := scheduled.Load() - before; made != 2 {
		t.Errorf("what is each user's own was made %d times for two", made)
	}
	s.web.liveOwn.mu.Lock()
	defer s.web.liveOwn.mu.Unlock()
	if own := len(s.web.liveOwn.topics); own != 2 { // however many they are, they leave the lists of all their room
		t.Errorf("of what is each user's own %d are where that has its room", own)
	}
}

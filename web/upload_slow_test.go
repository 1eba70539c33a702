package web

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whoever sends files slowly keeps a few places for files of the own, and nobody else waits.
func TestSlowUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "bo": "sender"})
	anna, bo := s.as("anna"), s.as("bo")
	const form = "--limit\r\nContent-Disposition: form-data; name=\"sheet\"; filename=\"a.csv\"\r\n\r\n0701234567\r\n"
	ended := make(chan answer)
	var slow []*io.PipeWriter
	for range draftsSlow {
		r, w := io.Pipe()
		slow = append(slow, w)
		go func() { ended <- anna.uploads(r, "multipart/form-data; boundary=limit", -1) }()
		if _, err := io.WriteString(w, form); err != nil { // it has been read when this returns
			t.Fatal(err)
		}
	}
	a := anna.uploads(whole(file(t, "b.csv", "0701234567\n", "text", "Hi")))
	a.wants(t, http.StatusServiceUnavailable, "Other files are being read")
	a = bo.uploads(whole(file(t, "b.csv", "0701234567\n", "text", "Hi")))
	a.wants(t, http.StatusOK, "b.csv")
	for _, w := range slow {
		if _, err := io.Copy(w, strings.NewReader("--limit--\r\n")); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		a = <-ended
		a.wants(t, http.StatusOK, "a.csv")
	}
	a = anna.uploads(whole(file(t, "b.csv", "0701234567\n", "text", "Hi")))
	a.wants(t, http.StatusOK, "b.csv")
	if len(s.web.drafts.coming) != 0 || s.web.drafts.all != 0 {
		t.Errorf("places are lost: %+v", s.web.drafts)
	}
}

// Files of many users that come at a time are bounded, as they are kept in memory.
func TestFilesComing(t *testing.T) {
	t.Parallel()
	d := newDrafts()
	var done []func()
	for i := range draftsComing {
		leave, ok := d.receive(string(rune('a' + i)))
		if !ok {
			t.Fatalf("no place for the file %d", i)
		}
		done = append(done, leave)
	}
	if _, ok := d.receive("one more"); ok {
		t.Error("files without end are taken")
	}
	done[0]()
	if _, ok := d.receive("one more"); !ok {
		t.Error("a place is lost")
	}
}

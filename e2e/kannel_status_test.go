package e2e

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
)

// shapeOf are the elements of a document by their paths, each once, with what its text looks like: digits are 0.
func shapeOf(t *testing.T, doc string) (paths []string) {
	t.Helper()
	d, at := xml.NewDecoder(strings.NewReader(doc)), []string{}
	digits := regexp.MustCompile(`\d+`)
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at = append(at, tok.Name.Local)
			paths = append(paths, strings.Join(at, "/"))
		case xml.EndElement:
			at = at[:len(at)-1]
		case xml.CharData:
			text := strings.TrimSpace(string(tok))
			own := []string{"version", "storesize", "type", "name", "admin-id", "id", "IP"} // where each has its own
			if len(at) > 0 && text != "" && !slices.Contains(own, at[len(at)-1]) {
				paths = append(paths, strings.Join(at, "/")+" "+digits.ReplaceAllString(text, "0"))
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// TestKannelStatus holds our administration beside that of a real bearerbox: the same elements with the same kinds of values, and the same
// words.
func TestKannelStatus(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	own := freePort(t)
	s := startServer(t, sim, serverOptions{more: fmt.Sprintf(
		"dialects: {kannel_admin: {listen: \"127.0.0.1:%d\"}, kannel_admin_password: %s, kannel_status_password: %[2]s}\n", own, secretMark)})
	linked(t, sim)
	mo := startHook(t)
	host, port, _ := strings.Cut(s.smpp, ":")
	k := startKannel(t, fmt.Sprintf(`group = smsc
smsc = smpp
smsc-id = op1
host = %s
port = %s
transceiver-mode = true
smsc-username = %s
smsc-password = %s
system-type = ""
`, host, port, account, password), mo.URL)
	s.proc.out.wait(t, `customer bound.*mode=transceiver`)
	theirs := &rest{t: t, base: k.admin, client: k.client}
	ours := &rest{t: t, base: fmt.Sprintf("http://127.0.0.1:%d", own), client: k.client}
	ask := func(r *rest, target string) string {
		t.Helper()
		status, body := r.get(target)
		if status != http.StatusOK {
			t.Errorf("%s%s: %d", r.base, target, status)
		}
		return body
	}
	pass := "password=" + secretMark
	eventually(t, "Kannel's link and box are online", func() bool {
		status := ask(theirs, "/status.xml?"+pass)
		return strings.Contains(status, ">online ") && strings.Contains(status, ">on-line ")
	})
	want, got := shapeOf(t, ask(theirs, "/status.xml?"+pass)), shapeOf(t, ask(ours, "/status.xml?"+pass))
	if !slices.Equal(want, got) {
		t.Errorf("status.xml:\nKannel %q\nKurir  %q", want, got)
	}
	for _, target := range []string{
		"/nosuch.txt", "/suspend", "/stop-smsc?" + pass, "/stop-smsc?smsc=zz&" + pass, "/start-smsc?smsc=zz&" + pass, "/remove-smsc?smsc=zz&" + pass,
		"/resume?" + pass, "/suspend.xml?" + pass, "/suspend?" + pass, "/isolate?" + pass, "/isolate?" + pass, "/resume.html?" + pass,
		"/store-status.txt?" + pass, "/store-status.xml?" + pass, "/stop-smsc?smsc=op1&" + pass, "/start-smsc?smsc=op1&" + pass, "/remove-message?" + pass,
		"/cgi-bin/resume?" + pass,
	} {
		if want, got := ask(theirs, target), ask(ours, target); got != want {
			t.Errorf("%s: %q, want %q as Kannel", target, got, want)
		}
		if strings.HasPrefix(target, "/stop-smsc?smsc=op1") { // it starts what has stopped only
			eventually(t, "Kannel's link has stopped", func() bool {
				return strings.Contains(ask(theirs, "/status.xml?"+pass), "<status>dead")
			})
		}
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A phone in light, and a screen in dark.
const (
	onPhone  = 390
	onScreen = 1440
)

// heading is an expression for the heading of the page.
const heading = `document.querySelector("h1")?.firstChild.textContent.trim()`

// saidOf is an expression for the text of what a selector finds, blanks made one.
func saidOf(selector string) string {
	return fmt.Sprintf(`document.querySelector(%q)?.textContent.trim().replace(/\s+/g, " ")`, selector)
}

// allOf is an expression for the texts of all that a selector finds, with bars between.
func allOf(selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].map((e) => e.textContent.trim().replace(/\s+/g, " ")).join("|")`, selector)
}

// holds is an expression that is "yes" when what a selector finds has a text in it, and what it has else.
func holds(selector, text string) string {
	return fmt.Sprintf(`(() => { const e = document.querySelector(%q); return !e ? "no element" : e.textContent.replace(/\s+/g, " ").includes(%q) ? "yes" : e.textContent })()`, selector, text)
}

// walkUser is what a configuration of a demo has to have: ports, which others stand in for, an account and its user.
const walkUser = `data: "./kurir-demo"
smpp: {listen: 127.0.0.1:2775}
country: "46"
connectors:
  - {name: smpp, kind: smpp, hosts: [127.0.0.1:2776], system_id: kurir, password: simulate, fallback_wait: 2s, return_wait: 2s}
  - {name: ucp, kind: ucp, hosts: [127.0.0.1:2777], account: "4600", password: simulate, inbound_numbers: international}
accounts:
  - {name: demo, password: old-secret, api_keys: [demo-old-key-of-many-letters], admin: true, senders: ["*"], sender: Kurir, numbers: ["+46737494949"]}
users:
  - {name: demo, account: demo, role: system, password: correcthorse}
`

// walk is a demo, and a browser in which a user walks over its pages.
type walk struct {
	*browser
	demo  *demo
	rest  *rest
	width int
}

// startWalk starts a demo and signs in to it as its user, in a window of a width: the one of a phone is light, others are dark. With a
// configuration the demo has that one, in which walkUser stands, in place of its own; it may begin with what is to be said of http.
func startWalk(t *testing.T, width int, config ...string) *walk {
	t.Helper()
	lookPath(t, "chromium", "Chromium")
	dir := t.TempDir()
	for _, text := range config {
		if err := os.Mkdir(filepath.Join(dir, "kurir-demo"), 0o700); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, "http:") {
			text = "http: {listen: 127.0.0.1:8080}\n" + text
		}
		writeFile(t, filepath.Join(dir, "kurir-demo", "kurir.yaml"), walkUser+text)
	}
	d := startDemoOf(t, dir, plainBinary(t))
	w := &walk{browser: d.signIn(width, 900), demo: d, width: width}
	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	w.rest = &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	theme := "dark"
	if width == onPhone {
		theme = "light"
	}
	w.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": theme}}}, nil)
	w.shows(heading, "New message")
	return w
}

// step is one act of the walk. What comes after one that failed is not tried.
func (w *walk) step(name string, act func()) {
	w.t.Helper()
	t := w.t.(*testing.T)
	ok := t.Run(name, func(t *testing.T) {
		before := w.t
		w.t, w.rest.t, w.demo.t = t, t, t
		defer func() { w.t, w.rest.t, w.demo.t = before, before, before }()
		act()
	})
	if !ok {
		t.FailNow()
	}
}

// open goes to a page and waits until it is there; it is within the window.
func (w *walk) open(path, want string) {
	w.t.Helper()
	w.browser.open(w.rest.base + path)
	w.shows(`location.pathname + location.search + " " + `+heading, path+" "+want)
	w.fits()
}

// fits is that nothing of the page lies beside the window.
func (w *walk) fits() {
	w.t.Helper()
	w.shows(`document.documentElement.scrollWidth <= innerWidth ? "fits" : location.pathname + " is " + document.documentElement.scrollWidth + " wide"`, "fits")
}

// fill puts texts into fields of the page: pairs of the identity of a field and a text.
func (w *walk) fill(pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		w.shows(in(pairs[i], pairs[i+1]), pairs[i+1])
	}
}

// presses presses a button or follows a link, as soon as it is there.
func (w *walk) presses(selector string) {
	w.t.Helper()
	eventually(w.t, selector+" is there to be pressed", func() bool { return w.eval(click(selector)) == "" })
}

// leads presses what leads to another page, and waits until that is there.
func (w *walk) leads(selector, want string) {
	w.t.Helper()
	w.eval(`window.walked = true; ""`)
	w.presses(selector)
	w.shows(`String(window.walked) + " " + `+heading, "undefined "+want)
	w.fits()
}

// gets has the page read a file, as the link to it would, and gives what is in it, an octet a letter, and its media type.
func (w *walk) gets(path string) (content []byte, kind string) {
	w.t.Helper()
	var got struct{ Result struct{ Value string } }
	w.call("Runtime.evaluate", map[string]any{"awaitPromise": true, "returnByValue": true, "expression": fmt.Sprintf(`fetch(%q).then(async (a) => JSON.stringify({
		status: a.status, kind: a.headers.get("Content-Type"), content: [...new Uint8Array(await a.arrayBuffer())].map((o) => String.fromCharCode(o)).join("") }))`, path)}, &got)
	var file struct {
		Status        int
		Kind, Content string
	}
	if err := json.Unmarshal([]byte(got.Result.Value), &file); err != nil || file.Status != http.StatusOK {
		w.t.Fatalf("%s: %d %v", path, file.Status, err)
	}
	for _, letter := range file.Content {
		content = append(content, byte(letter))
	}
	return content, file.Kind
}

// asks does something over REST that has to work.
func (w *walk) asks(method, path, body string) []byte {
	w.t.Helper()
	status, text, _, err := w.rest.do(method, path, "application/json", strings.NewReader(body))
	if err != nil || status/100 != 2 {
		w.t.Fatalf("%s %s: %d %s %v", method, path, status, text, err)
	}
	return []byte(text)
}

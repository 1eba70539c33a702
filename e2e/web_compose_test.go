package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// chooses puts a file into a field of the page.
func (b *browser) chooses(selector, path string) {
	b.t.Helper()
	var doc struct{ Root struct{ NodeID int } }
	b.call("DOM.getDocument", nil, &doc)
	var field struct{ NodeID int }
	b.call("DOM.querySelector", map[string]any{"nodeId": doc.Root.NodeID, "selector": selector}, &field)
	b.call("DOM.setFileInputFiles", map[string]any{"nodeId": field.NodeID, "files": []string{path}}, nil)
}

// TestWebCompose: from the first page a message goes out with two fields and three clicks, which it counts; then recipients by
// keyboard alone from suggestions, one character replaced by one click, a file with columns, a sending with its page, and what is
// for later, on the widths of a phone and a screen, none of which makes markup of what was written.
func TestWebCompose(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	d := startDemo(t, t.TempDir())
	const (
		title = `document.querySelector("h1")?.firstChild.textContent.trim()`
		count = `document.querySelector("#count strong")?.textContent`
		chips = `[...document.querySelectorAll(".chosen li")].map((one) => one.firstChild.textContent).join(" ")`
		over  = `document.querySelector("#live label")?.textContent`
	)
	b := d.signIn(1440, 900)
	goTo := func(path, want string) {
		t.Helper()
		b.open("http://" + d.http + path)
		b.shows(title, want)
	}
	b.shows(title, "New message")

	// From the first page, whatever it is: to the form, into the message, and Send. The number is typed where the form begins.
	clicks := 0
	press := func(selector string) { clicks++; b.eval(click(selector)) }
	goTo("/", "New message")
	b.leaves("the form is open", func() { press(`nav a[href="/compose"]`) })
	b.shows(`document.activeElement?.id`, "to")
	b.eval(in("to", "070-123 45 67"))
	press("#text")
	b.eval(in("text", "Hej"))
	press("#compose button.main")
	b.shows(title, "Message")
	if clicks > 3 {
		t.Errorf("it takes %d clicks", clicks)
	}

	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	client := &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	for name, number := range map[string]string{"Anna Berg": "+46701234567", "<img src=x onerror=alert(1)>": "+46701234568"} {
		status, text, _, err := client.do(http.MethodPost, "/v1/contacts", "application/json", strings.NewReader(fmt.Sprintf(`{"name":%q,"mobile":%q}`, name, number)))
		if err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s %v", status, text, err)
		}
	}
	goTo("/compose", "New message")
	b.eval(in("to", "ann"))
	b.shows(`document.querySelector("#to-options li")?.firstChild.textContent.trim()`, "Anna Berg")
	b.press("ArrowDown")
	b.shows(`document.getElementById("to").getAttribute("aria-activedescendant")`, "to-option-0")
	b.press("Enter")
	b.shows(chips, "Anna Berg")
	b.eval(in("to", "<img"))
	b.shows(`document.querySelector("#to-options li")?.firstChild.textContent.trim()`, "<img src=x onerror=alert(1)>")
	b.press("ArrowDown")
	b.press("Enter")
	b.shows(chips, "Anna Berg <img src=x onerror=alert(1)>")
	b.eval(in("to", "12a"))
	b.press("Enter")
	b.eval(in("text", "“du” "+strings.Repeat("ord ", 30)))
	b.shows(count, "2 SMS")
	b.shows(`document.querySelector(".chosen .wrong")?.firstChild.textContent`, "12a")
	b.shows(`String(document.querySelectorAll(".phone .cut").length)`, "1")
	b.eval(click(`#count button[data-from="“"]`))
	b.shows(`document.getElementById("text").value.slice(0, 4)`, `"du”`)
	b.eval(click(`#count button[data-all]`))
	b.shows(count, "1 SMS")
	b.eval(click(`.chosen li:last-child button`))
	b.eval(click("#compose button.main"))
	b.shows(title, "Sending")
	b.shows(over, "2 of 2 are over") // without being asked again by anybody

	file := filepath.Join(t.TempDir(), "people<b>.csv")
	if err := os.WriteFile(file, []byte("Name;Mobile\n<i>Bo</i>;070-123 45 67\nEva;12x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	goTo("/compose", "New message")
	b.eval(in("text", "Hi {name}"))
	b.chooses("#upload", file)
	b.eval(click("[formaction]"))
	b.shows(`document.querySelector("#sheet .filled")?.textContent`, "Hi <i>Bo</i>")
	b.shows(`document.querySelector("#sheet .alert .lines strong")?.textContent`, "12x")
	for _, width := range []int{360, 390} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": true}, nil)
		b.shows(`String(document.documentElement.scrollWidth)`, fmt.Sprint(width))
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.shows(`String(document.documentElement.scrollWidth <= innerWidth)`, "true") // less where there is a bar to scroll by
	const field = "2006-01-02T15:04"
	month, later := time.Now().AddDate(0, 1, 0), time.Now().AddDate(0, 3, 0)
	b.eval(in("at", month.Format(field)))
	b.eval(click("#compose button.main"))
	b.shows(title, "Send this?")
	b.eval(click("button.main"))
	b.shows(title, "Message")
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 780, "deviceScaleFactor": 1, "mobile": true}, nil)
	for path, want := range map[string]string{"/scheduled": "To be sent later", "/sendings": "Sendings to several"} {
		goTo(path, want)
		b.shows(`String(document.documentElement.scrollWidth)`, "390")
	}
	goTo("/scheduled", "To be sent later")
	b.eval(click(`.rows a[href^="/scheduled/"]`))
	b.shows(title, "Send it at another time")
	b.eval(in("at", later.Format(field)))
	b.eval(click("button.main"))
	b.shows(`document.querySelector(".rows a[href^='/scheduled/']")?.textContent.slice(0, 7)`, later.Format("2006-01"))
	b.eval(click(".rowacts button"))
	b.shows(`document.querySelector("h1 .state")?.textContent`, "cancelled")
}

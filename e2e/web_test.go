package e2e

import (
	"fmt"
	"testing"
)

// in is an expression that puts a text into a field of the page, as typing does.
func in(id, text string) string {
	return fmt.Sprintf(`(() => { const f = document.getElementById(%q); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); return f.value })()`, id, text)
}

// click is an expression that presses a button or follows a link.
func click(selector string) string {
	return fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) return "no " + %q; e.click(); return "" })()`, selector, selector)
}

// signIn opens the demo in a browser and signs in as the demo says.
func (d *demo) signIn(width, height int) *browser {
	d.t.Helper()
	said := d.out.wait(d.t, `Open (http://\S+/) and sign in as (\w+) with the password (\w+)\n`)
	d.out.wait(d.t, `/v1/messages\n`)
	b := openBrowser(d.t, said[1], width, height)
	b.shows(`document.querySelector("h1")?.textContent`, "Sign in")
	b.eval(in("name", said[2]))
	b.eval(in("password", said[3]))
	b.eval(click("button.main"))
	return b
}

// TestWebSMS signs in to the demo, and sends a message from the first page with two fields and one click;
// its page tells that it arrived, and is within the width of a phone.
func TestWebSMS(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	d := startDemo(t, t.TempDir())
	const (
		title = `document.querySelector("h1")?.firstChild.textContent.trim()`
		count = `document.querySelector("#count strong")?.textContent`
		state = `document.querySelector("h1 .state")?.textContent`
		story = `document.querySelector(".story li.good .what")?.textContent.split(" ")[0]`
		wide  = `String(document.documentElement.scrollWidth)`
	)
	b := d.signIn(1440, 900)
	b.shows(title, "New message")
	b.shows(`document.activeElement?.id`, "to")

	b.eval(in("to", "070-123 45 67"))
	b.eval(in("text", "Hej “du” <b>fet</b>"))
	b.shows(count, "1 SMS")
	b.shows(`document.querySelector("#count .note p")?.textContent`, "Unicode is needed from character 5 on, for:")
	b.eval(click("#compose button.main"))
	b.shows(title, "Message")
	b.shows(`document.querySelector("blockquote")?.textContent`, "Hej “du” <b>fet</b>")
	b.shows(state, "delivered") // without being asked again by anybody
	b.shows(story, "The")

	for _, width := range []int{360, 390} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 780, "deviceScaleFactor": 1, "mobile": true}, nil)
		for path, want := range map[string]string{"/compose": "New message", "/sent": "Sent messages", "/me": "Your account"} {
			b.open("http://" + d.http + path)
			b.shows(title, want)
			b.shows(wide, fmt.Sprint(width))
		}
	}
	b.eval(click(".who button"))
	b.shows(title, "Sign in")
	b.shows(wide, "390")
}

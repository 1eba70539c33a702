package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
)

// linkPart is an expression for the text of a part of a link on the page.
func linkPart(name, part string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".link")].find((l) => l.querySelector(".link-name").textContent === %q)?.querySelector(%q).textContent`, name, part)
}

// TestPhonesPage opens the page of the demo in a browser: the text that was sent stands on its phone; a link is stopped and
// started by the keyboard, and meanwhile another one carries its texts.
func TestPhonesPage(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	d := startDemo(t, t.TempDir())
	d.out.wait(t, `/v1/messages\n`)
	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	client := &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	const (
		phone = `document.querySelector('[aria-label="Phone +46701234567"] .texts li:last-child .words')?.textContent`
		over  = `document.querySelector('[aria-label="Phone +46701234567"] .texts li:last-child .over')?.textContent`
		focus = `document.activeElement?.getAttribute("aria-label")`
		said  = `document.getElementById("links-note")?.textContent`
	)
	b := openBrowser(t, "http://"+d.http+"/phones/", 1280, 900)
	for _, name := range []string{"smpp", "ucp", "cimd2", "modem"} {
		b.shows(linkPart(name, ".link-state"), "up")
	}
	client.becomes(client.send("+46701234567", "Your parcel 4711 is here"), "delivered")
	b.shows(phone, "Your parcel 4711 is here")
	b.shows(over, "by SMPP")

	for range 2 { // the link that leads to the phones, the first button
		b.press("Tab")
	}
	b.shows(focus, "Stop smpp")
	b.press("Enter")
	b.shows(linkPart("smpp", ".link-state"), "stopped")
	b.shows(said, "smpp is stopped. Its texts take the next link of their route, or wait for it.")
	b.shows(focus, "Start smpp")
	client.becomes(client.send("+46701234567", "Your parcel 4712 is here"), "delivered")
	b.shows(phone, "Your parcel 4712 is here")
	b.shows(over, "by GSM modem")
	b.press("Enter")
	b.shows(said, "smpp is started again.")
	b.shows(linkPart("smpp", ".link-state"), "up")
	b.shows(focus, "Stop smpp")

	small := openBrowser(t, "http://"+d.http+"/phones/", 360, 700)
	small.shows(linkPart("modem", ".link-state"), "up")
	small.shows(phone, "Your parcel 4712 is here")
	if wide := small.eval(`String(document.documentElement.scrollWidth)`); wide != "360" {
		t.Errorf("at the width of a phone, 360, the page is %s wide", wide)
	}
}

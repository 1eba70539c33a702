package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// tabTo presses Tab until the focus is on an element, which a person has to see: everything on the way, too.
func (b *browser) tabTo(selector string) {
	b.t.Helper()
	const seen = `(() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return String(e !== document.body && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && r.width > 0 && r.bottom > 0 && r.top < innerHeight) + " " + e.outerHTML.slice(0, 150) })()`
	for range 60 {
		b.press("Tab")
		if what := b.eval(seen); !strings.HasPrefix(what, "true ") {
			b.t.Errorf("on the way to %s the focus is not seen: %s", selector, what)
		}
		if b.eval(fmt.Sprintf(`String(document.activeElement.matches(%q))`, selector)) == "true" {
			return
		}
	}
	b.t.Fatalf("60 times Tab do not lead to %s", selector)
}

// What the pages show, as expressions.
const (
	titleShown = `document.querySelector("h1")?.firstChild.textContent.trim()`
	focusShown = `document.activeElement.id`
)

// TestKeyboard signs in, writes to somebody whom it chooses among suggestions, and looks for that message in the console and among
// conversations, with a keyboard alone: where the focus is can be seen all the time.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	d := startDemoOf(t, t.TempDir(), plainBinary(t))
	said := d.out.wait(t, `Open (http://\S+/) and sign in as (\w+) with the password (\w+)\n`)
	d.out.wait(t, `/v1/messages\n`)
	client := &rest{t: t, base: "http://" + d.http, key: regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1], client: &http.Client{}}
	for name, number := range map[string]string{"Anna Berg": "+46701234567", "Anna Lund": "+46707654321"} {
		status, text, _, err := client.do(http.MethodPost, "/v1/contacts", "application/json", strings.NewReader(fmt.Sprintf(`{"name":%q,"mobile":%q}`, name, number)))
		if err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s %v", status, text, err)
		}
	}
	b := openBrowser(t, said[1], 1440, 900)
	b.shows(titleShown, "Sign in")
	b.shows(focusShown, "name")
	b.types(said[2])
	b.tabTo("#password")
	b.types(said[3])
	b.press("Enter")
	b.shows(titleShown, "New message")
	b.writesByKeyboard()
	b.tabTo(".skip") // the first thing of the page
	b.press("Enter")
	b.shows(focusShown, "content")
	b.tabTo(`main a[href^="/compose?again="]`)
	b.searchesByKeyboard("http://" + d.http)
	client.replies("46701234567", "I have them")
	b.answersByKeyboard()
}

// writesByKeyboard sends a message to one of two whose names begin alike.
func (b *browser) writesByKeyboard() {
	b.t.Helper()
	const (
		offers = `[...document.querySelectorAll("#to-options li")].map((one) => one.firstChild.textContent.trim()).join()`
		active = `document.getElementById("to").getAttribute("aria-activedescendant") ?? ""`
		chips  = `[...document.querySelectorAll(".chosen li")].map((one) => one.firstChild.textContent).join()`
	)
	b.shows(focusShown, "to")
	b.types("anna")
	b.shows(offers, "Anna Berg,Anna Lund")
	b.press("ArrowDown")
	b.press("ArrowDown")
	b.shows(active, "to-option-1")
	b.press("ArrowUp")
	b.shows(active, "to-option-0")
	b.press("Escape") // the suggestions go, what is typed stays
	b.shows(`String(document.getElementById("to-options").hidden) + document.getElementById("to").value`, "trueanna")
	b.press("ArrowDown")
	b.shows(`String(document.getElementById("to-options").hidden)`, "false")
	b.press("ArrowDown")
	b.press("Enter")
	b.shows(chips, "Anna Berg")
	b.tabTo("#text")
	b.types("The keys are with the porter")
	b.shows(`document.querySelector("#count strong")?.textContent`, "1 SMS")
	b.tabTo("#compose button.main")
	b.press("Enter")
	b.shows(titleShown, "Message")
	b.shows(`document.querySelector("h1 .state")?.textContent`, "delivered")
}

// searchesByKeyboard finds that message in the console by its number.
func (b *browser) searchesByKeyboard(site string) {
	b.t.Helper()
	b.open(site + "/console")
	b.tabTo(`.side a[href="/console/messages"]`)
	b.press("Enter")
	b.shows(titleShown, "Messages")
	b.tabTo("[name=to]")
	b.types("0701234567")
	b.press("Enter")
	b.shows(`[...document.querySelectorAll(".rows tbody .words")].map((one) => one.textContent).join()`, "The keys are with the porter")
	b.tabTo(".rows tbody a")
	b.press("Enter")
	b.shows(`document.querySelector("blockquote")?.textContent`, "The keys are with the porter")
}

// answersByKeyboard finds the conversation by the name of the contact, and answers there.
func (b *browser) answersByKeyboard() {
	b.t.Helper()
	b.tabTo(`.top nav a[href="/conversations"]`)
	b.press("Enter")
	b.shows(titleShown, "Conversations")
	b.tabTo("#search")
	b.types("anna")
	b.press("Enter")
	b.shows(`[...document.querySelectorAll(".talks .last")].map((one) => one.textContent).join()`, "I have them")
	b.tabTo(".talks a")
	b.press("Enter")
	b.shows(titleShown, "Anna Berg")
	b.tabTo("#answer #text")
	b.types("Thank you")
	b.tabTo("#answer button")
	b.press("Enter")
	b.shows(`[...document.querySelectorAll(".bubble")].map((one) => one.textContent).join()`, "The keys are with the porter,I have them,Thank you")
}

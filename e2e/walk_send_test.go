package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// paste pastes a text into a field of the page.
func paste(id, text string) string {
	return fmt.Sprintf(`(() => { const d = new DataTransfer(); d.setData("text", %q); const f = document.getElementById(%q); f.focus();
		f.dispatchEvent(new ClipboardEvent("paste", {clipboardData: d, bubbles: true, cancelable: true})); return "" })()`, text, id)
}

// slowFirst keeps the page's first answer to what it posts until go is called.
const slowFirst = `{ const real = fetch; let posted = 0; window.fetch = async (at, how) => {
	const first = how?.method === "POST" && !posted++, answer = await real(at, how);
	if (first) await new Promise((go) => { window.go = go; });
	return answer;
} }; ""`

// numbersFrom is a list of so many phones, a line each.
func numbersFrom(first, n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "070-%07d\n", first+i)
	}
	return list.String()
}

// TestWalkSend writes messages in every way that the form has, on the width of a screen: a link that fills the form, a pasted list, a
// file, a character replaced, flash, a sender chosen, later; and watches a large sending that is paused, goes on and is ended.
func TestWalkSend(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onScreen)
	const (
		chips = `[...document.querySelectorAll(".chosen li")].map((one) => one.firstChild.textContent).join(" ")`
		size  = `document.querySelector("#count strong")?.textContent`
		state = `document.querySelector("h1 .state")?.textContent`
	)
	w.step("a link of another system fills the form, with its plus signs as they came", func() {
		w.open("/compose?to=+46701234567&to=%2B46701234568,0731112233&text=Hi+there", "New message")
		w.shows(chips, "+46701234567 +46701234568 0731112233")
		w.shows(`document.getElementById("text").value`, "Hi there")
		w.shows(`document.activeElement.id`, "text")
		w.leads("#compose button.main", "Sending")
	})
	w.step("a file: its columns are placeholders, and each phone gets its own text", func() {
		w.open("/compose", "New message")
		w.upload("#upload", "visits.csv", "Name;Mobile;Day\nBo;0761234567;Monday\nEva;070-765 43 21;Friday\nNobody;;Friday\n")
		w.leads("[formaction]", "New message")
		w.shows(holds("#sheet", "2 of 3 rows get a message"), "yes")
		w.eval(in("text", "Hi , welcome"))
		w.eval(`document.getElementById("text").setSelectionRange(3, 3); ""`)
		w.presses(`[data-insert="{name}"]`)
		w.shows(`document.getElementById("text").value`, "Hi {name}, welcome")
		w.eval(in("text", "Hi {name}, welcome on {day}"))
		w.leads("#compose button.main", "Send this?")
		w.shows(allOf(".filled"), "Hi Bo, welcome on Monday|Hi Eva, welcome on Friday")
		w.shows(holds(".alert .lines", "Row 4:"), "yes")
		w.leads("button.main", "Sending")
		w.shows(saidOf("#live label"), "2 of 2 are over")
		if got := w.rest.phone("46707654321").Text; got != "Hi Eva, welcome on Friday" {
			w.t.Errorf("the phone has %q", got)
		}
	})
	w.step("a recipient that is none is marked, though the answer that says so comes when one has written on", func() {
		w.open("/compose", "New message")
		w.eval(slowFirst)
		w.eval(in("to", "12x"))
		w.press("Enter")
		w.shows(`window.go ? "late" : ""`, "late")
		w.eval(in("text", "Hi"))
		w.shows(size, "1 SMS")
		w.eval(`go(); ""`)
		w.shows(`document.querySelector(".chosen .wrong")?.firstChild.textContent`, "12x")
	})
	w.step("one click replaces the character that needs Unicode; flash, as the phone shows it; a sender of one's own", func() {
		w.open("/compose?to=0701234567", "New message")
		w.eval(in("text", "5 € – now"))
		w.shows(holds(".unicode", "Unicode is needed from character 5 on"), "yes")
		w.presses(`.unicode button[data-from="–"]`)
		w.shows(`document.getElementById("text").value`, "5 € - now")
		w.shows(`String(document.querySelector(".unicode"))`, "null")
		w.shows(size, "1 SMS")
		w.fill("from", "Ward 4")
		w.presses("#flash")
		w.shows(saidOf(".phone.flash .bubble"), "5 € - now")
		w.shows(saidOf(".phone-from"), "Ward 4")
		w.leads("#compose button.main", "Message")
		w.shows(state, "delivered")
		w.shows(holds("dl", "flash"), "yes")
		w.shows(holds("dl", "Ward 4"), "yes")
	})
	w.step("what is written for later waits, and is in the calendar of what waits", func() {
		w.open("/compose?to=0701234567&text=Later", "New message")
		tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format("2006-01-02")
		w.fill("at", tomorrow+"T09:30")
		w.leads("#compose button.main", "Message")
		w.shows(state, "scheduled")
		w.open("/scheduled", "To be sent later")
		w.shows(holds(".rows tbody", tomorrow), "yes")
	})
	w.step("what is sent stands in the list, whose states follow", func() {
		w.asks("POST", "/v1/links/cimd2/stop", "")
		w.open("/compose?to=0731112233&text=Wait", "New message")
		w.leads("#compose button.main", "Message")
		w.open("/sent", "Sent messages")
		w.eval(`window.walked = true; ""`)
		w.shows(saidOf(".rows tbody tr .state"), "waiting")
		w.asks("POST", "/v1/links/cimd2/start", "")
		w.shows(saidOf(".rows tbody tr .state")+` + " " + String(window.walked)`, "delivered true")
	})
	w.step("for an account with senders of its own", func() {
		w.asks("POST", "/v1/config/accounts", `{"name": "ward", "password": "ward-password", "senders": ["Ward", "Clinic"], "sender": "Ward", "rate": 10}`)
		w.open("/me", "Your account")
		w.fill("acting", "ward")
		w.leads(`form[action="/me/account"] button`, "New message")
		w.open("/compose?to=0701234567&text=Hi", "New message")
		w.shows(allOf("#from option"), "the usual one (Ward)|Ward|Clinic")
	})
	w.step("a pasted list is many chips, and asked about before it is sent", func() {
		w.open("/compose", "New message")
		w.eval(paste("to", numbersFrom(1000001, 1200)))
		w.shows(`String(document.querySelectorAll(".chosen li").length)`, "51")
		w.shows(holds(".chosen", "and 1150 more"), "yes")
		w.eval(in("text", "To many"))
		w.leads("#compose button.main", "Send this?")
		w.shows(holds(".large", "more than 1000 phones"), "yes")
		w.leads("button.main", "Sending")
	})
	w.step("the sending is paused, goes on, and is ended", func() {
		w.shows(`document.getElementById("progress").value > 0 ? "some" : ""`, "some")
		w.leads(`form[action$="/pause"] button`, "Sending")
		w.shows(state, "paused")
		w.leads(`form[action$="/resume"] button`, "Sending")
		w.shows(state, "being sent")
		w.leads(`.cancel button`, "Sending")
		w.shows(state, "ended by somebody")
		w.shows(`document.getElementById("progress").value < 1200 ? "fewer" : ""`, "fewer")
		w.open("/sendings", "Sendings to several")
		w.shows(holds(".rows tbody tr", "ended by somebody"), "yes")
	})
	w.step("outside of the hours the form says when it would leave", func() {
		hour := time.Now().UTC().Add(12 * time.Hour).Hour()
		w.asks("PATCH", "/v1/config/accounts/ward", fmt.Sprintf(`{"hours": {"times": ["%02d:00-%02d:30"], "zone": "UTC"}}`, hour, hour))
		w.open("/compose?to=0701234567&text=Hi", "New message")
		w.shows(holds(".leaves", fmt.Sprintf("%02d:00", hour)), "yes")
	})
}

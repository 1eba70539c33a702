package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWalkTalks answers what phones write, on the width of a phone: unread marks that others would see, a conversation line by line that
// goes on by itself, its case number, what is found by number, name, case and words.
func TestWalkTalks(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onPhone, `routes:
  - {to: "*", via: [smpp]}
series:
  - {name: visits, format: "V{n:3}"}
inbound:
  - {to: "*", account: demo, do: [{register: visits}]}
`)
	const last = `[...document.querySelectorAll(".bubbles li:last-child .bubble")].map((e) => e.textContent).join()`
	w.asks("POST", "/v1/contacts", `{"name": "Anna Berg", "mobile": "+46701234567"}`)
	w.step("nothing yet, and where it would come from", func() {
		w.open("/conversations", "Conversations")
		w.shows(holds(".empty", "What phones write to your numbers comes here."), "yes")
	})
	w.step("a phone writes: the list has it by itself, unread", func() {
		w.rest.becomes(w.rest.send("+46701234567", "How are you?", "from", "+46737494949"), "delivered")
		w.rest.replies("46701234567", "My <b>leg</b> hurts")
		w.shows(holds(".talks li.new", "Anna Berg +46701234567"), "yes")
		w.shows(holds(".talks li.new .last", "My <b>leg</b> hurts"), "yes")
		w.shows(`document.querySelector(".talks .badge").firstChild.textContent`, "1")
	})
	w.step("it is answered, and the phone goes on", func() {
		w.leads(".talks li.new a", "Anna Berg")
		w.shows(last, "My <b>leg</b> hurts")
		w.fill("text", "Come at nine")
		w.leads("#answer button.main", "Anna Berg")
		w.shows(last, "Come at nine")
		w.shows(saidOf(".bubbles li:last-child .state"), "delivered")
		if got := w.rest.phone("46701234567").Text; got != "Come at nine" {
			w.t.Errorf("the phone has %q", got)
		}
		w.eval(in("text", "Bring"))
		w.rest.replies("46701234567", "I come")
		w.shows(last, "I come")
		w.shows(`document.getElementById("text").value`, "Bring") // what is being typed stays
	})
	w.step("it is read then, and marked as unread again", func() {
		w.open("/conversations", "Conversations")
		w.shows(`String(document.querySelectorAll(".talks li").length) + document.querySelectorAll(".talks li.new").length`, "10")
		w.leads(".talks li a", "Anna Berg")
		w.leads(`form[action$="/seen"] button`, "Conversations")
		w.shows(`String(document.querySelectorAll(".talks li.new").length)`, "1")
		w.shows(`document.getElementById("unread").firstChild.textContent`, "1")
		w.open("/conversations?show=unread", "Conversations")
		w.shows(`String(document.querySelectorAll(".talks li").length)`, "1")
	})
	w.step("it is found by name, number, case number and words", func() {
		number := w.eval(`document.querySelector(".talks .last strong")?.textContent.split(" ")[1]`)
		if number == "" {
			w.t.Fatal("there is no case number")
		}
		for _, search := range []string{"anna", "070-123", number, "LEG"} {
			w.open("/conversations", "Conversations")
			w.fill("search", search)
			w.leads(".find button", "Conversations")
			w.shows(`new URLSearchParams(location.search).get("search") + document.querySelectorAll(".talks li").length`, search+"1")
		}
		w.open("/conversations?search=nowhere", "Conversations")
		w.shows(`String(document.querySelectorAll(".talks li").length)`, "0")
	})
}

// TestWalkDuty looks who is on duty, puts somebody in who stands in, and takes what nobody has answered, on the width of a screen.
func TestWalkDuty(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onScreen)
	for name, mobile := range map[string]string{"Anna": "+46701234567", "Bo": "+46731112233", "Eva": "+46707654321"} {
		w.asks("POST", "/v1/contacts", fmt.Sprintf(`{"name": %q, "mobile": %q}`, name, mobile))
	}
	today := time.Now().UTC()
	w.asks("POST", "/v1/config/rotas", fmt.Sprintf(`{"name": "ward4", "account": "demo", "zone": "UTC",
		"layers": [{"start": %q, "slots": [{"who": "contact:Anna"}]}], "exceptions": [{"from": %q, "until": %q, "for": "contact:Anna"}],
		"escalation": {"wait": "1h", "then": [{"who": "contact:Bo", "wait": "1h"}]}}`,
		today.AddDate(0, 0, -7).Format("2006-01-02"), today.AddDate(0, 0, 5).Format("2006-01-02"), today.AddDate(0, 0, 6).Format("2006-01-02")))
	w.step("who is on duty, and that there will be a gap", func() {
		w.open("/duty", "Who is on duty")
		w.shows(saidOf(".board .now"), "Anna")
		w.shows(saidOf(".board .alert"), "1 gap in the next four weeks")
		w.leads(`.board a[href="/duty/rota/ward4"]`, "ward4")
		w.shows(holds("main", "Gap: nobody is on duty"), "yes")
	})
	w.step("somebody stands in where the gap is, and now", func() {
		for _, days := range []int{5, 0} {
			w.presses("details:has(#who) summary")
			w.fill("who", "Nobody", "from", today.AddDate(0, 0, days).Format("2006-01-02T00:00"), "until", today.AddDate(0, 0, days+2).Format("2006-01-02T00:00"))
			w.leads(`form[action$="/swap"] button`, "ward4")
			w.shows(saidOf("details:has(#who)[open] .alert"), "There is no contact of the name Nobody.")
			w.fill("who", "Eva", "note", "Anna is ill")
			w.leads(`form[action$="/swap"] button`, "ward4")
			w.shows(`String(document.querySelector("details:has(#who)[open]"))`, "null")
		}
		w.shows(saidOf(".board .now"), "Eva")
		w.shows(`String(document.querySelector(".board .alert"))`, "null")
	})
	w.step("the calendar can be subscribed to", func() {
		address := w.eval(`document.querySelector("a[href*='/duty/calendar/']")?.getAttribute("href")`)
		if calendar, kind := w.gets(address); !strings.HasPrefix(kind, "text/calendar") || !strings.Contains(string(calendar), "Eva") {
			w.t.Errorf("%s\n%s", kind, calendar)
		}
	})
	w.step("a message to the rota asks, and is taken on the page", func() {
		w.open("/compose?to=rota:ward4&text=Bed+7+calls", "New message")
		w.shows(`document.querySelector(".chosen li").firstChild.textContent`, "ward4")
		w.leads("#compose button.main", "Message")
		w.open("/duty", "Who is on duty")
		w.shows(holds(".rows tbody tr", "Eva"), "yes")
		w.leads(`.rows form[action$="/take"] button`, "Who is on duty")
		w.shows(holds(".rows .taken", "demo"), "yes")
	})
	w.step("an exception is taken out again", func() {
		w.open("/duty/rota/ward4", "ward4")
		w.leads(`form[action$="/remove"] button`, "ward4")
		w.shows(saidOf(".board .now"), "Anna")
	})
}

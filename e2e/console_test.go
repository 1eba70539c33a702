package e2e

import (
	"fmt"
	"testing"
)

// TestConsole walks through the pages by which the server is operated, light and dark: the first one says in a sentence that all is
// well and shows what changes without being read again, a link is traced and stopped, a message is found and its story read.
func TestConsole(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	d := calmDemo(t)
	const (
		title  = `document.querySelector("h1")?.firstChild.textContent.trim()`
		wide   = `String(document.documentElement.scrollWidth <= innerWidth)`
		health = `document.querySelector("#c-health .health")?.className`
		taken  = `[...document.querySelectorAll("#l-state dt")].find((e) => e.textContent === "Taken")?.nextElementSibling.textContent`
		send   = `fetch("/compose", {method: "POST", body: new URLSearchParams({to: "0701234567", text: "Hej <b>du</b>", once: "%[1]d", act: "send"})})
			.then(() => { document.body.dataset.sent = "%[1]d" }); ""`
		sent = `document.body.dataset.sent`
	)
	b := d.signIn(1440, 900)
	b.shows(title, "New message")
	open := func(path, want string) {
		b.call("Page.navigate", map[string]any{"url": "http://" + d.http + path}, nil)
		b.shows(`location.pathname + location.search + " " + `+title, path+" "+want)
		b.shows(wide, "true")
	}

	open("/console", "How it is")
	b.shows(health, "health good")
	b.shows(`String(document.querySelectorAll("#c-point canvas").length)`, "1")
	b.shows(`String(document.querySelectorAll("#c-links tbody tr").length)`, "4")

	open("/console/links/smpp", "Link smpp")
	b.eval(click(`form[action$="/trace"] button`)) // the trace begins
	b.shows(`document.querySelector("#l-trace .state")?.textContent`, "on")
	before := b.eval(taken)
	b.eval(fmt.Sprintf(send, 1))
	b.shows(sent, "1")
	b.shows(`String(`+taken+` !== "`+before+`")`, "true") // without being read again
	b.shows(`String(document.querySelector("#l-trace code")?.textContent.length > 10)`, "true")
	b.eval(click(`form[action$="/stop"] button`))
	b.shows(`document.querySelector("#l-state .state")?.textContent`, "stopped")
	open("/console", "How it is")
	b.shows(health, "health wait")
	b.shows(`[...document.querySelectorAll("#c-links tr")].find((e) => e.textContent.startsWith("smpp"))?.querySelector(".state").textContent`, "stopped")
	b.eval(fmt.Sprintf(send, 2)) // by another link
	b.shows(sent, "2")           // or the browser would give it up when it leaves the page
	b.shows(`document.querySelector("#c-now dd")?.textContent === "0" ? "" : "counted"`, "counted")
	open("/console/links/smpp", "Link smpp")
	b.eval(click(`form[action$="/start"] button`))
	b.shows(`document.querySelector("#l-state .state")?.textContent`, "up")

	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	open("/console/messages?to=0701234567", "Messages")
	b.shows(`String(document.querySelectorAll(".rows tbody tr").length)`, "2")
	b.shows(`document.querySelector(".rows td.words")?.textContent`, "Hej <b>du</b>")
	b.eval(click(".rows tbody a"))
	b.shows(title, "Message")
	b.shows(`String(document.querySelectorAll(".story li").length > 3)`, "true")
	for path, want := range map[string]string{
		"/console/links": "Links", "/console/dead": "Not delivered", "/console/inbound": "From phones", "/console/inbound/explain": "Explain a message",
		"/console/queues": "Queues", "/console/owed": "Owed to customers", "/console/sessions": "Customers' sessions", "/console/webhooks": "Webhooks",
		"/console/webhooks/attempts": "Calls", "/console/webhooks/dead": "Given up", "/console/alarms": "Open alarms", "/console/events": "Events", "/console/nodes": "Servers",
	} {
		open(path, want)
		b.shows(`String(document.querySelector(".alert")?.textContent)`, "undefined")
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 780, "deviceScaleFactor": 1, "mobile": true}, nil)
	open("/console", "How it is")
}

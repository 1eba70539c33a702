package e2e

import (
	"fmt"
	"net/url"
	"strings"
)

// shownPage is a line of the web's table of pages, as it is opened. No at: it is no page, and why says what it is.
type shownPage struct {
	pattern string
	at      string    // address; {NAME} stands for the id of what the hostile site has of that name
	why     string    // it is no page that one opens
	marks   []string  // what has to be read there, as it was written
	fields  []string  // of an act: names and values of its form
	file    [2]string // name and content of a file in its form
	alike   bool      // made of the same template as one before, so that axe-core need not judge it
}

// everyPage is a line for each of web.Pages, and several where it shows several things; and those acts that answer with a page.
func everyPage() []shownPage {
	var pages []shownPage
	for _, part := range [][]shownPage{pagesOfPeople(), pagesOfWriting(), pagesOfBooks(), pagesOfConsole(), pagesOfSettings(), actsWithPages()} {
		pages = append(pages, part...)
	}
	return pages
}

// at is an address with names in it.
func at(format string, names ...string) string {
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = url.PathEscape(name)
	}
	return fmt.Sprintf(format, args...)
}

func pagesOfPeople() []shownPage {
	return []shownPage{
		{pattern: "GET /signin", at: "/signin"},
		{pattern: "GET /signin", at: "/signin?to=" + url.QueryEscape(evilLink)},
		{pattern: "GET /signin/code", at: "/signin/code"},
		{pattern: "GET /setup", at: "/setup?token=" + url.QueryEscape(evilTag)},
		{pattern: "GET /forgot", at: "/forgot"},
		{pattern: "GET /password", at: "/password?token=" + url.QueryEscape(evilTag)},
		{pattern: "GET /{$}", at: "/"},
		{pattern: "GET /web/{file}", why: "a style, a script or a picture"},
		{pattern: "GET /looks/{file}", why: "a style or a picture"},
		{pattern: "GET /me", at: "/me"},
		{pattern: "GET /second", at: "/second"},
		{pattern: "GET /console/users", at: "/console/users", marks: []string{evil("user")}},
		{pattern: "GET /console/users/{name}", at: at("/console/users/%s", evil("user")), marks: []string{evil("user")}},
		{pattern: "GET /console/new-user", at: "/console/new-user"},
	}
}

func pagesOfWriting() []shownPage {
	return []shownPage{
		{pattern: "GET /compose", at: "/compose", marks: []string{evil("template"), evil("group")}},
		{pattern: "GET /compose", at: at("/compose?to=%s&text=%s", evilTag, evilScript), marks: []string{evilScript}},
		{pattern: "GET /compose", at: "/compose?again={sent}", marks: []string{"text " + evilScript}},
		{pattern: "GET /compose/suggest", why: "read by a script"},
		{pattern: "GET /templates", at: "/templates", marks: []string{evil("template"), evilScript}, alike: true},
		{pattern: "GET /templates/new", at: "/templates/new", alike: true},
		{pattern: "GET /templates/{id}", at: "/templates/{template}", marks: []string{evil("template"), evilScript}},
		{pattern: "GET /scheduled", at: "/scheduled", marks: []string{"later " + evilScript, evil("reference"), evil("contact")}},
		{pattern: "GET /scheduled/{id}", at: "/scheduled/{scheduled}", marks: []string{"later " + evilScript, evil("contact")}},
		{pattern: "GET /sendings", at: "/sendings"},
		{pattern: "GET /sendings/{id}", at: "/sendings/{sending}"},
		{pattern: "GET /sent", at: "/sent", marks: []string{"text " + evilScript, evil("contact")}},
		{pattern: "GET /sent", at: at("/sent?reference=%s", evil("reference")), marks: []string{"text " + evilScript}},
		{pattern: "GET /sent", at: "/sent?to=12"},
		{pattern: "GET /sent/{id}", at: "/sent/{sent}", marks: []string{"text " + evilScript, evilSender, evil("reference")}},
		{pattern: "GET /sent/{id}", at: "/sent/{failed}", marks: []string{"text " + evilScript}},
		{pattern: "GET /sent/{id}", at: "/sent/{odd}", marks: []string{"text " + evilScript}},
		{pattern: "GET /duty", at: "/duty", marks: []string{evil("rota")}},
		{pattern: "GET /duty/rota/{name}", at: at("/duty/rota/%s", evil("rota")), marks: []string{evil("rota"), evil("layer")}},
		{pattern: "GET /duty/calendar/{user}/{name}/{mark}", why: "a calendar"},
		{pattern: "GET /conversations", at: "/conversations", marks: []string{evil("contact")}},
		{pattern: "GET /conversations", at: at("/conversations?search=%s", evilTag), marks: []string{evilTag}},
		{pattern: "GET /conversations/{number}", at: "/conversations/+46701234567", marks: []string{"in " + evilScript, "text " + evilScript, evil("contact")}},
		{pattern: "GET /reports", at: "/reports"},
		{pattern: "GET /reports/{report}", at: "/reports/traffic"},
		{pattern: "GET /reports/{report}", at: "/reports/costs", alike: true},
	}
}

// pagesOfBooks are those of the account's book and of the user's own.
func pagesOfBooks() (pages []shownPage) {
	for _, named := range [][2]string{{"", ""}, {"/own", "own "}} {
		book, name := named[0], named[1]
		own := book != ""
		contact, group := "{"+name+"contact}", "{"+name+"group}"
		pages = append(
			pages,
			shownPage{pattern: "GET " + book + "/contacts", at: book + "/contacts", marks: []string{evil(name + "contact"), evilScript}, alike: own},
			shownPage{pattern: "GET " + book + "/contacts/new", at: book + "/contacts/new?mobile=" + url.QueryEscape(evilTag), marks: []string{evilTag}, alike: own},
			shownPage{pattern: "GET " + book + "/contacts/import", at: book + "/contacts/import", alike: own},
			shownPage{pattern: "GET " + book + "/contacts/file/{form}", why: "a file"},
			shownPage{pattern: "GET " + book + "/contacts/duplicates", at: book + "/contacts/duplicates", marks: []string{evil(name + "contact")}, alike: own},
			shownPage{pattern: "GET " + book + "/contacts/{id}", at: book + "/contacts/" + contact, marks: []string{evil(name + "contact"), evilScript}, alike: own},
			shownPage{pattern: "GET " + book + "/groups", at: book + "/groups", marks: []string{evil(name + "group")}, alike: own},
			shownPage{pattern: "GET " + book + "/groups/new", at: book + "/groups/new", alike: own},
			shownPage{pattern: "GET " + book + "/groups/{id}", at: book + "/groups/" + group, marks: []string{evil(name + "group")}, alike: own},
		)
	}
	return pages
}

func pagesOfConsole() []shownPage {
	link := evil("link")
	return []shownPage{
		{pattern: "GET /console", at: "/console", marks: []string{link}},
		{pattern: "GET /console/live", why: "a stream"},
		{pattern: "GET /console/links", at: "/console/links", marks: []string{link}},
		{pattern: "GET /console/links/{name}", at: at("/console/links/%s", link), marks: []string{link}},
		{pattern: "GET /console/links/{name}", at: "/console/links/op2"},
		{pattern: "GET /console/links/{name}", at: "/console/links/op1", alike: true},
		{pattern: "GET /console/links/{name}/live", why: "a stream"},
		{pattern: "GET /console/messages", at: "/console/messages", marks: []string{"text " + evilScript, evilSender, evil("reference")}},
		{pattern: "GET /console/messages/{id}", at: "/console/messages/{odd}", marks: []string{"text " + evilScript}},
		{pattern: "GET /console/messages/{id}", at: "/console/messages/{sent}", marks: []string{evilScript}},
		{pattern: "GET /console/dead", at: "/console/dead"},
		{pattern: "GET /console/inbound", at: "/console/inbound", marks: []string{"in " + evilScript, "<b>1</b>"}},
		{pattern: "GET /console/inbound/{id}", at: "/console/inbound/{inbound}", marks: []string{"in " + evilScript}},
		{pattern: "GET /console/inbound/explain", at: "/console/inbound/explain"},
		{pattern: "GET /console/queues", at: "/console/queues"},
		{pattern: "GET /console/owed", at: "/console/owed"},
		{pattern: "GET /console/sessions", at: "/console/sessions"},
		{pattern: "GET /console/webhooks", at: "/console/webhooks"},
		{pattern: "GET /console/webhooks/attempts", at: "/console/webhooks/attempts", marks: []string{evilScript[:60]}},
		{pattern: "GET /console/webhooks/dead", at: "/console/webhooks/dead", marks: []string{evilScript[:60]}},
		{pattern: "GET /console/alarms", at: "/console/alarms"},
		{pattern: "GET /console/events", at: "/console/events"},
		{pattern: "GET /console/nodes", at: "/console/nodes"},
		{pattern: "GET /console/reports", at: "/console/reports", alike: true},
		{pattern: "GET /console/reports/{report}", at: "/console/reports/quality"},
		{pattern: "GET /console/reports/{report}", at: "/console/reports/accounts", alike: true},
		{pattern: "GET /console/reports/{report}", at: "/console/reports/response", alike: true},
		{pattern: "GET /console/reports/{report}", at: "/console/reports/availability", marks: []string{link}},
	}
}

func pagesOfSettings() (pages []shownPage) {
	for _, named := range [][2]string{{"rotas", evil("rota")}, {"connectors", evil("link")}, {"users", evil("user")}, {"maintenance", evil("work")}, {"schedules", evil("schedule")}} {
		kind, name := named[0], named[1]
		pages = append(
			pages,
			shownPage{pattern: "GET /console/settings/{kind}", at: "/console/settings/" + kind, marks: []string{name}, alike: kind != "rotas"},
			shownPage{pattern: "GET /console/settings/{kind}/{name}", at: at("/console/settings/"+kind+"/%s", name), marks: []string{name}, alike: kind != "rotas"},
		)
	}
	return append(pages, []shownPage{
		{pattern: "GET /console/settings", at: "/console/settings"},
		{pattern: "GET /console/settings/{kind}", at: "/console/settings/alarms"},
		{pattern: "GET /console/settings/{kind}", at: "/console/settings/rotas?new"},
		{pattern: "GET /console/settings/{kind}/{name}", at: "/console/settings/accounts/" + account, marks: []string{evil("person")}, alike: true},
		{pattern: "GET /console/routes", at: "/console/routes", marks: []string{evil("route")}},
		{pattern: "GET /console/routes/{name}", at: at("/console/routes/%s", evil("route")), marks: []string{evilTag}},
		{pattern: "GET /console/inbound-rules", at: "/console/inbound-rules", marks: []string{evil("rule")}},
		{pattern: "GET /console/inbound-rules/{name}", at: at("/console/inbound-rules/%s", evil("rule")), marks: []string{evilScript}},
		{pattern: "GET /console/notices", at: "/console/notices", marks: []string{evil("notice")}},
		{pattern: "GET /console/notices/{name}", at: at("/console/notices/%s", evil("notice")), marks: []string{evilNotice}},
		{pattern: "GET /console/dry-run", at: at("/console/dry-run?try.to=%s&try.text=%s&try.account=acme", "+46701234567", evilScript), marks: []string{evilScript}},
		{pattern: "GET /console/audit", at: "/console/audit", marks: []string{evil("link")}},
		{pattern: "GET /console/looks", at: "/console/looks"},
		{pattern: "GET /console/accounts", at: "/console/accounts", marks: []string{evilAccount, evil("person")}},
		{pattern: "GET /console/accounts/{name}", at: at("/console/accounts/%s", evilAccount), marks: []string{evilAccount, evil("person")}},
		{pattern: "GET /console/accounts/{name}", at: "/console/accounts/" + account, marks: []string{evil("person"), evilScript, evil("user")}},
		{pattern: "GET /console/keys", at: "/console/keys", marks: []string{account + ":" + evilTag, evilScript}},
		{pattern: "GET /console/lists", at: "/console/lists", marks: []string{evil("list")}},
		{pattern: "GET /console/lists/{name}", at: at("/console/lists/%s", evil("list")), marks: []string{evil("list"), evilScript}},
		{pattern: "GET /console/optouts", at: "/console/optouts"},
		{pattern: "GET /console/optouts/phone", at: "/console/optouts/phone?phone=%2B46709990002&account=acme"},
		{pattern: "GET /console/prices", at: "/console/prices", marks: []string{evil("prices")}},
		{pattern: "GET /", at: "/console/nothing"},
	}...)
}

// actsWithPages are acts that show a page in place of leading to one: what was typed, and what a file has, stands on it.
func actsWithPages() []shownPage {
	sheet := [2]string{`list"><img src=x onerror=hit(8)>.csv`, "Xa;Tel;" + evilTag + "\n" + evilScript + ";070-123 45 67;" + evilScript + "\nEva;12" + evilTag + ";x\n"}
	return []shownPage{
		{pattern: "POST /compose", at: "/compose", fields: []string{"to", evilTag, "text", evilScript, "act", "send", "once", "1"}, marks: []string{evilScript}},
		{pattern: "POST /compose", at: "/compose", fields: []string{"to", "group:" + evil("group"), "text", strings.Repeat(evilScript, 100), "act", "send", "once", "2"}, marks: []string{evilScript}},
		{pattern: "POST /compose", at: "/compose", fields: []string{"template", evil("template"), "act", "template", "to", "", "text", ""}, marks: []string{evilScript}},
		{pattern: "POST /compose", at: "/compose", fields: []string{"find", "contact", "act", "find", "to", "", "text", ""}, marks: []string{evil("contact")}},
		{pattern: "POST /compose/file", at: "/compose/file", fields: []string{"to", "", "text", "Hi {xa}", "once", "3"}, file: sheet, marks: []string{strings.ReplaceAll(sheet[0], `"`, "%22"), evilScript, "12" + evilTag}},
		{pattern: "POST /contacts/import", at: "/contacts/import", fields: []string{"group", evilTag, "repeats", "change"}, file: sheet},
		{pattern: "POST /console/inbound/explain", at: "/console/inbound/explain", fields: []string{"from", "+46701234567", "to", service, "text", "<b> " + evilScript}, marks: []string{evilScript}},
		{pattern: "POST /console/settings/{kind}", at: "/console/settings/lists", fields: []string{"name", evilTag, "kind", evilTag}},
		{pattern: "POST /console/links/{name}/test", at: at("/console/links/%s/test", evil("link"))},
		{pattern: "POST /console/optouts/phone", at: "/console/optouts/phone", fields: []string{"phone", evilTag, "account", account}},
		{pattern: "POST /console/new-user", at: "/console/new-user", fields: []string{"name", evilTag, "role", "x", "mail", evilTag}, marks: []string{evilTag}},
		{pattern: "POST /contacts/new", at: "/contacts/new", fields: []string{"name", evil("wrong"), "mobile", evilTag}, marks: []string{evil("wrong"), evilTag}},
	}
}

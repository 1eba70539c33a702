package e2e

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// pick chooses in a field with a choice.
func (w *walk) pick(id, value string) {
	w.t.Helper()
	w.shows(`(() => { const f = document.getElementById("`+id+`"); if (!f) return "no field"; f.value = "`+value+`"; return f.value })()`, value)
}

// TestWalkSettings sets up what an administrator does, on the width of a screen: routes and inbound rules in their order with a dry run
// beside the form, number lists, opt-outs, price lists, an account with a balance, its limits, keys and contacts, and notices; what stands
// in the server's file is shown as such, and the audit has every change.
func TestWalkSettings(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onScreen, `inbound:
  - {keyword: stop, to: "*", account: demo}
`)
	const save = `button[name=":save"]`
	w.step("what stands in the file is shown with its place, and cannot be changed", func() {
		w.open("/console/settings/accounts/demo", "Accounts: demo")
		w.shows(holds(".note", "kurir.yaml"), "yes")
		w.shows(`String(document.querySelector('button[name=":save"]'))`, "null")
		w.shows(`document.getElementById("f-password").value.includes("old") ? "shown" : "hidden"`, "hidden")
	})
	w.step("a route with a mistake first, and tried before it is saved", func() {
		w.open("/console/routes?new", "Routes: new")
		w.fill("f-name", "swedes", "f-to", "+46*", "f-via", "nolink")
		w.leads(save, "Routes: new")
		w.shows(holds("#f-via-wrong", `no connector is named "nolink"`), "yes")
		w.fill("f-via", "smpp\nucp", "try-to", "+46790000001", "try-text", "Hej")
		w.leads(`button[name=":try"]`, "Routes: new")
		w.shows(saidOf(".whys .matched strong"), "swedes")
		w.shows(holds("#dry-result .plainlist", "ucp"), "yes")
		w.shows(`document.getElementById("f-via").value`, "smpp\nucp") // what was typed stays
		w.leads(save, "Routes")
	})
	w.step("another route, moved before the first, which a dry run then shows", func() {
		w.open("/console/routes?new", "Routes: new")
		w.fill("f-name", "mobiles", "f-to", "+4670*", "f-via", "ucp")
		w.leads(save, "Routes")
		w.leads(`form[action="/console/routes/mobiles/up"] button`, "Routes")
		w.shows(allOf("tbody td:first-child"), "mobiles|swedes")
		w.open("/console/dry-run?try.to=0701234567&try.text=Hej", "Dry run")
		w.shows(saidOf(".whys .matched strong"), "mobiles")
	})
	w.step("an inbound rule is made, moved and tried beside its form", func() {
		w.open("/console/inbound-rules?new", "Inbound rules: new")
		w.fill("f-own", "help", "f-to", "*", "f-keyword", "help", "f-account", "demo")
		w.leads(save, "Inbound rules")
		w.open("/console/inbound-rules/help", "Inbound rules: help")
		w.fill("try-to", "+46737494949", "try-from", "0701234567", "try-text", "help me")
		w.leads(`button[name=":try"]`, "Inbound rules: help")
		w.shows(holds("#dry-result", "demo"), "yes")
		w.open("/console/inbound-rules", "Inbound rules")
		w.shows(holds("main", "kurir.yaml"), "yes")
	})
	w.step("a number list takes a pasted list, finds one and gives one back", func() {
		w.open("/console/settings/lists?new", "Number lists: new")
		w.fill("f-name", "blocked", "f-kind", "block", "f-of", "to")
		w.leads(save, "Number lists")
		w.open("/console/lists/blocked", "Number list blocked")
		w.fill("entries", "+46701111111\n070-111 11 12\n+4670222*")
		w.leads(`button[name=do][value=add]`, "Number list blocked")
		w.shows(`String(document.querySelectorAll("tbody tr").length)`, "3")
		w.fill("find", "0701111112")
		w.leads(`form[method=get] button`, "Number list blocked")
		w.shows(holds("[role=status]", "Yes, by the entry"), "yes")
		w.leads(`.rowacts button`, "Number list blocked")
		w.shows(`String(document.querySelectorAll("tbody tr").length)`, "2")
	})
	w.step("a phone is opted out and in again", func() {
		w.asks("POST", "/v1/config/accounts", `{"name": "patients", "password": "patients-password", "opt_out": {}}`)
		w.open("/console/optouts/phone", "A phone")
		w.fill("phone", "070-111 11 13")
		w.pick("account", "patients")
		w.leads(`form[method=get] button.main`, "A phone")
		w.leads(`button[name=do][value=out]`, "A phone")
		w.open("/console/optouts", "Opt-outs")
		w.shows(holds("tbody tr", "+46701111113"), "yes")
		w.leads("tbody a", "A phone")
		w.leads(`button[name=do][value=in]`, "A phone")
	})
	w.step("a price list, and an account with a balance that it is taken from", func() {
		w.open("/console/settings/prices?new", "Price lists: new")
		w.fill("f-name", "std", "f-currency", "EUR", "f-csv", "destination,price\n*,0.05\n")
		w.leads(save, "Price lists")
		w.open("/console/prices", "Prices")
		w.shows(holds("tbody tr", "0.05"), "yes")
		w.open("/console/settings/accounts?new", "Accounts: new")
		w.fill("f-name", "shop", "f-password", "shop-password", "f-prices", "std")
		w.presses("#f-balance-set")
		w.leads(save, "Accounts")
		w.asks("PATCH", "/v1/config/accounts/shop", `{"limits": {"messages": {"day": 5}}, "contacts": [{"name": "Karin <b>", "kind": "technical", "phone": "+46701234567"}], "senders": ["Shop"]}`)
		w.open("/console/accounts/shop", "Account shop")
		w.fill("amount", "100,50")
		w.leads(`form[action$="/topup"] button`, "Account shop")
		w.shows(holds(".figure", "100.50 EUR"), "yes")
		w.shows(holds("#money", "0 / 5"), "yes")
		w.shows(holds(".people", "Karin <b>"), "yes")
		w.shows(saidOf("td.number"), "100.50")
	})
	w.step("a key is made and shown once, and revoked after a question", func() {
		w.leads(`form[action$="/keys"] button`, "Account shop")
		w.shows(`document.getElementById("made-key")?.textContent.slice(0, 6)`, "kurir_")
		key := w.eval(`document.getElementById("made-key").textContent`)
		shop := &rest{t: w.t, base: w.rest.base, key: key, client: w.rest.client}
		if status, _ := shop.get("/v1/messages"); status != 200 {
			w.t.Errorf("the key: %d", status)
		}
		w.open("/console/keys", "API keys")
		w.shows(`document.querySelector("form[action$='/revoke']").closest("details").open ? "open" : "closed"`, "closed")
		w.presses(`td details summary`)
		w.leads(`td form[action$="/revoke"] button`, "API keys")
		if status, _ := shop.get("/v1/messages"); status != 401 {
			w.t.Errorf("the key that was revoked: %d", status)
		}
	})
	w.step("contacts of a link", func() {
		w.asks("POST", "/v1/config/connectors", `{"name": "op", "kind": "smpp", "hosts": ["127.0.0.1:9"], "system_id": "a", "password": "link-password", "contacts": [{"name": "Night desk", "kind": "technical", "phone": "+46701234567"}]}`)
		w.open("/console/links/op", "Link op")
		w.shows(holds("main", "Night desk"), "yes")
	})
	w.step("a notice with start and end stands on all pages, and goes", func() {
		w.open("/console/notices?new", "Notices: new")
		now := time.Now() // the browser has the clock and the zone of the test
		const picked = "2006-01-02T15:04"
		w.fill("f-name", "night", "f-text", "Late <b>tonight</b>", "f-start", now.Add(-time.Hour).Format(picked), "f-end", now.Add(time.Hour).Format(picked))
		w.pick("f-kind", "warning")
		w.leads(save, "Notices")
		w.open("/compose", "New message")
		w.shows(`document.querySelector(".notice.warning")?.lastChild.textContent.trim()`, "Late <b>tonight</b>")
		w.open("/console/notices/night", "Notices: night")
		w.fill("f-end", now.Add(-time.Minute).Format(picked))
		w.leads(save, "Notices: night")
		w.shows(`String(document.querySelector(".notice"))`, "null")
		w.presses("details.sure summary")
		w.leads(`form[action$="/delete"] button`, "Notices")
		w.shows(saidOf(".empty"), "There is nothing here.")
	})
	w.step("the audit has each change with its fields", func() {
		w.open("/console/audit?noun=notices", "Changes")
		w.shows(holds("tbody tr", "deleted"), "yes")
		w.shows(holds("tbody", "demo/demo"), "yes")
		if table, _ := w.gets("/console/audit?export=csv"); bytes.Contains(table, []byte("link-password")) || bytes.Contains(table, []byte("shop-password")) {
			w.t.Error("the audit has passwords")
		}
	})
	w.step("who manages the shop finds there what was changed of it, before and after, and nothing that is others'", func() {
		w.asks("PATCH", "/v1/config/accounts/shop", `{"senders": ["Shop", "Bargains"]}`)
		w.asks("POST", "/v1/config/users", `{"name": "boss", "account": "shop", "role": "manager", "password": "correcthorse"}`)
		w.leads(".who button", "Sign in")
		w.fill("name", "boss", "password", "correcthorse")
		w.leads("button.main", "New message")
		w.open("/console/users", "Users")
		w.leads(`a[href="/console/audit"]`, "Changes")
		w.shows(holds("tbody", "senders: Shop → Shop, Bargains"), "yes")
		w.shows(holds("tbody", "boss"), "yes")
		for _, others := range []string{"night", "mobiles", "swedes", "patients", "blocked", "std"} {
			w.shows(fmt.Sprintf(`String([...document.querySelectorAll("tbody td")].some((cell) => cell.textContent.includes(%q)))`, others), "false")
		}
		w.open("/console/audit?name=night", "Changes")
		w.shows(saidOf(".empty"), "Nothing is as asked for.")
	})
}
